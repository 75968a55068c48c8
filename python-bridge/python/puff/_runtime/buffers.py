"""Bytes on their way between Python and the host: the one module that knows how the engine holds them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from puff._runtime.suspending import IN_PYODIDE

if TYPE_CHECKING:
    from collections.abc import Iterable


def to_host(*values: str | bytes | bytearray | memoryview) -> Any:
    """Gives a list for the host of texts and copies of bytes."""
    copied = [value if isinstance(value, str) else memoryview(value).cast("B") for value in values]
    if not IN_PYODIDE:
        return [value if isinstance(value, str) else bytes(value) for value in copied]
    from pyodide.ffi import to_js  # pyright: ignore[reportMissingImports]

    return to_js(copied)


def from_host(buffers: Iterable[Any]) -> list[bytes]:
    """Gives the bytes of buffers of the host."""
    return [buffer.to_bytes() for buffer in buffers] if IN_PYODIDE else list(buffers)
