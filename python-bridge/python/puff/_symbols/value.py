"""Symbols for values that a request brings: its arguments, and claims of the caller."""

from __future__ import annotations

import inspect
from typing import Any, NoReturn, TypeAlias

from puff._errors import NeedsArgument
from puff._symbols.clauses import clause_of, expression_of

Path: TypeAlias = "str | tuple[str, ...]"
"""Of an argument: GraphQL names with dots between them. Of a claim: its keys."""

SYMBOLIC = frozenset(("Int", "BigInt", "Float", "String", "ID", "Decimal", "UUID"))
"""Scalars whose values have symbols. The others' are always looked at: a Boolean is compared by `is`."""


class Symbol:
    """Stands for a value that a request brings, and fits wherever a statement's parameter does.

    Any other use needs the value.

    Attributes:
        parameter: How the plan names it: `{"argument": path, "as": kind}` or `{"claim": path, "as": kind}`.
    """

    __slots__ = ("_needed", "_path", "parameter")

    def __init__(self, parameter: dict[str, Any], path: Path, needed: dict[Path, None]) -> None:
        self.parameter = parameter
        self._path = path
        self._needed = needed

    def need(self, *_: Any, **__: Any) -> NoReturn:
        """Notes that the value is needed; the note outlives a resolver's `except BaseException`."""
        self._needed[self._path] = None
        raise NeedsArgument(self._path)

    def resolve_expression(self, *_: Any, **__: Any) -> Any:
        """Gives what stands for it in a Django QuerySet."""
        return expression_of(self, many=False)

    def __clause_element__(self) -> Any:
        """Gives what stands for it in a SQLAlchemy statement."""
        return clause_of(self, many=False)

    def __getattr__(self, attribute: str) -> NoReturn:
        """Needs the value for whatever it has."""
        if _asked_by_sqlalchemy():
            raise AttributeError(attribute)
        self.need()

    # `isinstance(argument, int)` asks here, and must not be told that it is none.
    @property
    def __class__(self) -> type:  # type: ignore[override]  # object's own is not a property
        """Needs the value, whose class it would be."""
        return Symbol if _asked_by_sqlalchemy() else self.need()

    @__class__.setter
    def __class__(self, _cls: type) -> None:
        self.need()


def _asked_by_sqlalchemy() -> bool:
    """Tells whether it is SQLAlchemy that asks what a symbol is: only then does it ask for its `__clause_element__`."""
    frame = inspect.currentframe()
    caller = frame and frame.f_back and frame.f_back.f_back
    return caller is not None and caller.f_globals.get("__name__", "").startswith("sqlalchemy.")


def _needing(symbol: Symbol, *_: Any, **__: Any) -> NoReturn:
    symbol.need()


_TELLING = {"__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__", "__hash__", "__str__", "__repr__", "__format__"}
KEPT = frozenset(dir(object)) - _TELLING
"""Names that every object has and that say nothing of its value."""

for _name in {name for cls in (int, float, str, list) for name in dir(cls) if name.startswith("__")} - KEPT:
    setattr(Symbol, _name, _needing)
