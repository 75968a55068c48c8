"""Types with global ids, and the fields that find their objects."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, Any

import pytest
from test_collections import HEAD, TAIL

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Loaded

pytestmark = pytest.mark.usefixtures("library")

NODES = """
@graphql.django_type(models.Author)
class Author(graphql.Node):
    name: auto
@graphql.django_type(models.Book)
class Book(graphql.Node):
    title: auto
    author: Author | None
@dataclass
class Query:
    node: graphql.Node | None = graphql.node()
    nodes: list[graphql.Node] = graphql.node()
"""


def fields_of(loaded: Loaded, name: str) -> dict[str, Any]:
    """Gives the fields of a type by their names."""
    (found,) = (item for item in loaded.description["types"] if item["name"] == name)
    return {field["name"]: field for field in found["fields"]}


def test_types_show_their_names_in_their_ids(load: Callable[[str], Loaded]) -> None:
    loaded = load(HEAD + NODES + TAIL)
    for name in ("Book", "Author"):
        assert fields_of(loaded, name)["id"] | {"place": None} == {
            "name": "id",
            "type": "ID!",
            "description": "The Globally Unique ID of this object.",
            "deprecation": None,
            "args": [],
            "source": {"kind": "column", "column": "id", "globalId": name},
            "place": None,
        }
    assert [item["interfaces"] for item in loaded.description["types"] if item["name"] == "Book"] == [["Node"]]


def test_root_fields_find_objects_of_all_types(load: Callable[[str], Loaded]) -> None:
    fields = fields_of(load(HEAD + NODES + TAIL), "Query")
    assert [(fields[name]["type"], [arg["type"] for arg in fields[name]["args"]]) for name in ("node", "nodes")] == [
        ("Node", ["ID!"]),
        ("[Node!]!", ["[ID!]!"]),
    ]
    source = fields["nodes"]["source"]
    assert source["kind"] == "nodes"
    assert {name: item["key"] for name, item in source["types"].items()} == {"Book": "id", "Author": "id"}
    assert source["types"]["Author"]["source"][0].startswith('SELECT "library_author"."id"')


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("node: Book | None = graphql.node()", "finds objects by their global ids, and its type is Book"),
        ("node: graphql.Node | None = graphql.node()", "and no type has any"),
    ],
)
def test_mistakes(load: Callable[[str], Loaded], query: str, message: str) -> None:
    gc.collect()  # the types of other tests' schemas inherit from Node, too
    book = "@graphql.django_type(models.Book)\nclass Book:\n    id: auto\n"
    with pytest.raises(Exception, match=message):
        load(f"{HEAD}{book}@dataclass\nclass Query:\n    {query}\n{TAIL}")
