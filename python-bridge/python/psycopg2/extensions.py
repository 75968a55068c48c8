"""What psycopg2 has beyond DB-API 2.0."""

from __future__ import annotations

from typing import Any

from psycopg2._client.column import Column
from psycopg2._client.connection import connection
from psycopg2._client.connection_info import ConnectionInfo
from psycopg2._client.cursor import cursor
from psycopg2._client.notify import Notify
from psycopg2._client.transactions import (
    ISOLATION_LEVEL_AUTOCOMMIT,
    ISOLATION_LEVEL_DEFAULT,
    ISOLATION_LEVEL_READ_COMMITTED,
    ISOLATION_LEVEL_READ_UNCOMMITTED,
    ISOLATION_LEVEL_REPEATABLE_READ,
    ISOLATION_LEVEL_SERIALIZABLE,
    STATUS_ASYNC,
    STATUS_BEGIN,
    STATUS_IN_TRANSACTION,
    STATUS_PREPARED,
    STATUS_READY,
    STATUS_SETUP,
    STATUS_SYNC,
)
from psycopg2._protocol.dsn import make_dsn, parse_dsn
from psycopg2._protocol.encodings import encodings
from psycopg2._protocol.exceptions import Diagnostics, NotSupportedError, QueryCanceledError, TransactionRollbackError
from psycopg2._protocol.passwords import encrypt_password
from psycopg2._protocol.waiting import POLL_ERROR, POLL_OK, POLL_READ, POLL_WRITE, get_wait_callback, set_wait_callback
from psycopg2._read.typecasters import (
    BINARYARRAY,
    BOOLEAN,
    BOOLEANARRAY,
    BYTES,
    BYTESARRAY,
    DATE,
    DATEARRAY,
    DATETIMEARRAY,
    DECIMAL,
    DECIMALARRAY,
    FLOAT,
    FLOATARRAY,
    INTEGER,
    INTEGERARRAY,
    INTERVAL,
    INTERVALARRAY,
    JSON,
    JSONARRAY,
    JSONB,
    JSONBARRAY,
    LONGINTEGER,
    LONGINTEGERARRAY,
    PYDATE,
    PYDATEARRAY,
    PYDATETIME,
    PYDATETIMEARRAY,
    PYDATETIMETZ,
    PYDATETIMETZARRAY,
    PYINTERVAL,
    PYINTERVALARRAY,
    PYTIME,
    PYTIMEARRAY,
    ROWIDARRAY,
    STRINGARRAY,
    TIME,
    TIMEARRAY,
    UNICODE,
    UNICODEARRAY,
    binary_types,
    new_array_type,
    new_type,
    register_type,
    string_types,
)
from psycopg2._write.adapters import (
    SQL_IN,
    AsIs,
    Binary,
    Boolean,
    Float,
    Int,
    ISQLQuote,
    NoneAdapter,
    QuotedString,
    adapt,
    adapters,
    register_adapter,
)
from psycopg2._write.literals import quote_name
from psycopg2._write.moments import DateFromPy, IntervalFromPy, TimeFromPy, TimestampFromPy

__all__ = [
    "BINARYARRAY",
    "BOOLEAN",
    "BOOLEANARRAY",
    "BYTES",
    "BYTESARRAY",
    "DATE",
    "DATEARRAY",
    "DATETIMEARRAY",
    "DECIMAL",
    "DECIMALARRAY",
    "FLOAT",
    "FLOATARRAY",
    "INTEGER",
    "INTEGERARRAY",
    "INTERVAL",
    "INTERVALARRAY",
    "ISOLATION_LEVEL_AUTOCOMMIT",
    "ISOLATION_LEVEL_DEFAULT",
    "ISOLATION_LEVEL_READ_COMMITTED",
    "ISOLATION_LEVEL_READ_UNCOMMITTED",
    "ISOLATION_LEVEL_REPEATABLE_READ",
    "ISOLATION_LEVEL_SERIALIZABLE",
    "JSON",
    "JSONARRAY",
    "JSONB",
    "JSONBARRAY",
    "LONGINTEGER",
    "LONGINTEGERARRAY",
    "POLL_ERROR",
    "POLL_OK",
    "POLL_READ",
    "POLL_WRITE",
    "PYDATE",
    "PYDATEARRAY",
    "PYDATETIME",
    "PYDATETIMEARRAY",
    "PYDATETIMETZ",
    "PYDATETIMETZARRAY",
    "PYINTERVAL",
    "PYINTERVALARRAY",
    "PYTIME",
    "PYTIMEARRAY",
    "ROWIDARRAY",
    "SQL_IN",
    "STATUS_ASYNC",
    "STATUS_BEGIN",
    "STATUS_IN_TRANSACTION",
    "STATUS_PREPARED",
    "STATUS_READY",
    "STATUS_SETUP",
    "STATUS_SYNC",
    "STRINGARRAY",
    "TIME",
    "TIMEARRAY",
    "TRANSACTION_STATUS_ACTIVE",
    "TRANSACTION_STATUS_IDLE",
    "TRANSACTION_STATUS_INERROR",
    "TRANSACTION_STATUS_INTRANS",
    "TRANSACTION_STATUS_UNKNOWN",
    "UNICODE",
    "UNICODEARRAY",
    "AsIs",
    "Binary",
    "Boolean",
    "Column",
    "ConnectionInfo",
    "DateFromPy",
    "Diagnostics",
    "Float",
    "ISQLQuote",
    "Int",
    "IntervalFromPy",
    "NoneAdapter",
    "Notify",
    "QueryCanceledError",
    "QuotedString",
    "TimeFromPy",
    "TimestampFromPy",
    "TransactionRollbackError",
    "Xid",
    "adapt",
    "adapters",
    "binary_types",
    "connection",
    "cursor",
    "encodings",
    "encrypt_password",
    "get_wait_callback",
    "libpq_version",
    "lobject",
    "make_dsn",
    "new_array_type",
    "new_type",
    "parse_dsn",
    "quote_ident",
    "register_adapter",
    "register_type",
    "set_wait_callback",
    "string_types",
]

TRANSACTION_STATUS_IDLE = 0
TRANSACTION_STATUS_ACTIVE = 1
TRANSACTION_STATUS_INTRANS = 2
TRANSACTION_STATUS_INERROR = 3
TRANSACTION_STATUS_UNKNOWN = 4


def quote_ident(ident: str | bytes, scope: Any, /) -> str:
    """An identifier between double quotes.

    Args:
        ident: The identifier.
        scope: A connection or cursor.
    """
    if not isinstance(scope, connection | cursor):
        raise TypeError("argument 2 must be a connection or a cursor")
    if isinstance(ident, bytes):
        ident = ident.decode()
    if not isinstance(ident, str):
        raise TypeError(f"Expected bytes or unicode string, got {type(ident).__name__} instead")
    if "\0" in ident:
        raise ValueError("embedded null character")
    return quote_name(ident)


def libpq_version() -> int:
    """The version of libpq that this behaves like."""
    return 170000


class lobject:  # noqa: N801 - psycopg2's name
    """Large objects are not supported."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise NotSupportedError("large objects are not supported here: use bytea")


class Xid:
    """Two-phase commit is not supported."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise NotSupportedError("two-phase commit is not supported here")
