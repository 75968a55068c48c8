"""Composite types."""

from __future__ import annotations

import re
from collections import namedtuple
from typing import Any

from psycopg2._protocol.exceptions import DataError, ProgrammingError
from psycopg2._read.typecasters import new_array_type, new_type
from psycopg2._types.named_tuples import clean_name
from psycopg2._types.registering import connection_of, look_up_type, register_scope

#: A member between quotes, or one without; each ends with a comma or the closing parenthesis.
_MEMBER = re.compile(r'\(?(?:"((?:[^"\\]|""|\\.)*)"|([^",()]*))([,)])', re.DOTALL)
_ESCAPE = re.compile(r"\\(.)|\"(\")", re.DOTALL)


class CompositeCaster:
    """Reads values of a composite type, as named tuples unless a subclass makes something else of them.

    Args:
        name: The type's name.
        oid: Its OID.
        attrs: The names and the types' OIDs of its members.
        array_oid: That of its arrays.
        schema: Its schema.
    """

    def __init__(
        self,
        name: str,
        oid: int,
        attrs: list[tuple[str, int]],
        array_oid: int | None = None,
        schema: str | None = None,
    ) -> None:
        self.name = name
        self.schema = schema
        self.oid = oid
        self.array_oid = array_oid
        self.attnames = [attribute for attribute, _ in attrs]
        self.atttypes = [kind for _, kind in attrs]
        self.type: Any = None
        self._ctor: Any = None
        self._create_type(name, self.attnames)
        self.typecaster = new_type((oid,), name, self.parse)
        self.array_typecaster = new_array_type((array_oid,), f"{name}ARRAY", self.typecaster) if array_oid else None

    def _create_type(self, name: str, attnames: list[str]) -> None:
        # Unlike a statement's columns, its members need names that Python takes.
        self.type = namedtuple(clean_name(name), attnames, module="psycopg2.extras")  # noqa: PYI024 - its fields are known now only  # pyright: ignore[reportUntypedNamedTuple]
        self._ctor = self.type._make

    def make(self, values: list[Any]) -> Any:
        """The object for the members' values; subclasses may make another."""
        return self._ctor(values)

    def parse(self, s: str | None, curs: Any) -> Any:
        """The object of a text.

        Raises:
            DataError: It has not as many members as the type.
        """
        if s is None:
            return None
        tokens = self.tokenize(s)
        if len(tokens) != len(self.atttypes):
            raise DataError(
                f"expecting {len(self.atttypes)} components for the type {self.name}, {len(tokens)} found instead"
            )
        return self.make([curs.cast(oid, token) for oid, token in zip(self.atttypes, tokens, strict=True)])

    @classmethod
    def tokenize(cls, s: str) -> list[str | None]:
        """The members' texts."""
        tokens: list[str | None] = []
        for match in _MEMBER.finditer(s):
            quoted, bare, end = match.groups()
            if quoted is not None:
                tokens.append(_ESCAPE.sub(lambda found: found.group(1) or '"', quoted))
            else:
                tokens.append(bare or None)
            if end == ")":
                break
        return tokens

    @classmethod
    def _from_db(cls, name: str, conn_or_curs: Any) -> CompositeCaster:
        rows = look_up_type(
            connection_of(conn_or_curs),
            "SELECT n.nspname, t.typname, t.oid, t.typarray, a.attname, a.atttypid FROM pg_type t"
            " JOIN pg_namespace n ON n.oid = t.typnamespace JOIN pg_attribute a ON a.attrelid = t.typrelid"
            " WHERE {} AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum",
            name,
        )
        if not rows:
            raise ProgrammingError(f"PostgreSQL type '{name}' not found")
        schema, bare, oid, array_oid = rows[0][:4]
        return cls(bare, oid, [row[4:] for row in rows], array_oid=array_oid, schema=schema)  # pyright: ignore[reportArgumentType]


def register_composite(
    name: str,
    conn_or_curs: Any,
    globally: bool = False,
    factory: type[CompositeCaster] | None = None,
) -> CompositeCaster:
    """Has values of a composite type, or of a table's rows, read as named tuples.

    Args:
        name: The type's name, with its schema where it isn't found without.
        conn_or_curs: Where; also what is asked for the type.
        globally: Everywhere.
        factory: A subclass of :class:`CompositeCaster`.

    Returns:
        What reads it.

    Raises:
        ProgrammingError: There is no such type.
    """
    caster = (factory or CompositeCaster)._from_db(name, conn_or_curs)
    register_scope((caster.typecaster, caster.array_typecaster), None if globally else conn_or_curs)
    return caster
