"""What of the models that a mutation writes its caller may see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from puff._django.types import model_type_of
from puff._django.visible import only_visible, visible_of

if TYPE_CHECKING:
    from puff._types.types import Registry


class Sight:
    """The rows that one caller may see: of each model those that all of its types in the schema show.

    Args:
        registry: The schema's types.
        auth: What `Schema.auth` returned.
    """

    def __init__(self, registry: Registry, auth: Any) -> None:
        self._registry = registry
        self._auth = auth

    def limits(self, model: Any) -> bool:
        """Tells whether there may be rows of a model that the caller doesn't see."""
        return bool(self._types_of(model))

    def of(self, rows: Any) -> Any:
        """Leaves the rows of a QuerySet, or of a manager, that the caller may see."""
        types = self._types_of(rows.model)
        limited = rows.all()
        for cls in types:
            seen = only_visible(limited, cls, self._auth)
            if seen is None:  # of a union
                seen = only_visible(rows.model._base_manager.filter(pk__in=limited.values("pk")), cls, self._auth)  # noqa: SLF001
            limited = seen
        return limited

    def _types_of(self, model: Any) -> list[type]:
        found: list[type] = []
        for named in self._registry.types.values():
            known = model_type_of(named.python) if named.kind == "object" else None
            if known is not None and issubclass(model, known.model) and visible_of(named.python):
                found.append(named.python)
        return found
