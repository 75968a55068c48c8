"""Which rows of a type a caller may see: conditions that are part of the type."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from puff._django.types import key_of
from puff._errors import PlanError
from puff._parameters.typed import Given
from puff._plans.plan import Plan
from puff._symbols.value import Symbol
from puff._types.source import place_of

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Visible:
    """What a class says of the rows that a caller may see."""

    owner: type
    model: Any
    function: Callable[[Any], Any]

    @property
    def place(self) -> str:
        """Where it is said, for people."""
        return f"{self.owner.__name__} ({place_of(self.owner) or self.owner.__module__})"


def visible_of(cls: Any) -> tuple[Visible, ...]:
    """Gives what `django_type(visible=…)` was told for a class, and for those that it inherits from."""
    if not isinstance(cls, type):
        return ()
    said = [(owner, vars(owner).get("__puff_model__")) for owner in cls.__mro__]
    return tuple(
        Visible(owner, model_type.model, model_type.visible)
        for owner, model_type in said
        if model_type is not None and model_type.visible is not None
    )


def only_visible(rows: Any, cls: type, auth: Any) -> Any:
    """Leaves a QuerySet's rows that a caller may see.

    Args:
        rows: A QuerySet or a manager. A slice becomes one of the visible rows.
        cls: The type that the rows are shown as.
        auth: What `Schema.auth` returned, or what stands for it in a trace.

    Returns:
        The QuerySet; None if it is a union of others, which can't be filtered.

    Raises:
        PlanError: The rows are those of another model.
    """
    rows = rows.all()
    if rows.query.combinator:
        return None
    low, high = rows.query.low_mark, rows.query.high_mark
    if rows.query.is_sliced:
        rows = rows.all()
        rows.query.clear_limits()
    for visible in visible_of(cls):
        if not issubclass(rows.model, visible.model._meta.concrete_model):  # noqa: SLF001  # Django's documented name
            raise PlanError(
                f"{cls.__name__} has visible=, which is said of {visible.model.__name__}, "
                f"and the QuerySet is of {rows.model.__name__}"
            )
        rows = _filtered(rows, visible, auth)
    rows.query.set_limits(low, high)
    return rows


def visible_keys(cls: type, auth: Any) -> Any:
    """Gives a QuerySet of the keys of all rows that a caller may see as a type; None where that is every row."""
    model = visible_of(cls)[0].model
    rows = only_visible(model._base_manager.all(), cls, auth)  # noqa: SLF001  # Django's documented name
    return rows.values(*key_of(model)) if rows.query.where else None


def _filtered(rows: Any, visible: Visible, auth: Any) -> Any:
    models: Any = import_module("django.db.models")
    base = visible.model._base_manager  # noqa: SLF001  # Django's documented name
    said = visible.function(auth)
    if isinstance(said, bool):
        return rows if said else rows.filter(models.Q(pk__in=[]))
    if isinstance(said, models.QuerySet):
        if said.model._meta.concrete_model is not visible.model._meta.concrete_model:  # noqa: SLF001
            raise PlanError(f"visible= of {visible.place} returned a QuerySet of {said.model.__name__}")
        return rows.filter(pk__in=(said if said.query.is_sliced else said.order_by()).values("pk"))
    if type(said) is Plan:
        said = _row_condition(said)
    if not (isinstance(said, models.Q) or getattr(said, "conditional", False)):
        raise PlanError(f"visible= of {visible.place} returned a {type(said).__name__}, not a Q, a QuerySet or sql(…)")
    among = base.filter(said)
    tables = [alias for alias, count in among.query.alias_refcount.items() if count]
    # Over a relation a row would come once for each of its related rows.
    return rows.filter(said) if len(tables) < 2 else rows.filter(pk__in=among.order_by().values("pk"))


_part = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|\brow\.(\w+)|\brow\."((?:[^"]|"")*)"|\$(\d+)|[\s\S]""")


def _row_condition(plan: Plan[Any]) -> Any:
    """Gives SQL on the row, such as `row.tenant = $1`, as a condition of a QuerySet."""
    models: Any = import_module("django.db.models")
    text = ""
    parts: list[Any] = []
    for found in _part.finditer(plan.text):
        name = found[1] or found[2]
        if name is not None:
            parts.append(models.F(name))
        elif found[3] is not None:
            parts.append(_value_class()(plan.params[int(found[3]) - 1]))
            # Formatted twice.
        text += "%s" if name is not None or found[3] is not None else found[0].replace("%", "%%%%")
    return _condition_class()(text, parts)


@cache
def _condition_class() -> Any:
    models: Any = import_module("django.db.models")

    class RowCondition(models.Func):
        """Compiles to SQL with columns and values in its places."""

        def __init__(self, text: str, parts: list[Any]) -> None:
            super().__init__(*parts, output_field=models.BooleanField())
            self.text = text

        def as_sql(self, compiler: Any, _connection: Any) -> tuple[str, list[Any]]:
            compiled = [compiler.compile(part) for part in self.source_expressions]
            text = self.text % tuple(sql for sql, _ in compiled)
            return f"({text})", [value for _, values in compiled for value in values]

        @property
        def identity(self) -> tuple[Any, ...]:
            """Django's own compares the values, and a symbol is compared with nothing."""
            return (type(self), id(self))

    return RowCondition


@cache
def _value_class() -> Any:
    models: Any = import_module("django.db.models")

    class RowValue(models.Expression):
        """Compiles to a parameter that is typed already, or to a symbol."""

        def __init__(self, parameter: Any) -> None:
            super().__init__(output_field=models.TextField())
            self.value = Symbol(parameter, "", {}) if isinstance(parameter, dict) else Given(parameter)

        def as_sql(self, _compiler: Any, _connection: Any) -> tuple[str, list[Any]]:
            return "%s", [self.value]

        @property
        def identity(self) -> tuple[Any, ...]:
            """As that of a condition."""
            return (type(self), id(self.value))

    return RowValue
