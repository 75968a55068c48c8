"""Schemas that a test writes, described and resolved as the gateway has it done."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import psycopg2.extensions
import pytest
from puff._resolve.resolving import resolve_call
from puff._schema import imports
from puff._schema.describe import describe_schema
from puff._serve.loading import load_class
from puff._wire.given import load_batch

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping
    from pathlib import Path

    from puff._schema.runtime import RuntimeSchema

IMPORTS = """
import datetime, decimal, enum, typing, uuid
from collections.abc import AsyncIterable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Dict, List, Literal, NewType, Optional, Tuple, Union
from puff import graphql
from puff.graphql import ID, JSON, BigInt, Context, EmptyObject, Plan, sql
"""


@dataclass
class Loaded:
    """A schema."""

    description: dict[str, Any]
    runtime: RuntimeSchema

    def type(self, name: str) -> dict[str, Any]:
        """Gives the description of one type."""
        return next(named for named in self.description["types"] if named["name"] == name)

    def resolve(self, field: str = "Query.it", **call: object) -> dict[str, Any]:
        """Calls one resolver with what crosses the bridge, and gives what crosses it back."""
        whole = {"field": field, "args": {}, "parents": "root", "selection": None, **call}
        return json.loads(json.dumps(resolve_call(self.runtime, load_batch(json.dumps(whole)), None, None)))


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Callable[..., Loaded]]:
    """Writes files into a folder, stands there, and loads the schema that a spec names; a text is `schema.py`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))

    def load(files: str | Mapping[str, str], spec: str = "schema.py", *, camel_case: bool = False) -> Loaded:
        forget(tmp_path)
        for path, text in ({"schema.py": IMPORTS + files} if isinstance(files, str) else files).items():
            file = tmp_path / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        with imports.noted():
            cls, module = load_class(spec)
            description, runtime = describe_schema(cls, camel_case, imports.reached_from(module))
        return Loaded(json.loads(json.dumps(description)), runtime)

    yield load
    forget(tmp_path)


@pytest.fixture(scope="session")
def library() -> None:
    """Sets Django up with the app `library`."""
    sys.modules.setdefault("psycopg", cast("Any", None))  # Django would prefer it to psycopg2
    import django.db
    from django.conf import settings

    settings.configure(
        DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "default"}},
        INSTALLED_APPS=["django.contrib.postgres", "library"],
        USE_TZ=True,
        TIME_ZONE="UTC",
    )
    registered = (psycopg2.extensions.adapters, psycopg2.extensions.string_types)
    before = [dict(known) for known in registered]
    django.setup()
    _ = django.db.connections["default"]
    for known, those in zip(registered, before, strict=True):
        known.clear()  # Django registers its own, and other tests look at psycopg2's
        known.update(those)


def forget(folder: Path) -> None:
    """Forgets the modules of a folder."""
    for name, module in list(sys.modules.items()):
        if (getattr(module, "__file__", None) or "").startswith(str(folder)):
            del sys.modules[name]
