"""Pools of connections.

Connections of the gateway are pooled already; these are for code that was written with them.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import psycopg2
from psycopg2 import extensions as _ext

if TYPE_CHECKING:
    from collections.abc import Hashable


class PoolError(psycopg2.Error):
    """The pool is exhausted or closed, or was given what is not its own."""


class AbstractConnectionPool:
    """What the pools have in common.

    Args:
        minconn: Connections that are made at once and kept.
        maxconn: Connections at most.
        *args: As :func:`psycopg2.connect` takes them.
        **kwargs: Likewise.
    """

    def __init__(self, minconn: int, maxconn: int, *args: Any, **kwargs: Any) -> None:
        self.minconn = int(minconn)
        self.maxconn = int(maxconn)
        self.closed = False
        self._args = args
        self._kwargs = kwargs
        self._pool: list[Any] = []
        self._used: dict[Hashable, Any] = {}
        #: Keys by the connections' identities.
        self._rused: dict[int, Hashable] = {}
        self._keys = 0
        for _ in range(self.minconn):
            self._connect()

    def _connect(self, key: Hashable | None = None) -> Any:
        conn = psycopg2.connect(*self._args, **self._kwargs)
        if key is None:
            self._pool.append(conn)
        else:
            self._lend(conn, key)
        return conn

    def _lend(self, conn: Any, key: Hashable) -> None:
        self._used[key] = conn
        self._rused[id(conn)] = key

    def _getkey(self) -> int:
        self._keys += 1
        return self._keys

    def _getconn(self, key: Hashable | None = None) -> Any:
        if self.closed:
            raise PoolError("connection pool is closed")
        if key is None:
            key = self._getkey()
        if key in self._used:
            return self._used[key]
        if self._pool:
            conn = self._pool.pop()
            self._lend(conn, key)
            return conn
        if len(self._used) == self.maxconn:
            raise PoolError("connection pool exhausted")
        return self._connect(key)

    def _putconn(self, conn: Any, key: Hashable | None = None, close: bool = False) -> None:
        if self.closed:
            raise PoolError("connection pool is closed")
        if key is None:
            key = self._rused.get(id(conn))
            if key is None:
                raise PoolError("trying to put unkeyed connection")
        if len(self._pool) < self.minconn and not close:
            self._keep(conn)
        else:
            conn.close()
        # Closing the pool may have happened while this connection was rolled back.
        if not self.closed or key in self._used:
            del self._used[key]
            del self._rused[id(conn)]

    def _keep(self, conn: Any) -> None:
        """Keeps a connection that is well, out of any transaction."""
        if conn.closed:
            return
        status = conn.info.transaction_status
        if status == _ext.TRANSACTION_STATUS_UNKNOWN:
            conn.close()
            return
        if status != _ext.TRANSACTION_STATUS_IDLE:
            conn.rollback()
        self._pool.append(conn)

    def _closeall(self) -> None:
        if self.closed:
            raise PoolError("connection pool is closed")
        for conn in [*self._pool, *self._used.values()]:
            try:
                conn.close()
            except psycopg2.Error:  # the others are to be closed all the same
                continue
        self.closed = True


class SimpleConnectionPool(AbstractConnectionPool):
    """A pool that threads must not share."""

    def getconn(self, key: Hashable | None = None) -> Any:
        """A connection; with a key, the same one each time until it is put back."""
        return self._getconn(key)

    def putconn(self, conn: Any, key: Hashable | None = None, close: bool = False) -> None:
        """Takes a connection back."""
        self._putconn(conn, key, close)

    def closeall(self) -> None:
        """Closes all connections, those that are used, too."""
        self._closeall()


class ThreadedConnectionPool(AbstractConnectionPool):
    """A pool that threads may share."""

    def __init__(self, minconn: int, maxconn: int, *args: Any, **kwargs: Any) -> None:
        super().__init__(minconn, maxconn, *args, **kwargs)
        self._lock = threading.Lock()

    def getconn(self, key: Hashable | None = None) -> Any:
        """A connection; with a key, the same one each time until it is put back."""
        with self._lock:
            return self._getconn(key)

    def putconn(self, conn: Any = None, key: Hashable | None = None, close: bool = False) -> None:
        """Takes a connection back."""
        with self._lock:
            self._putconn(conn, key, close)

    def closeall(self) -> None:
        """Closes all connections, those that are used, too."""
        with self._lock:
            self._closeall()
