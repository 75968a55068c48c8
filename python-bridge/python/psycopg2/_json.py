"""JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from psycopg2._protocol.exceptions import ProgrammingError
from psycopg2._read.typecasters import new_array_type, new_type
from psycopg2._types.registering import connection_of, find_types, register_scope
from psycopg2._write.adapters import ISQLQuote, QuotedString

if TYPE_CHECKING:
    from collections.abc import Callable

    from psycopg2._read.typecasters import Typecaster

_OIDS = {"json": (114, 199), "jsonb": (3802, 3807)}


class Json:
    """Writes an object as JSON.

    Args:
        adapted: The object.
        dumps: What makes its text; None: `json.dumps`.
    """

    def __init__(self, adapted: Any, dumps: Callable[[Any], str] | None = None) -> None:
        self.adapted = adapted
        self._conn: Any = None
        self._dumps = dumps or json.dumps

    def __conform__(self, proto: Any) -> Any:
        return self if proto is ISQLQuote else None

    def dumps(self, obj: Any) -> str:
        """The object's text; subclasses may write it otherwise."""
        return self._dumps(obj)

    def prepare(self, conn: Any) -> None:
        """Keeps the connection."""
        self._conn = conn

    def getquoted(self) -> bytes:
        """The literal."""
        text = QuotedString(self.dumps(self.adapted))
        if self._conn is not None:
            text.prepare(self._conn)
        return text.getquoted()

    def __str__(self) -> str:
        return self.getquoted().decode("ascii", "replace")


def register_json(
    conn_or_curs: Any = None,
    globally: bool = False,
    loads: Callable[[str], Any] | None = None,
    oid: int | None = None,
    array_oid: int | None = None,
    name: str = "json",
) -> tuple[Typecaster, Typecaster | None]:
    """Has values of `json`, or of another type, read by `loads`.

    Args:
        conn_or_curs: Where; also what is asked for the type's OIDs.
        globally: Everywhere.
        loads: What reads a text; None: `json.loads`.
        oid: The type's OID; None: it is looked up.
        array_oid: That of its arrays.
        name: The type's name.

    Returns:
        The casters of the type and of its arrays.
    """
    if oid is None:
        oid, array_oid = _get_json_oids(conn_or_curs, name)
    caster, array_caster = _casters(loads, oid, array_oid, name.upper())
    scope = None if globally else conn_or_curs
    register_scope((caster, array_caster), scope)
    return caster, array_caster


def register_default_json(
    conn_or_curs: Any = None,
    globally: bool = False,
    loads: Callable[[str], Any] | None = None,
) -> tuple[Typecaster, Typecaster | None]:
    """Has `json` read by `loads`."""
    oid, array_oid = _OIDS["json"]
    return register_json(conn_or_curs, globally, loads, oid, array_oid)


def register_default_jsonb(
    conn_or_curs: Any = None,
    globally: bool = False,
    loads: Callable[[str], Any] | None = None,
) -> tuple[Typecaster, Typecaster | None]:
    """Has `jsonb` read by `loads`."""
    oid, array_oid = _OIDS["jsonb"]
    return register_json(conn_or_curs, globally, loads, oid, array_oid, name="jsonb")


def _get_json_oids(conn_or_curs: Any, name: str = "json") -> tuple[int, int | None]:
    found = find_types(connection_of(conn_or_curs), name)
    if found is None:
        raise ProgrammingError(f"{name} data type not found")
    return found


def _casters(
    loads: Callable[[str], Any] | None, oid: int, array_oid: int | None, name: str
) -> tuple[Typecaster, Typecaster | None]:
    read = loads or json.loads

    def cast(text: str | None, cur: Any) -> Any:
        del cur
        return None if text is None else read(text)

    caster = new_type((oid,), name, cast)
    return caster, None if array_oid is None else new_array_type((array_oid,), f"{name}ARRAY", caster)
