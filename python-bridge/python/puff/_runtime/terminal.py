"""Gives Python the terminal: `print`, `input` and `getpass` talk to the person who started the gateway's command."""

from __future__ import annotations

import getpass
import importlib.abc
import io
import os
import select
import sys
from typing import TYPE_CHECKING, Any

from puff._runtime import services

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType
    from typing import TextIO

    from _typeshed import ReadableBuffer, WriteableBuffer


_streams: tuple[TextIO, TextIO] | None = None


def streams() -> tuple[TextIO, TextIO]:
    """Gives the terminal's input and output, where Python's own streams may be others."""
    global _streams  # noqa: PLW0603  # a process has one terminal
    if _streams is None:
        _streams = _text_input(is_terminal=True), _text(1, is_terminal=True)
    return _streams


def install() -> None:
    """Replaces Python's streams by the process's own input and output."""
    global _streams  # noqa: PLW0603
    described, _ = services.call("terminal", "describe")
    columns: int | None = described["columns"]
    if columns is not None:
        os.environ.setdefault("COLUMNS", str(columns))
    is_terminal: list[bool] = described["terminals"]
    sys.stdin = _text_input(is_terminal[0])
    sys.stdout = _text(1, is_terminal[1])
    _streams = sys.stdin, sys.stdout
    sys.stderr = _text(2, is_terminal[2])
    # Where the input is a pipe, Python's own would open /dev/tty, which is nobody's here.
    getpass.getpass = _read_password if is_terminal[0] else getpass.fallback_getpass  # type: ignore[attr-defined]  # not in typeshed
    _select.select = _ready
    sys.meta_path.insert(0, _NoIPython())


def _text_input(is_terminal: bool) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BufferedReader(_Input(is_terminal)), encoding="utf-8")


def _text(descriptor: int, is_terminal: bool) -> io.TextIOWrapper:
    return io.TextIOWrapper(
        io.BufferedWriter(_Output(descriptor, is_terminal)),
        encoding="utf-8",
        errors="backslashreplace" if descriptor == 2 else None,
        line_buffering=is_terminal or descriptor == 2,
    )


class _NoIPython(importlib.abc.MetaPathFinder):
    """Has those who would open IPython's prompt take Python's or pdb's, as they do where it is not installed."""

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> None:  # noqa: ARG002  # the protocol's
        if fullname == "IPython.terminal.ipapp":
            raise ModuleNotFoundError("IPython's prompt can't draw on this terminal; use Python's or pdb's")


class _Input(io.RawIOBase):
    def __init__(self, is_terminal: bool) -> None:
        self._is_terminal = is_terminal

    def readable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return self._is_terminal

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer).cast("B")
        _, pieces = services.call("terminal", "read", len(view))
        data = pieces[0] if pieces else b""
        view[: len(data)] = data
        return len(data)

    def write(self, _data: ReadableBuffer, /) -> int:
        raise io.UnsupportedOperation("the input can't be written to")


class _Output(io.RawIOBase):
    def __init__(self, descriptor: int, is_terminal: bool) -> None:
        self._descriptor = descriptor
        self._is_terminal = is_terminal
        self._written = 0

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return self._is_terminal

    def readinto(self, _buffer: WriteableBuffer, /) -> int:
        raise io.UnsupportedOperation("the output can't be read")

    def write(self, data: ReadableBuffer, /) -> int:
        # Does not wait, so that finalizers can print, too.
        services.tell("terminal", "write", self._descriptor, buffers=[bytes(data)])
        length = memoryview(data).nbytes
        self._written += length
        if self._written >= _WINDOW:
            self._written = 0
            services.call("terminal", "drain", self._descriptor)
        return length


def _ready(
    reading: Sequence[Any], writing: Sequence[Any], exceptional: Sequence[Any], timeout: float | None = None
) -> tuple[list[Any], list[Any], list[Any]]:
    """Is `select.select`: the input, which has no file descriptor, can be read from at any time."""
    if sys.stdin in reading:
        return [sys.stdin], [], []
    return _plain_select(reading, writing, exceptional, timeout)


_select: Any = select
_plain_select = select.select

# Bytes that may be on their way to a terminal or pipe that does not take them.
_WINDOW = 262_144


def _read_password(prompt: str = "Password: ", stream: Any = None, *, echo_char: str | None = None) -> str:  # noqa: ARG001  # as getpass has it
    sys.stdout.flush()
    line, _ = services.call("terminal", "readPassword", prompt)
    if line is None:
        raise KeyboardInterrupt
    return line
