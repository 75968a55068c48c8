"""Notifications of NOTIFY."""

from __future__ import annotations

from functools import total_ordering
from typing import Any


@total_ordering
class Notify:
    """A notification: it equals and reads like the tuple of its process and channel.

    Args:
        pid: The server's process that sent it.
        channel: Its channel.
        payload: Its text.
    """

    __slots__ = ("channel", "payload", "pid")

    def __init__(self, pid: int, channel: str, payload: str = "") -> None:
        self.pid = pid
        self.channel = channel
        self.payload = payload

    def __len__(self) -> int:
        return 2

    def __getitem__(self, index: int) -> Any:
        if not -2 <= index < 2:
            raise IndexError("index out of range")
        return (self.pid, self.channel)[index]

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Notify):
            return (self.pid, self.channel, self.payload) == (other.pid, other.channel, other.payload)
        return (self.pid, self.channel) == other if isinstance(other, tuple) else NotImplemented

    def __lt__(self, other: Any) -> bool:
        if isinstance(other, Notify):
            return (self.pid, self.channel, self.payload) < (other.pid, other.channel, other.payload)
        return (self.pid, self.channel) < other

    def __hash__(self) -> int:
        return hash((self.pid, self.channel, self.payload)) if self.payload else hash((self.pid, self.channel))

    def __repr__(self) -> str:
        return f"Notify({self.pid!r}, {self.channel!r}, {self.payload!r})"


Notify.__module__ = "psycopg2.extensions"
