"""A process that has imported the application once, and forks interpreters of it. Only on Linux."""

from __future__ import annotations

import os
import select
import signal
import socket
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

from _puff_cpython.channel import END_OF_FORK, FORK, FORKS, SIGNAL, Channel

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# Bound now: the names in these modules are replaced for what the user imports.
_select = select.select
_waitpid = os.waitpid
_fork = getattr(os, "fork", None)


class Forked(NamedTuple):
    """What a new interpreter is reached by; None: as the process was before it forked."""

    channel: int | None
    control: str | None


class Zygote:
    """Waits for the gateway to ask for interpreters, and tells when one ends."""

    def __init__(self, descriptor: int) -> None:
        self._channel = Channel(descriptor, self._receive)
        self._asked: list[tuple[int, int, int, Sequence[bytes]]] = []
        self._lanes: dict[int, int] = {}
        """The numbers of lanes, by the ids of their processes."""
        self._wakes: tuple[int, int] = (-1, -1)

    def refuse(self, reason: str) -> None:
        """Tells that this process serves by itself, since it can't be forked."""
        self._channel.send(FORKS, 0, 0, 0.0, (reason.encode(),))
        self._channel.flush()
        self._channel.close()

    def fork(self, first: int, close_channel: Callable[[], None]) -> Forked:
        """Forks an interpreter for the lane that there is, then whenever the gateway asks. Returns in each of them."""
        self._wakes = os.pipe()
        for end in self._wakes:
            os.set_blocking(end, False)
        signal.set_wakeup_fd(self._wakes[1], warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        parent = os.getpid()
        # Ahead of what the first one tells.
        self._channel.send(FORKS)
        self._channel.flush()
        if self._begins(first, parent):
            return Forked(None, None)
        close_channel()  # the first one has it
        while True:
            ready, _, _ = _select([self._channel.descriptor, self._wakes[0]], [], [])
            if self._wakes[0] in ready:
                os.read(self._wakes[0], 4096)
            if self._channel.descriptor in ready:
                self._channel.receive()
            self._reap()
            while self._asked:
                kind, lane, number, parts = self._asked.pop(0)
                if kind == SIGNAL:
                    self._signal(lane, number)
                elif kind == FORK and self._begins(lane, parent):
                    path, control = (part.decode() for part in parts)
                    return Forked(_connect(path, lane), control)
            self._channel.flush()

    def _receive(self, kind: int, a: int, b: int, _number: float, parts: Sequence[bytes]) -> None:
        self._asked.append((kind, a, b, parts))

    def _signal(self, lane: int, number: int) -> None:
        for process, its in self._lanes.items():
            if its == lane:
                os.kill(process, number)  # it is there, since it is only reaped here

    def _begins(self, lane: int, parent: int) -> bool:
        """Forks; tells whether this is the new process."""
        try:
            process = _fork() if _fork is not None else 0
        except OSError as error:
            self._channel.send(END_OF_FORK, lane, 0, 0.0, (f"it can't be forked: {error.strerror}".encode(),))
            return False
        if process:
            self._lanes[process] = lane
            return False
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for end in self._wakes:
            os.close(end)
        self._channel.close()
        die_with(parent)
        return True

    def _reap(self) -> None:
        while self._lanes:
            process, status = _waitpid(-1, os.WNOHANG)
            if process == 0:
                return
            lane = self._lanes.pop(process, None)
            if lane is not None:
                number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
                code = -1 if number else os.WEXITSTATUS(status)
                self._channel.send(END_OF_FORK, lane, number, code)


def open_files() -> set[str]:
    """Gives what this process has open, besides what the kernel alone knows."""
    if sys.platform != "linux":
        return set()
    found: set[str] = set()
    for name in os.listdir("/proc/self/fd"):
        try:
            found.add(os.readlink(f"/proc/self/fd/{name}"))
        except OSError:  # that of the list itself
            continue
    return {target for target in found if not target.startswith("anon_inode:")}


def why_not_forked(own: set[str]) -> str | None:
    """What of this process a fork can't take along, besides the files that it began with; None: nothing."""
    if sys.platform != "linux":
        return "only Linux forks well"
    if len(os.listdir("/proc/self/task")) > 1:
        return "a package started a thread of the system"
    return "a module keeps a file or a connection open" if open_files() - own else None


def die_with(parent: int) -> None:
    """Has the system end this process with its parent: one that computes would not see that its channel is closed."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(0)


_PDEATHSIG = 1


def _connect(path: str, lane: int) -> int:
    connection: Any = socket.socket(socket.AF_UNIX)
    connection.connect(path)
    connection.sendall(lane.to_bytes(4, "little"))
    return connection.detach()
