"""Inputs and mutations of models are described, and what can't work is said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from puff._errors import SchemaProblem
from sdl import print_sdl

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Loaded

pytestmark = pytest.mark.usefixtures("library")

HEAD = """
from dataclasses import dataclass
from library import models
from puff import graphql
from puff.graphql import Context, OperationInfo, auto

@graphql.django_type(models.Book)
class Book:
    title: auto

@graphql.input_type(models.Tag)
class TagInput:
    word: auto
"""
TAIL = """
@dataclass
class Query:
    @classmethod
    def it(cls, ctx: Context, /) -> int:
        return 1

@dataclass
class Schema:
    query: Query
    mutation: Mutation
"""


def of(mutation: str, classes: str = "") -> str:
    """Gives a schema with this class Mutation."""
    return f"{HEAD}{classes}\n@dataclass\nclass Mutation:\n    {mutation}\n{TAIL}"


def test_an_input_has_the_types_of_the_model(load: Callable[..., Loaded]) -> None:
    classes = """
@graphql.input_type(models.Book, ["title", "pages", "sold", "price", "code", "size", "words", "author", "author_id"])
class BookInput:
    tags: auto
"""
    sdl = print_sdl(load(of("add: Book | OperationInfo = graphql.create(BookInput)", classes)).description)
    for line in (
        "title: String!", "pages: Int", "sold: BigInt", "price: Decimal!", "code: UUID!", "size: BookSize!",
        "words: [String!]", "author: OneToManyInput!", "author_id: ID!", "tags: ManyToManyInput",
        "add(data: BookInput!): AddPayload!", "union AddPayload = Book | OperationInfo",
    ):  # fmt: skip
        assert line in sdl, sdl


def test_nothing_is_required_of_a_partial(load: Callable[..., Loaded]) -> None:
    classes = """
@graphql.partial_type(models.Book, ["id", "title", "author", "tags"])
class BookPartial: ...
"""
    sdl = print_sdl(load(of("change: list[Book] = graphql.update(BookPartial)", classes)).description)
    for line in (
        "id: ID\n", "title: String\n", "author: OneToManyInput\n", "change(data: [BookPartial!]!): [Book!]!",
    ):  # fmt: skip
        assert line in sdl, sdl


@pytest.mark.parametrize(
    ("mutation", "classes", "message", "remedy"),
    [
        ("add: int = graphql.create(TagInput)", "", "writes objects of a model, and its type is", "django_type"),
        ("add: Book = graphql.create(TagInput)", "", "its input TagInput is of Tag", "input_type(Book)"),
        (
            "add: Book = graphql.create(Other)",
            "@dataclass\nclass Other:\n    x: int\n",
            "its input Other is of no model",
            "@graphql.input_type(Book)",
        ),
        (
            "change: Book = graphql.update(Partial)",
            "@graphql.partial_type(models.Book)\nclass Partial:\n    title: auto\n",
            "finds objects by id, which Partial does not have",
            'key="…"',
        ),
        (
            "change: Book = graphql.update(Partial, key='title')",
            "@graphql.partial_type(models.Book)\nclass Partial:\n    title: auto\n",
            "finds objects by title, which is not unique",
            'key="…"',
        ),
        (
            "add: Book = graphql.create(Wrong)",
            "@graphql.input_type(models.Book)\nclass Wrong:\n    titel: auto\n",
            "Wrong.titel is not a field of the model Book",
            "It has",
        ),
        (
            "add: Book = graphql.create(Wrong)",
            "@graphql.input_type(models.Book)\nclass Wrong:\n    ages: auto\n",
            "GraphQL doesn't know the type of a IntegerRangeField",
            "ages: str",
        ),
    ],
)
def test_what_can_not_be_written_is_said(
    load: Callable[..., Loaded], mutation: str, classes: str, message: str, remedy: str
) -> None:
    with pytest.raises(SchemaProblem) as raised:
        load(of(mutation, classes))
    assert message in raised.value.message
    assert remedy in raised.value.remedy
    assert raised.value.place is not None
    assert raised.value.place.startswith("schema.py:")


def test_a_query_does_not_write(load: Callable[..., Loaded]) -> None:
    query = "@dataclass\nclass Query:\n    add: Book = graphql.create(TagInput)\n"
    query += "@dataclass\nclass Schema:\n    query: Query\n"
    with pytest.raises(SchemaProblem, match="writes to the database, but Query is not a mutation"):
        load(HEAD + query)


def test_absent_is_false_and_no_default(load: Callable[..., Loaded]) -> None:
    loaded = load("""
@dataclass
class Change:
    title: str | None = graphql.ABSENT

@dataclass
class Query:
    @classmethod
    def it(cls, ctx: Context, /, change: Change, more: int | None = graphql.ABSENT) -> str:
        return f"{change.title!r} {bool(change.title)} {more!r}"

@dataclass
class Schema:
    query: Query
""")
    assert loaded.resolve(args={"change": {}})["value"] == "ABSENT False ABSENT"
    assert loaded.resolve(args={"change": {"title": None}, "more": None})["value"] == "None False None"
    (field,) = loaded.type("Change")["fields"]
    assert "defaultValue" not in field
    assert field["type"] == "String"
