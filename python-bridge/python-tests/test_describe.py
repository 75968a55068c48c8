"""Python's types become GraphQL's."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from puff._errors import SchemaProblem
from sdl import print_sdl

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Loaded

_HERE = Path(__file__).parent
SCHEMAS = sorted((_HERE / "schemas").glob("*.py"))
ANNOTATIONS = json.loads((_HERE / "annotations.json").read_text(encoding="utf-8"))

POST = """
@dataclass
class Post:
    id: int
"""

QUERY = """
@dataclass
class Query:
    @classmethod
    def it(cls, ctx: Context, /{parameters}) -> {returns}: ...

@dataclass
class Schema:
    query: Query
"""


def is_for_this_python(schema: Path) -> bool:
    """Tells whether this Python is as new as the schema's first line wants it. Others are left to the gateway's."""
    wanted = re.match(r"# python: 3\.(\d+)\n", schema.read_text(encoding="utf-8"))
    return wanted is None or sys.version_info >= (3, int(wanted[1]))


@pytest.mark.parametrize("schema", list(filter(is_for_this_python, SCHEMAS)), ids=lambda schema: schema.stem)
def test_a_schema_is_described(schema: Path, load: Callable[..., Loaded]) -> None:
    loaded = load({"schema.py": schema.read_text(encoding="utf-8")}, camel_case=schema.stem == "camel_case")
    assert print_sdl(loaded.description) + "\n" == schema.with_suffix(".graphql").read_text(encoding="utf-8")


@pytest.mark.parametrize(("annotation", "type_"), ANNOTATIONS["returned"].items())
def test_a_return_annotation_is_a_type(annotation: str, type_: str, load: Callable[..., Loaded]) -> None:
    query = load(POST + QUERY.format(parameters="", returns=annotation)).type("Query")
    assert [field["type"] for field in query["fields"]] == [type_]


@pytest.mark.parametrize(("parameter", "argument"), ANNOTATIONS["taken"].items())
def test_a_parameter_is_an_argument(parameter: str, argument: str, load: Callable[..., Loaded]) -> None:
    described = load(QUERY.format(parameters=f", {parameter}", returns="int")).description
    assert f"it({argument}): Int!" in print_sdl(described)


@pytest.mark.parametrize("annotation", ["EmptyObject", "None", "Optional[EmptyObject]"])
def test_a_mutation_that_is_nothing_is_absent(annotation: str, load: Callable[..., Loaded]) -> None:
    ending = f"    mutation: {annotation}\n    subscription: {annotation} = None\n"
    described = load(QUERY.format(parameters="", returns="int") + ending).description
    assert [described[root] for root in ("query", "mutation", "subscription")] == ["Query", None, None]


def test_each_field_says_where_its_value_comes_from_and_where_it_is_written(load: Callable[..., Loaded]) -> None:
    source = f"""
@dataclass
class Post:
    id: int
    @classmethod
    def comments(cls, ctx: Context, /) -> Plan[list["Post"]]: ...
    @staticmethod
    @graphql.pure
    def author(ctx: Context, /) -> Plan["Post"]: ...
    @classmethod
    @graphql.borrow_db_context
    def next(cls, ctx: Context, /) -> Plan["Post"]: ...
    def words(self, ctx: Context, /) -> int: ...
    @property
    def slug(self) -> str: ...
{QUERY.format(parameters="", returns="Post")}
    @staticmethod
    def auth(headers): ...
"""
    loaded = load(source)
    assert [(field["name"], field["source"], field["place"]) for field in loaded.type("Post")["fields"]] == [
        ("id", {"kind": "column", "column": "id"}, "schema.py:11"),
        ("comments", {"kind": "resolver", "pure": False, "plan": None}, "schema.py:13"),
        ("author", {"kind": "resolver", "pure": True, "plan": None}, "schema.py:16"),
        ("next", {"kind": "resolver", "pure": False, "plan": None, "borrows": True}, "schema.py:19"),
        ("words", {"kind": "method"}, "schema.py:20"),
        ("slug", {"kind": "column", "column": "slug"}, "schema.py:22"),
    ]
    assert loaded.description["hasAuth"] is True


def test_constraints_have_the_messages_of_the_schema_its_types_and_their_resolvers(load: Callable[..., Loaded]) -> None:
    described = load("""
@graphql.constraint("of_type", "The type says")
@dataclass
class Post:
    id: int
    @staticmethod
    @graphql.constraint("of_static", "The static method says")
    def author(ctx: Context, /) -> Plan["Post"]: ...
@dataclass
class Query:
    @graphql.constraint("of_field", "The field says")
    @graphql.constraint("of_field_too", "And so it does")
    @classmethod
    def it(cls, ctx: Context, /) -> Plan[Post]: ...

@graphql.constraint("of_schema", "The schema says")
@dataclass
class Schema:
    query: Query
    raised_messages = True
""").description
    assert described["constraints"] == {
        "of_type": "The type says",
        "of_static": "The static method says",
        "of_field": "The field says",
        "of_field_too": "And so it does",
        "of_schema": "The schema says",
    }
    assert described["raisedMessages"] is True


def test_constraints_have_one_message_each(load: Callable[..., Loaded]) -> None:
    with pytest.raises(SchemaProblem, match="constraint one has two messages: 'That' and 'This'"):
        load("""
@graphql.constraint("one", "This")
@dataclass
class Query:
    @classmethod
    def it(cls, ctx: Context, /) -> int: ...
@graphql.constraint("one", "That")
@dataclass
class Schema:
    query: Query
""")
