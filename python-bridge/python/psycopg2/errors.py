"""An exception class for each error code of Postgres.

Example:
    >>> lookup("42P01").__name__
    'UndefinedTable'
"""

from __future__ import annotations

from psycopg2 import errorcodes
from psycopg2._protocol import exceptions

# By the first characters of the code, the longest first.
_BASES = [
    ("57014", exceptions.QueryCanceledError),
    ("0A", exceptions.NotSupportedError),
    ("08", exceptions.OperationalError),
    ("0", exceptions.DatabaseError),
    ("10", exceptions.DatabaseError),
    ("20", exceptions.ProgrammingError),
    ("21", exceptions.ProgrammingError),
    ("22", exceptions.DataError),
    ("23", exceptions.IntegrityError),
    ("24", exceptions.InternalError),
    ("25", exceptions.InternalError),
    ("26", exceptions.OperationalError),
    ("27", exceptions.OperationalError),
    ("28", exceptions.OperationalError),
    ("2", exceptions.InternalError),
    ("34", exceptions.OperationalError),
    ("3D", exceptions.ProgrammingError),
    ("3F", exceptions.ProgrammingError),
    ("3", exceptions.InternalError),
    ("40", exceptions.TransactionRollbackError),
    ("4", exceptions.ProgrammingError),
    ("5", exceptions.OperationalError),
    ("F", exceptions.InternalError),
    ("H", exceptions.OperationalError),
    ("P", exceptions.InternalError),
    ("X", exceptions.InternalError),
]
# Conditions that share their names with others or with DB-API's classes.
_NAMES = {
    "38002": "ModifyingSqlDataNotPermittedExt",
    "38003": "ProhibitedSqlStatementAttemptedExt",
    "38004": "ReadingSqlDataNotPermittedExt",
    "39004": "NullValueNotAllowedExt",
    "XX000": "InternalError_",
}


def lookup(code: str) -> type[exceptions.Error]:
    """The class of a code.

    Raises:
        KeyError: There is no such code.
    """
    return sqlstate_errors[code]


def base_of(code: str | None) -> type[exceptions.Error]:
    """The DB-API's class that errors of this code belong to, be it known or not."""
    for start, base in _BASES:
        if code is not None and code.startswith(start):
            return base
    return exceptions.DatabaseError


def class_of(code: str | None) -> type[exceptions.Error]:
    """The class to raise for a code."""
    return sqlstate_errors.get(code or "") or base_of(code)


def _define() -> dict[str, type[exceptions.Error]]:
    classes: dict[str, type[exceptions.Error]] = {}
    for constant, code in vars(errorcodes).items():
        # Classes of codes have two characters; 00 and 01 are not errors.
        if not isinstance(code, str) or len(code) != 5 or not constant.isupper() or code < "02":
            continue
        name = _NAMES.get(code) or "".join(word.capitalize() for word in constant.split("_"))
        classes[code] = type(name, (base_of(code),), {"__module__": __name__})
    return classes


#: The classes by their codes.
sqlstate_errors = _define()
globals().update(
    {
        name: one
        for name, one in vars(exceptions).items()
        if isinstance(one, type) and one.__module__ in {"psycopg2", "psycopg2.extensions"}
    }
)
globals().update({one.__name__: one for one in sqlstate_errors.values()})
