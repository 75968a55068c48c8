"""What a child process does from its start to its end."""

from __future__ import annotations

import ctypes
import faulthandler
import gc
import importlib
import json
import os
import signal
import site
import sys
import tempfile
import types
import uuid
from typing import Any

from _puff_cpython.channel import READY, REFUSED
from _puff_cpython.door import Door, Entries
from _puff_cpython.zygote import Zygote, die_with, open_files, why_not_forked

_INTERRUPT = signal.SIGURG
"""What the gateway interrupts by: ignored where nothing handles it."""


def main() -> None:
    """Serves until the gateway closes the channel."""
    _leave_signals()
    faulthandler.enable()
    _write_lines()
    # The variables that the gateway adds are nobody else's.
    channel, control = int(os.environ.pop("_PUFF_CHANNEL")), os.environ.pop("_PUFF_CONTROL")
    requests, lane = os.environ.pop("_PUFF_ZYGOTE"), int(os.environ.pop("_PUFF_LANE"))
    os.set_inheritable(channel, False)
    door = Door(channel, control)
    host: Any = types.ModuleType("_puff_host", "What the gateway does for Python.")
    door.offer(host)
    sys.modules["_puff_host"] = host
    door.read_settings()
    own = open_files()
    forks = _Forks()
    os.register_at_fork(after_in_child=lambda: None if forks.serve else _leave_gateway(door, host))
    signal.signal(_INTERRUPT, door.interrupt)
    _set_path(door.settings)
    # Parts of the standard library are replaced before anything has taken hold of them.
    importlib.import_module("puff._cooperative").install()
    bridge: Any = importlib.import_module("puff._bridge")
    greenlets: Any = importlib.import_module("puff._runtime.greenlets")
    answer: dict[str, Any] = {}

    def load() -> str:
        answer.update(json.loads(bridge.load(door.settings["sources"])))
        return ""

    door.load(Entries(bridge.resolve, bridge.call, greenlets.run), load)
    if "error" in answer:
        door.send(REFUSED, json.dumps(answer["error"]))
        door.serve()
    # What stays is spared from later collections.
    gc.collect()
    gc.freeze()
    problem = None
    if requests:
        zygote = Zygote(int(requests))
        problem = door.why_not_forked() or why_not_forked(own)
        if problem is None:
            forks.serve = True
            forked = zygote.fork(lane, door.close_channel)
            forks.serve = False
            door.adopt(*forked)
            _renew()
        else:
            zygote.refuse(problem)
    ready = {"schemas": json.dumps(answer["schemas"]), "sockets": answer["sockets"], "files": answer["files"]}
    door.send(READY, json.dumps({**ready, "from": "nothing", "problem": problem}))
    door.serve()


class _Forks:
    """Whether processes that are forked now are interpreters, rather than the user's."""

    serve = False


def _renew() -> None:
    """Gives up what must not be the same in two interpreters; `random` does so by itself."""
    names: Any = tempfile
    names._name_sequence = None  # noqa: SLF001
    ids: Any = uuid
    ids._last_timestamp = ids._node = None  # noqa: SLF001


def _leave_signals() -> None:
    """Leaves to the gateway what a terminal or a service manager sends to all processes: it ends this one in time.

    They are handled rather than ignored, since programs that are started from here would ignore them, too.
    """
    for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(one, lambda *_: None)
    die_with(os.getppid())


def _write_lines() -> None:
    """Has what C prints come out by lines: into a pipe it would come when the process ends, or never."""
    try:
        c = ctypes.CDLL(None)
        c.setvbuf(ctypes.c_void_p.in_dll(c, "stdout"), None, 1, 0)
    except (OSError, ValueError, AttributeError):  # another libc
        pass


def _leave_gateway(door: Door, host: Any) -> None:
    """In a process that was forked off, as by multiprocessing: the channel is its parent's."""
    door.leave(host)
    importlib.import_module("puff._runtime.greenlets").forbid_waiting()


def _set_path(settings: dict[str, Any]) -> None:
    # First, since the psycopg2 that a project has installed has connections of its own.
    sys.path[0:1] = [settings["packageFolder"], *settings["pythonPath"]]
    for folder in settings["sitePackages"]:
        site.addsitedir(folder)
