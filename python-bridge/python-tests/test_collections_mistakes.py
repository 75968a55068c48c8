"""Mistakes in collections are told when the schema loads, with the line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from puff._errors import SchemaProblem
from test_collections import BOOKS, FILTER, HEAD, ORDER, TAIL

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Loaded

pytestmark = pytest.mark.usefixtures("library")

IN_FILTER = [
    ("nothing: auto", "field Filter.nothing is auto, and the model Book has no nothing"),
    ("title: 'Filter | None'", "field Filter.title is a filter, but title is not a relation of the model Book"),
    ("author: 'Filter | None'", "field Filter.author is the Filter of Book, and the rows are of Author"),
    (
        "@graphql.filter_field\n    def it(value: int): return Q(pages=1 if value > 1 else 2)",
        "filter Filter.it looks at its value, which is not known when the schema loads",
    ),
    (
        "@graphql.filter_field\n    def it(value: datetime.date): return Q(day__year=value.year)",
        "filter Filter.it looks at its value",
    ),
    (
        "@graphql.filter_field\n    def it(value: str): return Q(moment=value)",
        "filter Filter.it looks at its value",
    ),
    (
        "@graphql.filter_field\n    def it(value: int): return Q(nothing=value)",
        "filter Filter.it can't be compiled: FieldError: Cannot resolve keyword 'nothing' into field",
    ),
    ("@graphql.filter_field\n    def it(value: int): return 5", "filter Filter.it can't be compiled: ValueError: it"),
    ("@graphql.filter_field\n    def it(value): return Q()", "filter Filter.it takes no value with a type"),
    (
        "@graphql.filter_field\n    def it(value: int, request): return Q()",
        "filter Filter.it takes request, which it isn't given",
    ),
]
IN_ORDER = [
    ("nothing: auto", "field Order.nothing orders by a column, but the model Book has no nothing"),
    ("tags: auto", "field Order.tags orders by a column, but tags is not a column of the model Book"),
    ("tags: 'Order | None'", "field Order.tags is an order, and tags is a relation to many rows of the model Book"),
    ("@graphql.order_field\n    def it(): return 5", "order Order.it can't be compiled: ValueError: it returns no exp"),
]
ELSEWHERE = [
    (
        '@graphql.filter_type(models.Book, lookups=["pages"])\nclass Filter:\n    title: auto',
        "filter Filter has lookups of pages, which is not an attribute of its class",
        None,
    ),
    (
        "@graphql.filter_type(models.Book)\nclass Filter:\n    ages: auto",
        "field Filter.ages is a column of ranges, and clients give no range as a value",
        9,
    ),
    (
        '@graphql.filter_type(models.Book, lookups={"pages": ["contains"]})\nclass Filter:\n    pages: auto',
        "field Filter.pages can't have the lookup contains",
        9,
    ),
    (
        "@graphql.filter_type(models.Sign)\nclass Filter:\n    text: auto",
        "field Query.books names Filter, which is for Sign, and its items are Book",
        None,
    ),
    ("class Filter: ...", "field Query.books names Filter, which is neither a filter nor an order", None),
]
FIELDS = [
    ("books: graphql.Connection[Book]", "field Query.books is an attribute, and a root type has no object", 18),
    ("books: Book = graphql.paged()", "field Query.books is a collection, and its type", 18),
    ("books: list[int] = graphql.paged()", "field Query.books is a collection of Int!, and items are objects", 18),
    ("books: list[Row] = graphql.paged()", "field Query.books is a collection without a resolver, and no model", 18),
    ("books: list[Book] = graphql.paged(order_by='nothing')", "field Query.books can't have its order: Cannot", 18),
    (
        (
            "@classmethod\n    @graphql.paged(key='a', order_by='b')\n"
            "    def rows(cls, ctx: Context, /) -> list[Row]: ..."
        ),
        "field Query.rows can't have its order: class Row has no column 'b'",
        20,
    ),
    ("books: list[Book] = graphql.paged(default=200)", "field Query.books has default=200 and max=100", 18),
    (
        "@classmethod\n    @graphql.paged()\n    def rows(cls, ctx: Context, /) -> list[Row]: ...",
        "field Query.rows is a collection of Row, and nothing says what identifies a row",
        20,
    ),
    (
        (
            "@classmethod\n    @graphql.paged(key='a')\n"
            "    def rows(cls, ctx: Context, /, first: int) -> graphql.Connection[Row]: ..."
        ),
        "field Query.rows has an argument first, as collections have",
        20,
    ),
    (
        "@classmethod\n    def rows(cls, ctx: Context, /) -> graphql.Connection[Row]: ...",
        "field Query.rows is a page of a collection, and nothing says that it is one",
        19,
    ),
]


@pytest.mark.parametrize(("field", "message"), IN_FILTER)
def test_a_filter_that_cannot_be_names_its_line(field: str, message: str, load: Callable[..., Loaded]) -> None:
    with pytest.raises(SchemaProblem) as raised:
        load({"schema.py": HEAD + FILTER.format(field) + ORDER.format("title: auto") + BOOKS + TAIL})
    assert raised.value.message.startswith(message)
    assert raised.value.place == f"schema.py:{13 if field.startswith('@') else 12}"


@pytest.mark.parametrize(("field", "message"), IN_ORDER)
def test_an_order_that_cannot_be_names_its_line(field: str, message: str, load: Callable[..., Loaded]) -> None:
    with pytest.raises(SchemaProblem) as raised:
        load({"schema.py": HEAD + ORDER.format(field) + FILTER.format("title: auto") + BOOKS + TAIL})
    assert raised.value.message.startswith(message)
    assert raised.value.place == f"schema.py:{13 if field.startswith('@') else 12}"


@pytest.mark.parametrize(("filter_", "message", "line"), ELSEWHERE)
def test_a_filter_that_does_not_fit_is_refused(
    filter_: str, message: str, line: int | None, load: Callable[..., Loaded]
) -> None:
    with pytest.raises(SchemaProblem) as raised:
        load({"schema.py": HEAD + filter_ + ORDER.format("title: auto") + BOOKS + TAIL})
    assert raised.value.message.startswith(message)
    assert line is None or raised.value.place == f"schema.py:{line + 2}"


@pytest.mark.parametrize(("field", "message", "line"), FIELDS)
def test_a_field_that_is_no_collection_is_refused(
    field: str, message: str, line: int, load: Callable[..., Loaded]
) -> None:
    types = "@dataclass\nclass Row:\n    a: int\n@graphql.django_type(models.Book)\nclass Book:\n    id: auto\n"
    with pytest.raises(SchemaProblem) as raised:
        load({"schema.py": f"{HEAD}\n{types}\n@dataclass\nclass Query:\n    {field}\n{TAIL}"})
    assert raised.value.message.startswith(message)
    assert raised.value.place == f"schema.py:{line + 1}"


def test_values_that_a_field_makes_itself_are_refused(load: Callable[..., Loaded]) -> None:
    source = "@graphql.filter_type(models.Sign)\nclass Filter:\n    text: auto\n"
    books = (
        BOOKS.replace("models.Book", "models.Sign").replace("    title: auto\n", "").replace(', ordering="Order"', "")
    )
    with pytest.raises(SchemaProblem, match=r"field Filter.text can't be compared: Turned makes values of its own"):
        load({"schema.py": HEAD + source + books + TAIL})
