"""Keeps what Python compiles: a module whose text was compiled before is not compiled again, wherever it lies.

Native Python does that by files beside the sources, which the gateway never writes, and which are those of another
version of Python in most virtual environments. Here the host keeps it by the text itself, so that it is never stale.
"""

from __future__ import annotations

import hashlib
import importlib
import marshal
import zipimport
from importlib.machinery import SourceFileLoader
from importlib.util import MAGIC_NUMBER
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType

_set_path: Callable[[CodeType, str], None] = importlib.import_module("_imp")._fix_co_filename
_loader: Any = SourceFileLoader
_zip: Any = zipimport
_compile_text = _loader.source_to_code
_compile_zipped = _zip._compile_source


def install() -> None:
    """Has imports of files and of the standard library's archive take what is kept."""
    _loader.source_to_code = _source_to_code
    _zip._compile_source = _compile_source


def _source_to_code(self: Any, data: Any, path: Any, *more: Any, **options: Any) -> Any:
    if more or options or not isinstance(data, bytes):
        return _compile_text(self, data, path, *more, **options)  # a tree, or another level of optimization
    return _kept(data, str(path), lambda: _compile_text(self, data, path))


def _compile_source(path: str, source: bytes) -> Any:
    return _kept(source, path, lambda: _compile_zipped(path, source))


def _kept(source: bytes, path: str, compiled: Callable[[], CodeType]) -> CodeType:
    host: Any = importlib.import_module("_puff_host")
    key = hashlib.sha256(MAGIC_NUMBER + source).hexdigest()
    found = host.bytecode(key)
    if found is not None:
        code: CodeType = marshal.loads(found.to_bytes())  # noqa: S302  # the gateway's own folder, with a checksum
        _set_path(code, path)
        return code
    code = compiled()
    host.keepBytecode(key, _to_host(marshal.dumps(code)))
    return code


def _to_host(data: bytes) -> Any:
    from pyodide.ffi import to_js  # pyright: ignore[reportMissingImports]

    return to_js(data)
