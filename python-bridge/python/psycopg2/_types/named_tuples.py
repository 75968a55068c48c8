"""Named tuples of columns, whose names need not be Python's."""

from __future__ import annotations

import re
from collections import namedtuple
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

_NOT_A_NAME = re.compile(r"\W")


def make_named_tuple(name: str, fields: Iterable[str]) -> Any:
    """A class of named tuples: other characters become `_`, and `f` stands before what could not begin a name.

    Raises:
        ValueError: Two fields have the same name, or one has a keyword's.
    """
    kept = [clean_name(field) for field in fields]
    return namedtuple(clean_name(name), kept, module="psycopg2.extras")  # noqa: PYI024 - its fields are known now only  # pyright: ignore[reportUntypedNamedTuple]


def clean_name(name: str) -> str:
    """A name that Python takes for a field."""
    clean = _NOT_A_NAME.sub("_", name)
    return "f" + clean if clean[:1] == "_" or clean[:1].isdigit() else clean
