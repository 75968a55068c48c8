"""Says so when a package has compiled code that Pyodide can't load, where Python would say that a module is missing."""

from __future__ import annotations

import importlib.abc
import os
import re
import sys
from importlib.machinery import EXTENSION_SUFFIXES, ModuleSpec
from typing import TYPE_CHECKING

from puff._types.source import show_place

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType


class CompiledPackageError(ModuleNotFoundError):
    """A package has compiled code for another Python than this. Packages that have a fallback take it."""


class CompiledFinder(importlib.abc.MetaPathFinder):
    """The last finder: what it is asked for was found by no other."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,  # noqa: ARG002  # the protocol's
    ) -> ModuleSpec | None:
        """Raises CompiledPackageError where there is an extension module of this name.

        Args:
            fullname: The module's name with its packages.
            path: The package's folders; None for a module outside of packages.
            target: Not used.

        Returns:
            None: the module is not there.
        """
        is_extension = re.compile(rf"{re.escape(fullname.rpartition('.')[2])}(\.[\w-]+)*\.(so|pyd|dylib)$").match
        for folder in sys.path if path is None else path:
            try:
                names = os.listdir(folder or ".")
            except OSError:
                continue
            for name in names:
                if is_extension(name) and not any(name.endswith(suffix) for suffix in _LOADABLE):
                    raise CompiledPackageError(_sentence(fullname, os.path.join(folder, name)))
        return None


_LOADABLE = tuple(suffix for suffix in EXTENSION_SUFFIXES if "-" in suffix)


def compiled_package(error: BaseException) -> str | None:
    """Gives the sentence for an import that failed on compiled code; None for another.

    Files named `.abi3.so` or `.so` are found by Pyodide itself, which then can't load them.
    """
    if isinstance(error, CompiledPackageError):
        return str(error)
    if isinstance(error, ImportError) and error.name and error.path and error.path.endswith(".so"):
        return _sentence(error.name, error.path)
    return None


def _sentence(name: str, file: str) -> str:
    return f"package {name.partition('.')[0]} has compiled code ({show_place(file, None)}), which Pyodide can't load"


def install() -> None:
    """Puts the finder at the end of `sys.meta_path`, once."""
    if not any(isinstance(finder, CompiledFinder) for finder in sys.meta_path):
        sys.meta_path.append(CompiledFinder())
