"""Has Django take psycopg2, which is the gateway's, also where psycopg 3 is installed, which it prefers."""

from __future__ import annotations

import importlib.abc
import sys
from importlib.machinery import PathFinder
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

_CHOOSERS = ("django.db.backends.postgresql.base", "django.db.backends.postgresql.psycopg_any")
_MISSING: Any = None  # in sys.modules it stands for a module that is not there


class _Finder(importlib.abc.MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Gives the specs of those modules."""
        spec = PathFinder.find_spec(fullname, path, target) if fullname in _CHOOSERS else None
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader)
        return spec


class _Loader(importlib.abc.Loader):
    def __init__(self, plain: importlib.abc.Loader) -> None:
        self._plain = plain

    def exec_module(self, module: ModuleType) -> None:
        """Runs the module as if psycopg 3 were not there."""
        known = sys.modules.get("psycopg", self)
        sys.modules["psycopg"] = _MISSING
        try:
            self._plain.exec_module(module)
        finally:
            if known is self:
                del sys.modules["psycopg"]
            else:
                sys.modules["psycopg"] = known  # type: ignore[assignment]


def install() -> None:
    """Watches for Django's modules that choose; once."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())
