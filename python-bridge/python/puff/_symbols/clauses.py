"""What stands for a symbol in Django's QuerySets and in SQLAlchemy's statements. Neither is imported before it asks."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any


def clause_of(symbol: object, *, many: bool) -> Any:
    """Gives what stands for a symbol in a SQLAlchemy statement."""
    sqlalchemy: Any = import_module("sqlalchemy")
    parameter = sqlalchemy.bindparam(None, symbol, type_=sqlalchemy.types.NullType(), unique=True)
    return sqlalchemy.select(sqlalchemy.func.unnest(parameter)) if many else parameter


def expression_of(symbol: object, *, many: bool) -> Any:
    """Gives what stands for a symbol in a QuerySet."""
    return _expression_class()(symbol, many)


@cache
def _expression_class() -> Any:
    expression: Any = import_module("django.db.models").Expression

    class SymbolExpression(expression):
        """Compiles to a parameter that is the symbol, or to the values in the array that it stands for."""

        has_select_fields = True

        def __init__(self, symbol: object, many: bool) -> None:
            super().__init__()
            self.value = symbol
            self.symbol = symbol if many else None

        def as_sql(self, _compiler: Any, _connection: Any) -> tuple[str, list[Any]]:
            return ("%s" if self.symbol is None else "(SELECT unnest(%s))", [self.value])

        def get_group_by_cols(self) -> list[Any]:
            return []  # as Django's Value, which it stands for

        @property
        def identity(self) -> tuple[Any, ...]:
            """Django's own compares the arguments, and a symbol is compared with nothing."""
            return (type(self), id(self.value))

    return SymbolExpression
