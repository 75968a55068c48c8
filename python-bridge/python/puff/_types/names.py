"""GraphQL's names of what Python names."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from puff._types.markers import FieldOptions


def graphql_name(python: str, options: FieldOptions, camel_case: bool) -> str:
    """Gives a member's GraphQL name."""
    return options.name or (camel(python) if camel_case else python)


def camel(name: str) -> str:
    """Turns `created_at` into `createdAt`.

    Example:
        >>> camel("created_at")
        'createdAt'
    """
    first, *rest = [part for part in name.split("_") if part] or [name]
    return first + "".join(part[0].upper() + part[1:] for part in rest)


def pascal(name: str) -> str:
    """Turns `sort_order` into `SortOrder`."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))
