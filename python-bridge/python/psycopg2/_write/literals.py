"""Literals and identifiers of SQL, as libpq writes them."""

from __future__ import annotations

from typing import Any

from psycopg2._protocol.base import BaseConnection

# As of the connection that was made last: what is written without one is like it.
_last = {"standard_strings": False}


def remember(*, standard_strings: bool) -> None:
    """Has literals that are made for no connection fit one with this setting."""
    _last["standard_strings"] = standard_strings


def need_connection(conn: Any) -> None:
    """Refuses to prepare an adapter for anything else.

    Raises:
        TypeError: It is not a connection.
    """
    if not isinstance(conn, BaseConnection):
        raise TypeError(f"argument 1 must be psycopg2.extensions.connection, not {type(conn).__name__}")


def quote_text(text: bytes, conn: BaseConnection | None) -> bytes:
    """A literal of bytes that are text in the connection's encoding.

    Raises:
        ValueError: It holds a NUL, which Postgres's texts can't.
    """
    if b"\0" in text:
        raise ValueError("A string literal cannot contain NUL (0x00) characters.")
    quoted = text.replace(b"'", b"''")
    if not _standard(conn):
        quoted = quoted.replace(b"\\", b"\\\\")
    return b"%s'%s'" % (_prefix(conn), quoted)


def quote_bytes(data: bytes, conn: BaseConnection | None) -> bytes:
    """A literal of type bytea."""
    backslash = b"\\" if _standard(conn) else b"\\\\"
    if conn is not None:
        return b"%s'%sx%s'::bytea" % (_prefix(conn), backslash, data.hex().encode())
    escaped = b"".join(_escape_byte(byte, backslash) for byte in data)
    return b"'%s'::bytea" % escaped


def _escape_byte(byte: int, backslash: bytes) -> bytes:
    """The older text of bytea, which all versions read."""
    if byte == 0x27:
        return b"''"
    if byte == 0x5C:
        return backslash * 2
    if 0x20 <= byte <= 0x7E:
        return bytes((byte,))
    return b"%s%03o" % (backslash, byte)


def quote_name(name: str) -> str:
    """An identifier between double quotes."""
    doubled = name.replace('"', '""')
    return f'"{doubled}"'


def _standard(conn: BaseConnection | None) -> bool:
    return _last["standard_strings"] if conn is None else conn._standard_strings


def _prefix(conn: BaseConnection | None) -> bytes:
    return b"E" if conn is not None and conn._escape_strings else b""
