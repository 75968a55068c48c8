"""Aggregates of collections are described: a tree of types, and what each of their columns is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from puff._errors import SchemaProblem
from sdl import print_sdl
from test_collections import HEAD, TAIL, shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Loaded

pytestmark = pytest.mark.usefixtures("library")

BOOKS = """
@graphql.django_type(models.Book)
class Book:
    id: auto
@dataclass
class Query:
    {}
"""

TYPES = """\
type BookCountDistinctAggregates {
  pages: Int!
  price: Int!
  moment: Int!
}

type BookSumAggregates {
  pages: BigInt
  price: Decimal
}

type BookAvgAggregates {
  pages: Float
  price: Decimal
}

type BookMinAggregates {
  pages: Int
  price: Decimal
  moment: DateTime
}

type BookMaxAggregates {
  pages: Int
  price: Decimal
  moment: DateTime
}

\"""Over the items of all pages.\"""
type BookAggregates {
  \"""How many items there are.\"""
  count: Int!

  \"""How many different values there are.\"""
  countDistinct: BookCountDistinctAggregates!

  \"""The sum of the values; null if there are none.\"""
  sum: BookSumAggregates!

  \"""The mean of the values.\"""
  avg: BookAvgAggregates!

  \"""The least of the values.\"""
  min: BookMinAggregates!

  \"""The greatest of the values.\"""
  max: BookMaxAggregates!
}
"""


def test_aggregates_are_a_tree_of_types_over_columns(load: Callable[..., Loaded]) -> None:
    page = "books: graphql.OffsetPaginated[Book] = graphql.paged(aggregates=['pages', 'price', 'moment'])"
    loaded = load(HEAD + BOOKS.format(page) + TAIL)
    assert TYPES in print_sdl(loaded.description)
    (field,) = loaded.type("Query")["fields"]
    columns = {name: shown(sql) for name, sql in field["collection"]["aggregates"].items()}
    assert columns["count"] == "count(*)"
    assert columns["countDistinct_moment"] == 'count(DISTINCT R."moment")'
    assert columns["sum_pages"] == 'sum(R."pages")'
    assert columns["avg_pages"] == 'avg(R."pages")::float8'
    assert len(columns) == 1 + 5 + 5 + 3
    parts = {part["name"]: part["source"] for part in loaded.type("BookAggregates")["fields"]}
    assert parts["count"] == {"kind": "column", "column": "count"}
    assert parts["sum"] == {"kind": "page", "part": "row"}
    assert loaded.type("BookSumAggregates")["fields"][0]["source"] == {"kind": "column", "column": "sum_pages"}
    assert loaded.type("BookOffsetPaginated")["fields"][-1]["source"] == {"kind": "page", "part": "aggregates"}


def test_an_author_chooses_the_functions_and_the_names(load: Callable[..., Loaded]) -> None:
    fields = """books: graphql.Connection[Book] = graphql.paged(aggregates={"pages": ["max", "count_distinct"]})
    page: graphql.Connection[Book] = graphql.paged(name="Priced", aggregates=["price"])"""
    described = load(HEAD + BOOKS.format(fields) + TAIL).description
    names = {named["name"]: [field["name"] for field in named.get("fields", ())] for named in described["types"]}
    assert names["BookAggregates"] == ["count", "max", "countDistinct"]
    assert names["PricedConnection"] == ["pageInfo", "edges", "nodes", "totalCount", "aggregates"]
    assert names["PricedAggregates"] == ["count", "countDistinct", "sum", "avg", "min", "max"]


@pytest.mark.parametrize(
    ("field", "message"),
    [
        (
            "books: graphql.Connection[Book] = graphql.paged(aggregates={'title': ['sum']})",
            "field Query.books has sum of title, which is String!",
        ),
        (
            "books: graphql.Connection[Book] = graphql.paged(aggregates=['nothing'])",
            "field Query.books has aggregates of nothing, which is not a column of the model Book",
        ),
        (
            "books: graphql.Connection[Book] = graphql.paged(aggregates=['tags'])",
            "field Query.books has aggregates of tags, which is not a column of the model Book",
        ),
        (
            "books: list[Book] = graphql.paged(aggregates=['pages'])",
            "field Query.books is a list, which has no place for aggregates",
        ),
        (
            (
                "other: graphql.Connection[Book] = graphql.paged()\n"
                "    books: graphql.Connection[Book] = graphql.paged(aggregates=['pages'])"
            ),
            "two collections have a type BookConnection, and not with the same fields",
        ),
    ],
)
def test_aggregates_that_cannot_be_are_refused(field: str, message: str, load: Callable[..., Loaded]) -> None:
    with pytest.raises(SchemaProblem) as raised:
        load({"schema.py": HEAD + BOOKS.format(field) + TAIL})
    assert raised.value.message == message
    assert raised.value.place == f"schema.py:{16 if field.startswith('other') else 15}"
