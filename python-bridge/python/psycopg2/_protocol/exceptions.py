"""The exceptions of DB-API 2.0, with what Postgres says of an error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from psycopg2._protocol.base import BaseCursor

_FIELDS = {
    "column_name": "c",
    "constraint_name": "n",
    "context": "W",
    "datatype_name": "d",
    "internal_position": "p",
    "internal_query": "q",
    "message_detail": "D",
    "message_hint": "H",
    "message_primary": "M",
    "schema_name": "s",
    "severity": "S",
    "severity_nonlocalized": "V",
    "source_file": "F",
    "source_function": "R",
    "source_line": "L",
    "sqlstate": "C",
    "statement_position": "P",
    "table_name": "t",
}


class Diagnostics:
    """What Postgres said of an error, each a `str` or None."""

    column_name: str | None
    constraint_name: str | None
    context: str | None
    datatype_name: str | None
    internal_position: str | None
    internal_query: str | None
    message_detail: str | None
    message_hint: str | None
    message_primary: str | None
    schema_name: str | None
    severity: str | None
    severity_nonlocalized: str | None
    source_file: str | None
    source_function: str | None
    source_line: str | None
    sqlstate: str | None
    statement_position: str | None
    table_name: str | None

    def __init__(self, error: Error) -> None:
        if not isinstance(error, Error):
            raise TypeError(f"argument 1 must be psycopg2.Error, not {type(error).__name__}")
        # Its cursor lives as long as this does.
        self._error = error
        fields = error._fields or {}
        for name, letter in _FIELDS.items():
            setattr(self, name, fields.get(letter))


class Warning(Exception):  # noqa: A001 - DB-API's name
    """Exception for important warnings; psycopg2 never raises it."""


class Error(Exception):
    """Base class of the errors of a database."""

    pgerror: str | None = None
    pgcode: str | None = None
    cursor: BaseCursor | None = None
    _fields: Mapping[str, str] | None = None

    @property
    def diag(self) -> Diagnostics:
        """What Postgres said of the error."""
        return Diagnostics(self)

    def __reduce__(self) -> tuple[Any, ...]:
        # A cursor can't be pickled.
        state = {name: value for name, value in self.__dict__.items() if name != "cursor"}
        state.setdefault("pgerror", self.pgerror)
        state.setdefault("pgcode", self.pgcode)
        return type(self), self.args, state


class InterfaceError(Error):
    """The package was used wrongly, rather than the database."""


class DatabaseError(Error):
    """Base class of errors of the database itself."""


class DataError(DatabaseError):
    """A value can't be processed: division by zero, out of range, …."""


class OperationalError(DatabaseError):
    """The database's operation: a lost connection, no memory, …."""


class IntegrityError(DatabaseError):
    """A constraint does not hold."""


class InternalError(DatabaseError):
    """The database met an error of its own, such as a transaction out of sync."""


class ProgrammingError(DatabaseError):
    """The statement is wrong: no such table, bad syntax, …."""


class NotSupportedError(DatabaseError):
    """The database, or this package, has no such thing."""


class QueryCanceledError(OperationalError):
    """A statement was cancelled, or ran out of time."""


class TransactionRollbackError(OperationalError):
    """A transaction was rolled back: a deadlock, a serialization failure, …."""


for _class in (
    Warning,
    Error,
    InterfaceError,
    DatabaseError,
    DataError,
    OperationalError,
    IntegrityError,
    InternalError,
    ProgrammingError,
    NotSupportedError,
):
    _class.__module__ = "psycopg2"
for _class in (QueryCanceledError, TransactionRollbackError, Diagnostics):
    _class.__module__ = "psycopg2.extensions"
