"""hstore."""

from __future__ import annotations

import re
from typing import Any

from psycopg2._protocol.exceptions import InterfaceError, ProgrammingError
from psycopg2._read.typecasters import new_array_type, new_type
from psycopg2._types.registering import connection_of, look_up, register_scope
from psycopg2._write.adapters import quote, register_adapter

_PAIR = re.compile(r'"((?:[^"\\]|\\.)*)"\s*=>\s*(?:NULL|"((?:[^"\\]|\\.)*)")(?:\s*,\s*|$)', re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


class HstoreAdapter:
    """Writes a dictionary of texts as an hstore."""

    def __init__(self, wrapped: dict[str, str | None]) -> None:
        self.wrapped = wrapped
        self.conn: Any = None

    def prepare(self, conn: Any) -> None:
        """Keeps the connection."""
        self.conn = conn

    def getquoted(self) -> bytes:
        """The expression that makes the hstore."""
        if not self.wrapped:
            return b"''::hstore"
        keys = quote(list(self.wrapped.keys()), self.conn)
        values = quote(list(self.wrapped.values()), self.conn)
        return b"hstore(%s, %s)" % (keys, values)

    @staticmethod
    def parse(s: str | None, cur: Any, _end: Any = None) -> dict[str, str | None] | None:
        """The dictionary of an hstore's text.

        Raises:
            InterfaceError: It is none.
        """
        del cur, _end
        if s is None:
            return None
        parsed: dict[str, str | None] = {}
        at = 0
        for match in _PAIR.finditer(s):
            if match.start() != at:
                raise InterfaceError(f"error parsing hstore pair at char {at}")
            key, value = (None if part is None else _ESCAPE.sub(r"\1", part) for part in match.groups())
            parsed[key or ""] = value
            at = match.end()
        if at < len(s):
            raise InterfaceError(f"error parsing hstore: unparsed data after char {at}")
        return parsed

    @staticmethod
    def get_oids(conn_or_curs: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The OIDs of hstore in all schemas, and of its arrays."""
        rows = look_up(
            connection_of(conn_or_curs),
            "SELECT t.oid, t.typarray FROM pg_type t WHERE t.typname = 'hstore' AND t.typtype = 'b'",
        )
        return tuple(oid for oid, _ in rows), tuple(array for _, array in rows)


def register_hstore(
    conn_or_curs: Any,
    globally: bool = False,
    unicode: bool = False,
    oid: int | tuple[int, ...] | None = None,
    array_oid: int | tuple[int, ...] | None = None,
) -> None:
    """Has hstore read as dictionaries, and dictionaries written as hstore.

    Args:
        conn_or_curs: Where they are read; also what is asked for the OIDs.
        globally: Everywhere.
        unicode: Unused.
        oid: Those of hstore, where they are known.
        array_oid: Those of its arrays.

    Raises:
        ProgrammingError: The database has no hstore.
    """
    del unicode
    if oid is None:
        oids, array_oids = HstoreAdapter.get_oids(conn_or_curs)
        if not oids:
            raise ProgrammingError(
                "hstore type not found in the database. please install it from your 'contrib/hstore.sql' file"
            )
    else:
        oids = (oid,) if isinstance(oid, int) else tuple(oid)
        array_oids = (array_oid,) if isinstance(array_oid, int) else tuple(array_oid or ())
    caster = new_type(oids, "HSTORE", HstoreAdapter.parse)
    arrays = new_array_type(array_oids, "HSTOREARRAY", caster) if any(array_oids) else None
    register_scope((caster, arrays), None if globally else conn_or_curs)
    register_adapter(dict, HstoreAdapter)
