"""Which installed package a compiled file belongs to, as the files that pip leaves tell."""

from __future__ import annotations

import os
import re
from importlib.machinery import EXTENSION_SUFFIXES
from typing import TYPE_CHECKING

from puff._runtime.suspending import IN_PYODIDE

if TYPE_CHECKING:
    from collections.abc import Iterator

_WASM = b"\0asm"
_SUFFIXES = tuple(EXTENSION_SUFFIXES)


def is_foreign(file: str) -> bool:
    """Tells whether a library is compiled for something other than this Python: for WebAssembly, or not."""
    try:
        with open(file, "rb") as library:
            is_wasm = library.read(len(_WASM)) == _WASM
    except OSError:
        return False
    return not is_wasm if IN_PYODIDE else is_wasm or not file.endswith(_SUFFIXES)


def distribution_of(file: str) -> str | None:
    """Gives the name under which the package with this file was installed; None: it was not."""
    folder = os.path.dirname(file)
    while folder != os.path.dirname(folder):
        path = os.path.relpath(file, folder).replace(os.sep, "/")
        for name, record in _records(folder):
            if re.search(rf"^{re.escape(path)},", record, re.MULTILINE):
                return name
        folder = os.path.dirname(folder)
    return None


def foreign_libraries(folder: str) -> Iterator[str]:
    """Gives the packages in a folder that have such libraries."""
    for name, record in _records(folder):
        files = re.findall(r"^([^,\n]+\.(?:so|pyd|dylib)),", record, re.MULTILINE)
        if any(is_foreign(os.path.join(folder, file)) for file in files):
            yield name


def _records(folder: str) -> Iterator[tuple[str, str]]:
    try:
        names = [name for name in os.listdir(folder) if name.endswith(".dist-info")]
    except OSError:
        return
    for name in names:
        try:
            with open(os.path.join(folder, name, "RECORD"), encoding="utf-8") as record:
                yield name.partition("-")[0].replace("_", "-").lower(), record.read()
        except OSError:
            continue
