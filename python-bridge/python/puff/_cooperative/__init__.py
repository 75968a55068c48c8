"""Parts of the standard library that wait for something, replaced by ones that let other greenlets run meanwhile.

They are replaced at the lowest layer there is, in place, before anything of the user's is imported: what the standard
library and packages build on it is their own code. Only inside the gateway: elsewhere Python has threads.
"""

from __future__ import annotations

__all__ = ["install"]


def install() -> None:
    """Replaces them; what has taken hold of the replaced before is put right, too."""
    from puff._cooperative import _events, _files, _hashes, _network, _processes, _select, _threads, _time

    _threads.install()
    _time.install()
    _events.install()
    _files.install()
    _hashes.install()
    _network.install()
    _processes.install()
    _select.install()
