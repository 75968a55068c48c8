"""Which modules are the user's."""

from __future__ import annotations

import os
import sys
import sysconfig
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType

_LIBRARIES = tuple(
    path + os.sep for name in ("stdlib", "platstdlib") if (path := sysconfig.get_paths().get(name)) is not None
)
PACKAGE = os.path.dirname(os.path.dirname(__file__)) + os.sep
"""The folder of this package, whose files are not the user's."""


def user_modules() -> list[ModuleType]:
    """Gives the imported modules that are neither Python's, nor installed packages, nor this package."""
    return [module for module in list(sys.modules.values()) if user_file(module) is not None]


def user_file(module: ModuleType) -> str | None:
    """Gives a module's file where it is the user's."""
    file = getattr(module, "__file__", None)
    if not isinstance(file, str) or not file.endswith(".py") or file.startswith((PACKAGE, *_LIBRARIES)):
        return None
    return None if is_installed(file) else os.path.abspath(file)


def is_installed(path: str) -> bool:
    """Tells whether a file or folder is that of an installed package."""
    parts = path.replace("\\", "/").split("/")
    return "site-packages" in parts or "dist-packages" in parts or any(part.endswith(".zip") for part in parts)
