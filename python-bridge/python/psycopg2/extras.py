"""More cursors, types and helpers."""

from __future__ import annotations

from typing import Any

from psycopg2 import extensions as _ext
from psycopg2._cursors.fast import execute_batch, execute_values, pages
from psycopg2._cursors.logging import LoggingConnection, LoggingCursor, MinTimeLoggingConnection, MinTimeLoggingCursor
from psycopg2._cursors.row_cursors import (
    DictConnection,
    DictCursor,
    DictCursorBase,
    DictRow,
    NamedTupleConnection,
    NamedTupleCursor,
    RealDictConnection,
    RealDictCursor,
    RealDictRow,
)
from psycopg2._ipaddress import Inet, register_inet, register_ipaddress
from psycopg2._json import Json, json, register_default_json, register_default_jsonb, register_json
from psycopg2._protocol.exceptions import NotSupportedError, OperationalError
from psycopg2._range import DateRange, DateTimeRange, DateTimeTZRange, NumericRange, Range
from psycopg2._types.composite import CompositeCaster, register_composite
from psycopg2._types.hstore import HstoreAdapter, register_hstore
from psycopg2._types.range_types import RangeAdapter, RangeCaster, register_range
from psycopg2._types.uuid import UUID_adapter, register_uuid

__all__ = [
    "REPLICATION_LOGICAL",
    "REPLICATION_PHYSICAL",
    "CompositeCaster",
    "DateRange",
    "DateTimeRange",
    "DateTimeTZRange",
    "DictConnection",
    "DictCursor",
    "DictCursorBase",
    "DictRow",
    "HstoreAdapter",
    "Inet",
    "Json",
    "LoggingConnection",
    "LoggingCursor",
    "LogicalReplicationConnection",
    "MinTimeLoggingConnection",
    "MinTimeLoggingCursor",
    "NamedTupleConnection",
    "NamedTupleCursor",
    "NumericRange",
    "PhysicalReplicationConnection",
    "Range",
    "RangeAdapter",
    "RangeCaster",
    "RealDictConnection",
    "RealDictCursor",
    "RealDictRow",
    "ReplicationCursor",
    "StopReplication",
    "UUID_adapter",
    "execute_batch",
    "execute_values",
    "json",
    "quote_ident",
    "register_composite",
    "register_default_json",
    "register_default_jsonb",
    "register_hstore",
    "register_inet",
    "register_ipaddress",
    "register_json",
    "register_range",
    "register_uuid",
    "wait_select",
]

REPLICATION_PHYSICAL = 12345678
REPLICATION_LOGICAL = 87654321

quote_ident = _ext.quote_ident
_paginate = pages


class StopReplication(Exception):
    """Ends replication, which is not supported."""


class _Replication:
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise NotSupportedError("replication is not supported here")


class LogicalReplicationConnection(_Replication):
    """Replication is not supported."""


class PhysicalReplicationConnection(_Replication):
    """Replication is not supported."""


class ReplicationCursor(_Replication):
    """Replication is not supported."""


for _class in (
    *(CompositeCaster, HstoreAdapter, Inet, UUID_adapter),
    *(LoggingConnection, LoggingCursor, MinTimeLoggingConnection, MinTimeLoggingCursor),
):
    _class.__module__ = __name__


def wait_select(conn: Any) -> None:
    """Waits until a connection has nothing to wait for; here that is at once, as statements wait by themselves."""
    while True:
        state = conn.poll()
        if state == _ext.POLL_OK:
            return
        if state not in {_ext.POLL_READ, _ext.POLL_WRITE}:
            raise OperationalError(f"bad state from poll: {state}")
