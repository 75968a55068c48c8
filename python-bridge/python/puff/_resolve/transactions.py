"""Transactions of the gateway's that Python's connections come into."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from puff._runtime import services

if TYPE_CHECKING:
    from collections.abc import Generator


@contextmanager
def joined(ticket: str | None) -> Generator[None]:
    """Has what this greenlet does on a database be part of a transaction of the gateway's.

    Args:
        ticket: Names the transaction; None: there is none.
    """
    if ticket is None:
        yield
        return
    services.call("postgres", "join", ticket)
    try:
        yield
    finally:
        # What a connection has begun in it and not committed is undone before the gateway goes on.
        services.call("postgres", "leave", ticket)
