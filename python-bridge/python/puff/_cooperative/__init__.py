"""Parts of the standard library that wait for something, replaced by ones that let other greenlets run meanwhile.

They are replaced at the lowest layer there is, in place, before anything of the user's is imported: what the standard
library and packages build on it is their own code. Only inside the gateway: elsewhere Python has threads.

Pyodide has neither sockets nor processes, and the host stands in for them. Native Python has its own.
"""

from __future__ import annotations

__all__ = ["install"]


def install() -> None:
    """Replaces them; what has taken hold of the replaced before is put right, too."""
    from puff._cooperative import _events, _select, _threads, _time
    from puff._runtime.suspending import IN_PYODIDE

    _threads.install()
    _time.install()
    if IN_PYODIDE:
        from puff._cooperative import _files, _hashes, _network, _processes

        _files.install()
        _hashes.install()
        _network.install()
        _processes.install()
    else:
        from puff._cooperative import _blocking, _sockets

        _blocking.install()
        _sockets.install()
    _events.install()
    _select.install()
