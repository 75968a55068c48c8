"""What users write of a collection: a plan of which clients may ask a part."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from puff._types.attributes import DescribedField
from puff._types.markers import function_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import EllipsisType

ItemT = TypeVar("ItemT")


class OffsetPaginated(Generic[ItemT]):
    """A page of items, with their number: `questions: OffsetPaginated[Question] = paged()`."""


class Connection(Generic[ItemT]):
    """A connection of Relay's: `questions: Connection[Question] = paged()`."""


class Paged(DescribedField):
    """The options of a collection: an attribute of a class that instances are not given, or a decorator."""

    def __init__(
        self,
        filters: type | str | EllipsisType | None,
        ordering: type | str | EllipsisType | None,
        default: int | None,
        max: int | None,
        order_by: Sequence[str],
        key: Sequence[str],
        aggregates: Mapping[str, Sequence[str] | None],
        group_by: Mapping[str, Sequence[str] | None],
        field_name: str | None,
        name: str | None,
    ) -> None:
        super().__init__()
        self.filters = filters
        self.ordering = ordering
        self.size = default
        self.max = max
        self.order_by = order_by
        self.key = key
        self.aggregates = aggregates
        self.group_by = group_by
        self.field_name = field_name
        self.type_name = name

    @property
    def told(self) -> tuple[str, ...]:
        """Columns whose values clients learn of: cursors hold those of the order."""
        return (*self.aggregates, *self.group_by, *(name.lstrip("-") for name in self.order_by))

    def __call__(self, resolver: Any) -> Any:
        """Makes a resolver's plan a collection."""
        vars(function_of(resolver))["__puff_paged__"] = self
        return resolver


def paged(
    *,
    filters: type | str | EllipsisType | None = ...,
    ordering: type | str | EllipsisType | None = ...,
    default: int | None = None,
    max: int | None = 100,
    order_by: str | Sequence[str] = (),
    key: str | Sequence[str] = (),
    aggregates: Sequence[str] | Mapping[str, Sequence[str]] = (),
    group_by: Sequence[str] | Mapping[str, Sequence[str]] = (),
    field_name: str | None = None,
    name: str | None = None,
) -> Any:
    """Makes a field a collection: clients filter it, order it, and ask for a part of it.

    The field's annotation says which form it has: `list[T]`, `OffsetPaginated[T]` or `Connection[T]`. An attribute of a
    class decorated with `django_type` holds the related rows, and one of a root type all rows of the items' model. A
    decorated resolver gives the rows by its plan.

    Args:
        filters: A class decorated with `filter_type`, or its name. Default: the one of the item's `django_type`. None:
            clients can't filter.
        ordering: A class decorated with `order_type`, likewise.
        default: Items where a client doesn't say how many. None: as many as `max`.
        max: The most items that a client may ask for. None: any number.
        order_by: The order where a client asks for none: columns, descending with a `-` before them. Of a model also
            what its QuerySets take. Default: that of the resolver's QuerySet, or of the model.
        key: The column or columns that identify a row. Default: the model's primary key, or `id`.
        aggregates: Columns of which clients may ask aggregates over all pages: `countDistinct`, `sum`, `avg`, `min` and
            `max`, where the type has them; or by each column the names of those. Lists have none.
        group_by: Columns by which clients may group the rows of all pages, to ask `aggregates` of each group; or by
            each column of dates the units to which these are truncated: `{"created": ["month", "year"]}`. Lists have
            none.
        field_name: The model's relation, where the attribute has another name.
        name: Begins the names of the page's types. Default: the item's name.

    Returns:
        A default for an attribute, which also decorates a resolver.

    Example:
        >>> @django_type(models.Question)  # doctest: +SKIP
        ... class Question:
        ...     text: auto
        ...     choices: list[Choice] = paged(filters=ChoiceFilter, ordering=ChoiceOrder, default=20)
    """
    keys = (key,) if isinstance(key, str) else tuple(key)
    order = (order_by,) if isinstance(order_by, str) else tuple(order_by)
    return Paged(
        filters, ordering, default, max, order, keys, _by_column(aggregates), _by_column(group_by), field_name, name
    )


def _by_column(named: Sequence[str] | Mapping[str, Sequence[str]]) -> Mapping[str, Sequence[str] | None]:
    if isinstance(named, Mapping):
        return named
    return dict.fromkeys((named,) if isinstance(named, str) else named)


def paged_of(member: Any) -> Paged | None:
    """Gives what decorates a resolver; None if it is not a collection."""
    return getattr(function_of(member), "__dict__", {}).get("__puff_paged__")
