"""Says so when a package has compiled code that this Python can't load, where Python says that a module is missing."""

from __future__ import annotations

import importlib.abc
import os
import re
import sys
from functools import cached_property
from importlib.machinery import EXTENSION_SUFFIXES, ExtensionFileLoader, ModuleSpec, PathFinder
from typing import TYPE_CHECKING, Any

from puff._packages.distributions import distribution_of, foreign_libraries, is_foreign
from puff._packages.remedies import remedy_for
from puff._runtime.suspending import ENGINE, IN_PYODIDE
from puff._types.source import show_place

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from types import ModuleType


class CompiledPackageError(ModuleNotFoundError):
    """A package has compiled code for another Python than this. Packages that have a fallback take it."""

    def __init__(self, module: str, file: str) -> None:
        # Without `name`: `from package import module` would pass over an error that names the module.
        super().__init__(path=file)
        self.module = module
        self._file = file
        _refused[file] = self

    @cached_property
    def package(self) -> str:
        """The name under which it was installed; that of the module where it was not."""
        return distribution_of(self._file) or self.module.partition(".")[0]

    @property
    def sentence(self) -> str:
        """What is wrong."""
        return f"package {self.package} has compiled code ({show_place(self._file, None)}), which {ENGINE} can't load"

    @property
    def remedy(self) -> str:
        """What to do."""
        return remedy_for(self.package)

    def __str__(self) -> str:
        return f"{self.sentence}. {self.remedy} [PUFF_COMPILED_PACKAGE]"


_refused: dict[str, CompiledPackageError] = {}
"""Packages that were asked for, by their files: who asked may have caught the error and told another."""


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
        file = _find_library(fullname, sys.path if path is None else path)
        if file is not None:
            raise CompiledPackageError(fullname, file)
        return None


def _find_library(fullname: str, folders: Iterable[str]) -> str | None:
    is_extension = re.compile(rf"{re.escape(fullname.rpartition('.')[2])}(\.[\w-]+)*\.(so|pyd|dylib)$").match
    for folder in folders:
        try:
            names = os.listdir(folder or ".")
        except OSError:
            continue
        for name in names:
            if is_extension(name) and not any(name.endswith(suffix) for suffix in _LOADABLE):
                return os.path.join(folder, name)
    return None


_LOADABLE = tuple(suffix for suffix in EXTENSION_SUFFIXES if "-" in suffix)


def compiled_package(error: BaseException) -> CompiledPackageError | None:
    """Gives what compiled code an import failed on, also where a package tells it in its own words; None: on none."""
    if isinstance(error, CompiledPackageError):
        return error
    if not isinstance(error, ImportError) and type(error).__name__ not in _CHECKS:
        return None
    text = str(error)
    return next((one for one in reversed(_refused.values()) if _is_about(text, one)), None)


_CHECKS = ("SystemCheckError", "ImproperlyConfigured")
"""Django's errors for what is not installed: an ImageField's check asks for Pillow."""


def _is_about(text: str, refused: CompiledPackageError) -> bool:
    package, module = re.escape(refused.package), re.escape(refused.module.partition(".")[0])
    return re.search(rf"(?<![\w-]){package}(?![\w-])|'{module}['.]", text, re.IGNORECASE) is not None


def survey() -> list[dict[str, str]]:
    """Gives the installed packages with compiled code for another Python, each with a remedy."""
    found = {package: None for folder in sys.path for package in foreign_libraries(folder)}
    return [{"package": package, "remedy": remedy_for(package)} for package in sorted(found)]


def install() -> None:
    """Puts the finder at the end of `sys.meta_path`, once, and has Python's own refuse the files it would open."""
    if any(isinstance(finder, CompiledFinder) for finder in sys.meta_path):
        return
    sys.meta_path.append(CompiledFinder())
    if not IN_PYODIDE:
        return
    loader: Any = ExtensionFileLoader
    plain_create = loader.create_module
    plain_find = PathFinder.find_spec

    def create_module(self: Any, spec: ModuleSpec) -> ModuleType:
        # Python finds `.abi3.so` and `.so` whatever they were compiled for.
        if is_foreign(self.path):
            raise CompiledPackageError(spec.name, self.path)
        return plain_create(self, spec)

    def find_spec(
        _cls: type, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        spec = plain_find(fullname, path, target)
        # A folder with a library's stubs alone would pass for a namespace package.
        if spec is not None and spec.loader is None and spec.submodule_search_locations is not None:
            file = _find_library(fullname, [os.path.dirname(folder) for folder in spec.submodule_search_locations])
            if file is not None:
                raise CompiledPackageError(fullname, file)
        return spec

    loader.create_module = create_module
    # A class's method, as it was: pytest has it among the attributes of a class of its own.
    PathFinder.find_spec = classmethod(find_spec)  # type: ignore[method-assign,assignment]
