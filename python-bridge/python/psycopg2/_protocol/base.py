"""What the lower rooms know of connections and cursors, which are built on them."""

from __future__ import annotations

from typing import Any


class BaseConnection:
    """What reads and writes values knows a connection by this, and what it needs of one."""

    #: Its casters, by OID.
    string_types: dict[int, Any]
    #: Python's name of its encoding.
    _codec = "utf-8"
    #: Whether a backslash in a literal is one.
    _standard_strings = True
    #: Whether literals begin with E. psycopg2 looks at the setting when the connection is new.
    _escape_strings = False


class BaseCursor:
    """What reads values knows a cursor by this, and what it needs of one."""

    #: Its casters, by OID; None: it has none of its own.
    string_types: dict[int, Any] | None
