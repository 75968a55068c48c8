"""What goes to the gateway's log."""

from __future__ import annotations

from _puff_cpython.channel import LOG, Channel

_MOST = 1000
"""Records that one turn of the loop may log."""


class Logs:
    """Sends records, and leaves out those of a flood."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._count = 0

    def add(self, level: str, logger: str, message: str) -> None:
        """Sends a record."""
        self._count += 1
        if self._count <= _MOST:
            self._send(level, logger, message)

    def end_turn(self) -> None:
        """Tells how many were left out."""
        if self._count > _MOST:
            self._send("warning", "puff", f"{self._count - _MOST} more log records at once: left out")
        self._count = 0

    def _send(self, level: str, logger: str, message: str) -> None:
        texts = (level, logger, message)
        self._channel.send(LOG, 0, 0, 0.0, tuple(text.encode("utf-8", "replace") for text in texts))
