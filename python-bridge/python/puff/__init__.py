"""Puff: describe a GraphQL API with dataclasses, answer its fields with query plans.

`puff.graphql` holds what a schema is written with, `puff.host` calls functions of the gateway's TypeScript side, and
what is here runs several things at a time and serves WebSockets.

Example:
    >>> from dataclasses import dataclass
    >>> from puff import graphql
    >>> from puff.graphql import Context, Plan, sql
"""

from puff._runtime.greenlets import GreenletExit
from puff._runtime.tasks import (
    Task,
    blocking,
    join_all,
    join_iter,
    read_file_bytes,
    sleep,
    sleep_ms,
    spawn,
    spawn_blocking,
)
from puff._serve.websockets import WebSocket, WebSocketClosed, websocket

__all__ = [
    "GreenletExit",
    "Task",
    "WebSocket",
    "WebSocketClosed",
    "blocking",
    "join_all",
    "join_iter",
    "read_file_bytes",
    "sleep",
    "sleep_ms",
    "spawn",
    "spawn_blocking",
    "websocket",
]
