"""Which module imports which: what a schema reaches, whatever else was loaded before it."""

from __future__ import annotations

import builtins
import importlib
import importlib.util
import inspect
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

_imports: dict[str, dict[str, None]] = {}
"""By the name of the module that imports; a dict keeps the order."""
_plain_import: Any = builtins.__import__
_plain_import_module: Any = importlib.import_module


@contextmanager
def noted() -> Generator[None]:
    """Notes imports while it lasts, those of modules that are there already, too."""
    _imports.clear()
    builtins.__import__ = _import
    importlib.import_module = _import_module
    try:
        yield
    finally:
        builtins.__import__ = _plain_import
        importlib.import_module = _plain_import_module


def reached_from(module: str) -> dict[str, int]:
    """Gives the modules that one reaches by imports, itself too, each with its place in the order in which it does.

    Example:
        >>> reached_from("schema")  # doctest: +SKIP
        {"schema": 0, "posts": 1, "common": 2}
    """
    found = {module: 0}
    waiting = [module]
    for name in waiting:
        for imported in _imports.get(name, ()):
            if imported not in found:
                found[imported] = len(found)
                waiting.append(imported)
    return found


def _import(name: str, scope: Any = None, names: Any = None, fromlist: Any = (), level: int = 0) -> Any:
    module = _plain_import(name, scope, names, fromlist, level)
    package = (scope or {}).get("__package__") or ""
    whole = importlib.util.resolve_name("." * level + name, package) if level and package else name
    imported = [whole]
    for item in fromlist or ():
        imported += [f"{whole}.{part}" for part in (getattr(module, "__all__", ()) if item == "*" else (item,))]
    _note(imported)
    return module


def _import_module(name: str, package: str | None = None) -> Any:
    module = _plain_import_module(name, package)
    _note([module.__name__])
    return module


def _note(names: Iterable[str]) -> None:
    """Counts imports for the module whose top level runs: it may have called a function of another that imports."""
    frame = inspect.currentframe()
    while frame is not None and frame.f_code.co_name != "<module>":
        frame = frame.f_back
    if frame is None:
        return
    known = _imports.setdefault(frame.f_globals.get("__name__", ""), {})
    for name in names:
        parts = name.split(".")
        for end in range(1, len(parts) + 1):  # a package is imported before what is in it
            prefix = ".".join(parts[:end])
            if prefix in sys.modules:
                known[prefix] = None
