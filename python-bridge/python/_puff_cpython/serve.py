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
import types
from typing import Any

from _puff_cpython.channel import READY, REFUSED
from _puff_cpython.door import Door, Entries

_INTERRUPT = signal.SIGURG
"""What the gateway interrupts by: ignored where nothing handles it."""
_DIE_WITH_PARENT = 1


def main() -> None:
    """Serves until the gateway closes the channel."""
    _leave_signals()
    faulthandler.enable()
    _write_lines()
    # The variables that the gateway adds are nobody else's.
    channel, control = int(os.environ.pop("_PUFF_CHANNEL")), os.environ.pop("_PUFF_CONTROL")
    os.set_inheritable(channel, False)
    door = Door(channel, control)
    host: Any = types.ModuleType("_puff_host", "What the gateway does for Python.")
    door.offer(host)
    sys.modules["_puff_host"] = host
    door.read_settings()
    os.register_at_fork(after_in_child=lambda: _leave_gateway(door, host))
    signal.signal(_INTERRUPT, door.interrupt)
    _set_path(door.settings)
    # Parts of the standard library are replaced before anything has taken hold of them.
    importlib.import_module("puff._cooperative").install()
    bridge: Any = importlib.import_module("puff._bridge")
    greenlets: Any = importlib.import_module("puff._runtime.greenlets")
    refused = False

    def load() -> str:
        nonlocal refused
        answer: dict[str, Any] = json.loads(bridge.load(door.settings["sources"]))
        refused = "error" in answer
        if refused:
            door.send(REFUSED, json.dumps(answer["error"]))
        else:
            ready = {"schemas": json.dumps(answer["schemas"]), "sockets": answer["sockets"], "files": answer["files"]}
            door.send(READY, json.dumps({**ready, "from": "nothing"}))
        return ""

    door.load(Entries(bridge.resolve, bridge.call, greenlets.run), load)
    if not refused:
        # What stays is spared from later collections.
        gc.collect()
        gc.freeze()
    door.serve()


def _leave_signals() -> None:
    """Leaves to the gateway what a terminal or a service manager sends to all processes: it ends this one in time.

    They are handled rather than ignored, since programs that are started from here would ignore them, too.
    """
    for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(one, lambda *_: None)
    if sys.platform == "linux":
        # One that computes would not see that the channel is closed.
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)


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
