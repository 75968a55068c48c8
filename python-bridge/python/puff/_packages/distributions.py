"""Which installed package a compiled file belongs to, as the files that pip leaves tell."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_WASM = b"\0asm"


def is_foreign(file: str) -> bool:
    """Tells whether a library is compiled for something other than WebAssembly."""
    try:
        with open(file, "rb") as library:
            return library.read(len(_WASM)) != _WASM
    except OSError:
        return False


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
        if any(file.endswith(".pyd") or is_foreign(os.path.join(folder, file)) for file in files):
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
