"""The classes that filters and orders are written as: their attributes, and the rows that they read."""

from __future__ import annotations

from dataclasses import dataclass, is_dataclass
from typing import TYPE_CHECKING, Any, Literal

from puff._collections.declare import Function
from puff._collections.model_rows import ModelRows
from puff._collections.plain_rows import PlainRows
from puff._errors import SchemaProblem
from puff._types.annotations import annotations_of, class_scope
from puff._types.markers import FieldOptions, merge_options
from puff._types.refs import Use
from puff._types.source import member_doc, place_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from puff._collections.rows import Rows
    from puff._types.annotations import Scope
    from puff._types.types import Registry


@dataclass(frozen=True)
class Attribute:
    """An attribute of a filter's or an order's class."""

    name: str
    annotation: Any
    scope: Scope
    options: FieldOptions
    """What is said of it beside its annotation."""
    owner: str

    @property
    def pascal(self) -> str:
        """The name as names of types have it."""
        return "".join(part[:1].upper() + part[1:] for part in self.name.split("_"))

    def use(self, kind: Literal["input", "output"]) -> Use:
        """Gives what its type is used as."""
        return Use(kind, self.scope, self.owner + self.pascal)


def attributes(cls: type, where: str) -> Iterator[Attribute]:
    """Gives the annotated attributes of a class, those that it inherits first."""
    found: dict[str, Attribute] = {}
    for owner in reversed(cls.__mro__):
        if owner is object:
            continue
        for name, annotation in annotations_of(owner).items():
            if not name.startswith("_"):
                scope = class_scope(owner, f"{where}.{name}", place_of(owner, name))
                mark = vars(owner).get(name)
                doc = FieldOptions(description=member_doc(owner, name))
                options = merge_options((doc, mark.options)) if isinstance(mark, Function) else doc
                found[name] = Attribute(name, annotation, scope, options, cls.__name__)
    yield from found.values()


def rows_of(registry: Registry, target: Any, cls: type) -> Rows:
    """Gives the rows of a model or of a dataclass.

    Args:
        registry: The types met so far.
        target: The model or the dataclass.
        cls: The class that was told of it.

    Raises:
        SchemaProblem: It is neither.
    """
    known = registry.rows.get(target)
    if known is None:
        if hasattr(target, "_meta") and hasattr(target, "_base_manager"):
            known = ModelRows(target)
        elif isinstance(target, type) and is_dataclass(target):
            known = PlainRows(target)
        else:
            raise SchemaProblem(
                f"{cls.__name__} is for {target!r}, which is neither a Django model nor a dataclass",
                place_of(cls),
                "Give it the model, or the dataclass of the plan's rows.",
            )
        registry.rows[target] = known
    return known


def check_target(cls: type, model: Any, attribute: Attribute) -> None:
    """Raises SchemaProblem unless a filter or an order is one of a model's rows."""
    spec = getattr(cls, "__puff_filter__", None) or getattr(cls, "__puff_order__", None)
    target = getattr(spec, "target", None)
    if not (isinstance(target, type) and issubclass(model, target)):
        raise SchemaProblem(
            f"{attribute.scope.where} is the {cls.__name__} of {getattr(target, '__name__', target)}, "
            f"and the rows are of {model.__name__}",
            attribute.scope.place,
            f"Decorate a class for {model.__name__}.",
        )
