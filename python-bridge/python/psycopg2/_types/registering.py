"""What is needed to register a type of the database: its OIDs, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psycopg2._client.cursor import cursor
from psycopg2._client.session import Session
from psycopg2._client.transactions import STATUS_BEGIN
from psycopg2._protocol.exceptions import ProgrammingError
from psycopg2._read.typecasters import Typecaster, register_type

if TYPE_CHECKING:
    from collections.abc import Iterable


def connection_of(conn_or_curs: Any) -> Session:
    """The connection, of a cursor its one.

    Raises:
        ProgrammingError: There is none.
        TypeError: It is neither.
    """
    if conn_or_curs is None:
        raise ProgrammingError("no connection or cursor provided")
    if isinstance(conn_or_curs, cursor):
        return conn_or_curs.connection
    if isinstance(conn_or_curs, Session):
        return conn_or_curs
    raise TypeError(f"expected a connection or cursor, got {type(conn_or_curs).__name__}")


def find_types(conn: Session, name: str) -> tuple[int, int | None] | None:
    """The OIDs of a type and of its arrays; None: there is no such type."""
    rows = look_up(
        conn,
        "SELECT t.oid, t.typarray FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace"
        " WHERE t.typname = %s AND n.nspname = %s",
        *split_name(name, "pg_catalog"),
    )
    return (rows[0][0], rows[0][1] or None) if rows else None


def split_name(name: str, default: str) -> tuple[str, str]:
    """A type's name and its schema."""
    schema, point, bare = name.partition(".")
    return (bare, schema) if point else (name, default)


def look_up(conn: Session, statement: str, *values: Any) -> list[tuple[Any, ...]]:
    """Rows of a statement that leaves no transaction open where there was none."""
    outside = conn.status != STATUS_BEGIN and not conn.autocommit
    cur = cursor(conn)
    try:
        cur.execute(statement, values)
        rows = cur.fetchall()
    finally:
        if outside:
            conn._end("ROLLBACK")
    return rows


def look_up_type(conn: Session, statement: str, name: str) -> list[tuple[Any, ...]]:
    """Rows of a statement about a type `t` in a namespace `n`, with `{}` for the condition that finds it.

    A name is taken as it is written, in the schema before its point or else in `public`; then as SQL reads it.
    """
    bare, schema = split_name(name, "public")
    rows = look_up(conn, statement.format("t.typname = %s AND n.nspname = %s"), bare, schema)
    if rows:
        return rows
    inside = conn.status == STATUS_BEGIN
    cur = cursor(conn)
    if inside:
        cur.execute("SAVEPOINT register_type")
    try:
        return look_up(conn, statement.format("t.oid = to_regtype(%s)"), name)
    except ProgrammingError:  # no name at all in SQL
        if inside:
            cur.execute("ROLLBACK TO SAVEPOINT register_type")
        return []
    finally:
        if inside:
            cur.execute("RELEASE SAVEPOINT register_type")


def register_scope(casters: Iterable[Typecaster | None], scope: Any) -> None:
    """Registers casters in a connection or cursor, or everywhere."""
    for caster in casters:
        if caster is not None:
            register_type(caster, scope)
