"""A class of exceptions for each of Postgres's error codes.

Example:
    >>> lookup("42P01").__name__
    'UndefinedTable'
"""

from __future__ import annotations

from psycopg2 import _exceptions, errorcodes

# By the first characters of the code, the longest first.
_BASES = [
    ("57014", _exceptions.QueryCanceledError),
    ("0A", _exceptions.NotSupportedError),
    ("08", _exceptions.OperationalError),
    ("0", _exceptions.DatabaseError),
    ("10", _exceptions.DatabaseError),
    ("20", _exceptions.ProgrammingError),
    ("21", _exceptions.ProgrammingError),
    ("22", _exceptions.DataError),
    ("23", _exceptions.IntegrityError),
    ("24", _exceptions.InternalError),
    ("25", _exceptions.InternalError),
    ("26", _exceptions.OperationalError),
    ("27", _exceptions.OperationalError),
    ("28", _exceptions.OperationalError),
    ("2", _exceptions.InternalError),
    ("34", _exceptions.OperationalError),
    ("3D", _exceptions.ProgrammingError),
    ("3F", _exceptions.ProgrammingError),
    ("3", _exceptions.InternalError),
    ("40", _exceptions.TransactionRollbackError),
    ("4", _exceptions.ProgrammingError),
    ("5", _exceptions.OperationalError),
    ("F", _exceptions.InternalError),
    ("H", _exceptions.OperationalError),
    ("P", _exceptions.InternalError),
    ("X", _exceptions.InternalError),
]
# Conditions that share their names with others or with DB-API's classes.
_NAMES = {
    "38002": "ModifyingSqlDataNotPermittedExt",
    "38003": "ProhibitedSqlStatementAttemptedExt",
    "38004": "ReadingSqlDataNotPermittedExt",
    "39004": "NullValueNotAllowedExt",
    "XX000": "InternalError_",
}


def lookup(code: str) -> type[_exceptions.Error]:
    """The class of a code.

    Raises:
        KeyError: There is no such code.
    """
    return sqlstate_errors[code]


def base_of(code: str | None) -> type[_exceptions.Error]:
    """The DB-API's class that errors of this code belong to, be it known or not."""
    for start, base in _BASES:
        if code is not None and code.startswith(start):
            return base
    return _exceptions.DatabaseError


def class_of(code: str | None) -> type[_exceptions.Error]:
    """The class to raise for a code."""
    return sqlstate_errors.get(code or "") or base_of(code)


def _define() -> dict[str, type[_exceptions.Error]]:
    classes: dict[str, type[_exceptions.Error]] = {}
    for constant, code in vars(errorcodes).items():
        # Classes of codes have two characters; 00 and 01 are no errors.
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
        for name, one in vars(_exceptions).items()
        if isinstance(one, type) and one.__module__ in {"psycopg2", "psycopg2.extensions"}
    }
)
globals().update({one.__name__: one for one in sqlstate_errors.values()})
