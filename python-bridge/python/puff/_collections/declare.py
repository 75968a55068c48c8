"""What users write of filters and orders."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from puff._types.markers import FieldOptions, function_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

ClassT = TypeVar("ClassT", bound=type)
FunctionT = TypeVar("FunctionT")


class Ordering(enum.Enum):
    """In which direction clients order. Postgres puts nulls last when ascending, and first when descending."""

    ASC = "ASC"
    ASC_NULLS_FIRST = "ASC_NULLS_FIRST"
    ASC_NULLS_LAST = "ASC_NULLS_LAST"
    DESC = "DESC"
    DESC_NULLS_FIRST = "DESC_NULLS_FIRST"
    DESC_NULLS_LAST = "DESC_NULLS_LAST"


@dataclass(frozen=True)
class FilterType:
    """What `filter_type` was told."""

    target: Any
    name: str
    lookups: bool | Mapping[str, bool | Sequence[str]]
    description: str | None


@dataclass(frozen=True)
class OrderType:
    """What `order_type` was told."""

    target: Any
    name: str
    description: str | None


@dataclass(frozen=True)
class Function:
    """What `filter_field` or `order_field` was told of a function, or of the attribute whose default it is."""

    kind: str
    options: FieldOptions = field(default_factory=FieldOptions)

    def __call__(self, function: FunctionT) -> FunctionT:
        """Marks a function."""
        vars(function_of(function))["__puff_input__"] = self
        return function


def filter_type(
    target: Any,
    *,
    lookups: bool | Sequence[str] | Mapping[str, bool | Sequence[str]] = False,
    name: str | None = None,
    description: str | None = None,
) -> Callable[[ClassT], ClassT]:
    """Makes a class the input type by which clients filter a collection.

    An attribute annotated with `auto` is a column: of a model, or of the class of a plan's rows. Clients give the value
    that it equals, or, with lookups, an object such as `{gte: 10}`. An attribute with the name of a relation, as
    instances or queries have it, and another filter's type, such as `question: QuestionFilter | None`, holds for rows
    that have a related row for which that filter holds. `AND`, `OR`, `NOT` and `DISTINCT` come of themselves.

    Args:
        target: The model, or the dataclass of the rows.
        lookups: Whether columns have lookups; or the names of those that have; or their names with the lookups that
            each has. Regular expressions are had only by their names: `{"text": ["exact", "regex"]}`.
        name: The type's GraphQL name. Default: the class's.
        description: For the schema's readers. Default: the docstring.

    Returns:
        A decorator.

    Example:
        >>> @filter_type(models.Choice, lookups=True)  # doctest: +SKIP
        ... class ChoiceFilter:
        ...     text: auto
        ...     votes: auto
        ...     question: QuestionFilter | None
    """
    chosen: bool | Mapping[str, bool | Sequence[str]]
    if isinstance(lookups, bool):
        chosen = lookups
    elif isinstance(lookups, str):
        chosen = {lookups: True}
    elif hasattr(lookups, "items"):
        chosen = dict(lookups.items())  # type: ignore[union-attr]  # a mapping has them
    else:
        chosen = dict.fromkeys(lookups, True)

    def decorate(cls: ClassT) -> ClassT:
        setattr(cls, "__puff_filter__", FilterType(target, name or cls.__name__, chosen, description))  # noqa: B010  # pyright knows no such attribute
        return cls

    return decorate


def order_type(target: Any, *, name: str | None = None, description: str | None = None) -> Callable[[ClassT], ClassT]:
    """Makes a class the input type by which clients order a collection: each item of their list names one attribute.

    An attribute annotated with `auto` is a column. One with the name of a relation to one row and another order's type,
    such as `question: QuestionOrder | None`, orders by that row.

    Args:
        target: The model, or the dataclass of the rows.
        name: The type's GraphQL name. Default: the class's.
        description: For the schema's readers. Default: the docstring.

    Returns:
        A decorator.

    Example:
        >>> @order_type(models.Choice)  # doctest: +SKIP
        ... class ChoiceOrder:
        ...     votes: auto
        ...     question: QuestionOrder | None
    """

    def decorate(cls: ClassT) -> ClassT:
        setattr(cls, "__puff_order__", OrderType(target, name or cls.__name__, description))  # noqa: B010  # pyright knows no such attribute
        return cls

    return decorate


def filter_field(
    function: Any = None, *, name: str | None = None, description: str | None = None, deprecation: str | None = None
) -> Any:
    """Makes a function of a filter's class a filter of its own; or says more of an attribute, as its default.

    A function is called once, when the schema loads, with a symbol of the value. It returns a `Q`, a QuerySet of the
    model, or SQL: `sql("row.votes >= $1", value)`. A function of a `bool` is called with True and with False. It may
    take `self`, `prefix` and `queryset`, too.

    Args:
        function: The function; its parameter `value` says the input's type.
        name: The filter's GraphQL name.
        description: For the schema's readers. Default: the docstring.
        deprecation: Why it is deprecated.

    Returns:
        The function, or a decorator, which is an attribute's default as well.

    Example:
        >>> class ChoiceFilter:
        ...     text: auto = filter_field(name="contents")
        ...
        ...     @filter_field
        ...     def at_least(value: int) -> Q:
        ...         return Q(votes__gte=value)
    """
    return _mark("filter", function, FieldOptions(description, deprecation, name))


def order_field(
    function: Any = None, *, name: str | None = None, description: str | None = None, deprecation: str | None = None
) -> Any:
    """Makes a function of an order's class an order of its own; or says more of an attribute, as its default.

    A function is called once, when the schema loads. It returns a Django expression, the path of a field, or SQL:
    `sql("row.votes * 2")`. If it takes `value`, `value.resolve(path)` gives what to return, too.

    Args:
        function: The function.
        name: The order's GraphQL name.
        description: For the schema's readers. Default: the docstring.
        deprecation: Why it is deprecated.

    Returns:
        The function, or a decorator, which is an attribute's default as well.

    Example:
        >>> class ChoiceOrder:
        ...     @order_field
        ...     def length() -> Length:
        ...         return Length("text")
    """
    return _mark("order", function, FieldOptions(description, deprecation, name))


def _mark(kind: str, function: Any, options: FieldOptions) -> Any:
    mark = Function(kind, options)
    return mark if function is None else mark(function)


def filter_of(cls: Any) -> FilterType | None:
    """Gives what `filter_type` was told for a class."""
    return vars(cls).get("__puff_filter__") if isinstance(cls, type) else None


def order_of(cls: Any) -> OrderType | None:
    """Gives what `order_type` was told for a class."""
    return vars(cls).get("__puff_order__") if isinstance(cls, type) else None


def functions_of(cls: type, kind: str) -> dict[str, tuple[Any, Function]]:
    """Gives the functions of a class that are filters or orders of their own, by their names."""
    found: dict[str, tuple[Any, Function]] = {}
    for owner in reversed(cls.__mro__):
        for name, member in vars(owner).items():
            mark = getattr(function_of(member), "__dict__", {}).get("__puff_input__")
            if mark is not None and mark.kind == kind:
                found[name] = (function_of(member), mark)
    return found
