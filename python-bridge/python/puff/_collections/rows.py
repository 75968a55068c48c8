"""What filters and orders read: the rows of a model, or those of a plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

if TYPE_CHECKING:
    from puff._collections.fragments import Fragment
    from puff._collections.lookups import Lookup
    from puff._collections.values import Kind

Condition: TypeAlias = "dict[str, Any]"
"""A Condition of the schema description."""


class Rows(Protocol):
    """Rows of one kind, as filters and orders see them."""

    @property
    def target(self) -> Any:
        """The model, or the class of the plan's rows."""
        ...

    @property
    def of_model(self) -> bool:
        """Whether they are a model's."""
        ...

    @property
    def name(self) -> str:
        """The target's name, for messages: `the model Choice`."""
        ...

    def names(self) -> list[str]:
        """Gives the names that an attribute of a filter may have."""
        ...

    def annotation(self, name: str) -> Any:
        """Gives the type of a column, without regard to null; None if it is not known.

        Raises:
            KeyError: There is no such column.
        """
        ...

    def range_of(self, name: str) -> Any:
        """Gives the type of what is in the ranges of a column; None if it is not a column of ranges."""
        ...

    def relation(self, name: str) -> Any:
        """Gives a relation of the model's; None if the name is none's."""
        ...

    def compare(self, path: str, lookup: Lookup, kind: Kind) -> Condition:
        """Compares a column, or a part of it, with the client's value.

        Raises:
            ValueError: It can't be compared so; the error says why.
        """
        ...

    def has_related(self, relation: Any, kind: Kind) -> Fragment:
        """Gives the condition that a row of a relation has a key."""
        ...

    def condition(self, made: Any) -> Fragment:
        """Gives what a filter function returned.

        Raises:
            ValueError: It is not a condition.
        """
        ...

    def term(self, path: str) -> tuple[Fragment, bool]:
        """Gives a column to order by, and whether it can be NULL."""
        ...

    def truncated(self, name: str, unit: str) -> Fragment:
        """Gives the beginning of the unit that a column's date is in: a day, or of a minute or an hour a moment."""
        ...

    def expression(self, made: Any) -> Fragment:
        """Gives what an order function returned.

        Raises:
            ValueError: It is not an expression.
        """
        ...


def boolean_condition(when_true: Fragment, when_false: Fragment) -> Condition:
    """Gives the condition of a Boolean."""
    return {"kind": "boolean", "whenTrue": when_true, "whenFalse": when_false}


def sql_condition(fragment: Fragment) -> Condition:
    """Gives the condition that is a fragment."""
    return {"kind": "sql", "sql": fragment}
