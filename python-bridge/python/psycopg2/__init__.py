"""psycopg2 on the gateway's connections: DB-API 2.0 for Postgres.

Example:
    >>> with connect("dbname=default") as conn, conn.cursor() as cur:  # doctest: +SKIP
    ...     cur.execute("SELECT %s + 1", (41,))
    ...     cur.fetchone()
    (42,)
"""

from __future__ import annotations

from typing import Any

from psycopg2 import extensions as _ext
from psycopg2._client.connection import connect as _connect
from psycopg2._protocol.exceptions import (
    DatabaseError,
    DataError,
    Error,
    IntegrityError,
    InterfaceError,
    InternalError,
    NotSupportedError,
    OperationalError,
    ProgrammingError,
    Warning,  # noqa: A004 - DB-API's name
)
from psycopg2._read.typecasters import BINARY, DATETIME, NUMBER, ROWID, STRING
from psycopg2._write.moments import (
    Binary,
    Date,
    DateFromTicks,
    Time,
    TimeFromTicks,
    Timestamp,
    TimestampFromTicks,
)

__version__ = "2.9.11 (dt dec pq3 ext)"
__libpq_version__ = 170000

apilevel = "2.0"
threadsafety = 2
paramstyle = "pyformat"

__all__ = [
    "BINARY",
    "DATETIME",
    "NUMBER",
    "ROWID",
    "STRING",
    "Binary",
    "DataError",
    "DatabaseError",
    "Date",
    "DateFromTicks",
    "Error",
    "IntegrityError",
    "InterfaceError",
    "InternalError",
    "NotSupportedError",
    "OperationalError",
    "ProgrammingError",
    "Time",
    "TimeFromTicks",
    "Timestamp",
    "TimestampFromTicks",
    "Warning",
    "apilevel",
    "connect",
    "paramstyle",
    "threadsafety",
]


def connect(dsn: str | None = None, connection_factory: Any = None, cursor_factory: Any = None, **kwargs: Any) -> Any:
    """Makes a connection.

    Args:
        dsn: `dbname=default` for a connection of the gateway's pool of that name, as is nothing at all for its first;
            or libpq's keywords, or a URI, for any other server.
        connection_factory: What to make; None: a :class:`psycopg2.extensions.connection`.
        cursor_factory: What its `cursor()` makes; None: a :class:`psycopg2.extensions.cursor`.
        **kwargs: libpq's keywords.

    Returns:
        The connection.

    Raises:
        OperationalError: There is none to be had.
        NotSupportedError: It is to be asynchronous, or for replication.

    Example:
        >>> conn = connect(host="db.example", dbname="blog", user="writer", password="…")  # doctest: +SKIP
    """
    asynchronous = {key: kwargs.pop(key) for key in ("async", "async_") if key in kwargs}
    text = _ext.make_dsn(dsn, **kwargs)
    conn = _connect(text, connection_factory=connection_factory, **asynchronous)
    if cursor_factory is not None:
        conn.cursor_factory = cursor_factory
    return conn
