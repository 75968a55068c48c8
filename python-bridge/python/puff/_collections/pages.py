"""The types and arguments by which clients ask for a part of a collection, named as strawberry-django names them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from puff._collections.inputs import argument, made_type

if TYPE_CHECKING:
    from puff._types.types import Registry


def page_type(
    registry: Registry, form: str, item: str, name: str, more: list[dict[str, Any]], place: str | None
) -> str:
    """Adds the type of a page or a connection, unless it is there.

    Args:
        registry: The types met so far.
        form: `page` or `connection`.
        item: Name of the items' type.
        name: Begins the names of the types.
        more: Fields for aggregates.
        place: The collection, for messages.

    Returns:
        Its name.

    Raises:
        SchemaProblem: Another type has the name.
    """
    if form == "page":
        fields = [
            part_field("pageInfo", f"{_offset_info(registry)}!", "pageInfo", "Which part of the items this is."),
            part_field("totalCount", "Int!", "totalCount", "How many items there are on all pages."),
            part_field("results", f"[{item}!]!", "items", "The items of this page."),
            *more,
        ]
        return object_type(registry, f"{name}OffsetPaginated", "A page of items.", fields, place)
    edge = [
        part_field("cursor", "String!", "cursor", "The item's place in the order."),
        part_field("node", f"{item}!", "row", "The item."),
    ]
    edge_type = object_type(registry, f"{name}Edge", "An item of a connection, and its place.", edge, place)
    fields = [
        part_field("pageInfo", f"{_page_info(registry)}!", "pageInfo", "Which part of the items this is."),
        part_field("edges", f"[{edge_type}!]!", "edges", "The items of this part, with their places."),
        part_field("nodes", f"[{item}!]!", "items", "The items of this part."),
        part_field("totalCount", "Int", "totalCount", "How many items there are in all parts."),
        *more,
    ]
    return object_type(registry, f"{name}Connection", "A connection to a list of items.", fields, place)


def page_arguments(registry: Registry, form: str) -> list[dict[str, Any]]:
    """Gives the arguments by which clients say which part they want."""
    if form == "connection":
        return [
            argument("before", "String", "Items before this cursor."),
            argument("after", "String", "Items after this cursor."),
            argument("first", "Int", "How many items to take from the start."),
            argument("last", "Int", "How many items to take from the end."),
        ]
    fields = [
        argument("offset", "Int!", "How many items to pass over.", defaultValue=0),
        argument("limit", "Int", "How many items to give."),
    ]
    name = made_type(registry, "input", "OffsetPaginationInput", "Which part of the items is wanted.", fields=fields)
    return [argument("pagination", name)]


def column_field(name: str, type_: str, description: str | None, column: str) -> dict[str, Any]:
    """Gives a field that is a column."""
    return _field(name, type_, description, {"kind": "column", "column": column})


def part_field(name: str, type_: str, part: str, description: str | None) -> dict[str, Any]:
    """Gives a field that is a part of a page."""
    return _field(name, type_, description, {"kind": "page", "part": part})


def object_type(
    registry: Registry, name: str, description: str | None, fields: list[dict[str, Any]], place: str | None = None
) -> str:
    """Adds an object type that Python made up, unless it is there."""
    return made_type(registry, "object", name, description, place, interfaces=[], fields=fields)


def _offset_info(registry: Registry) -> str:
    fields = [
        column_field("offset", "Int!", "How many items were passed over.", "offset"),
        column_field("limit", "Int", "The most items of a page.", "limit"),
    ]
    return object_type(registry, "OffsetPaginationInfo", "Which part of the items a page is.", fields)


def _page_info(registry: Registry) -> str:
    fields = [
        column_field("hasNextPage", "Boolean!", "Whether more items follow.", "hasNextPage"),
        column_field("hasPreviousPage", "Boolean!", "Whether there are items before these.", "hasPreviousPage"),
        column_field("startCursor", "String", "The first item's cursor.", "startCursor"),
        column_field("endCursor", "String", "The last item's cursor.", "endCursor"),
    ]
    return object_type(registry, "PageInfo", "Which part of the items this is.", fields)


def _field(name: str, type_: str, description: str | None, source: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": name, "type": type_, "description": description, "deprecation": None, "args": [], "source": source,
        "place": None,
    }  # fmt: skip
