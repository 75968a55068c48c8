"""Types with global ids, and the fields that find their objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from puff._collections.django_sql import source_of
from puff._collections.inputs import argument
from puff._django.types import key_of, model_type_of
from puff._errors import SchemaProblem
from puff._types.nodes import Node

if TYPE_CHECKING:
    from puff._types.annotations import Scope
    from puff._types.refs import NamedType, TypeRef
    from puff._types.types import Registry


def id_source(named: NamedType) -> dict[str, Any]:
    """Gives the source of the id that a type has from `Node`: its model's key, with the type's name before it.

    Raises:
        SchemaProblem: The key has several columns.
    """
    model = model_type_of(named.python)
    key = ["id"] if model is None else key_of(model.model)
    if len(key) > 1:
        raise SchemaProblem(
            f"{named.name} inherits from graphql.Node, and the key of its model has the columns {', '.join(key)}",
            named.place,
            "Leave graphql.Node out: a global id is of one column.",
        )
    source: dict[str, Any] = {"kind": "column", "column": key[0]}
    return source if named.kind == "interface" else {**source, "globalId": named.name}


def node_field(ref: TypeRef, scope: Scope) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Gives the arguments and the source of a field that finds objects; `describe_nodes` adds the types to it.

    Raises:
        SchemaProblem: Its type is another than `Node`.
    """
    item = ref if ref.item is None else ref.item
    if item.name != Node.__name__:
        raise SchemaProblem(
            f"{scope.where} finds objects by their global ids, and its type is {ref}",
            scope.place,
            "Write graphql.Node | None, or list[graphql.Node].",
        )
    args = [
        argument("id", "ID!", "The ID of the object.")
        if ref.item is None
        else argument("ids", "[ID!]!", "The IDs of the objects.")
    ]
    return args, {"kind": "nodes", "types": {}}


def describe_nodes(registry: Registry) -> None:
    """Says of which types the objects are that have global ids, once all types are known."""
    types: dict[str, Any] = {}
    for named in registry.types.values():
        model = model_type_of(named.python)
        if named.kind == "object" and model is not None and issubclass(named.python, Node):
            queryset = model.model._base_manager.all()  # noqa: SLF001  # Django's documented name
            types[named.name] = {"source": source_of(queryset), "key": key_of(model.model)[0]}
    for named in registry.types.values():
        for field in named.description.get("fields", ()):
            if field.get("source", {}).get("kind") == "nodes":
                if not types:
                    raise SchemaProblem(
                        f"{named.name}.{field['name']} finds objects by their global ids, and no type has any",
                        field["place"],
                        "Decorate a class that inherits from graphql.Node with @graphql.django_type(Model).",
                    )
                field["source"]["types"] = types
