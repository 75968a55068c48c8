"""Groups of collections are described: a type of keys, inputs over aggregates, and what each key is of a row."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from puff._errors import SchemaProblem
from sdl import print_sdl
from test_aggregates import BOOKS
from test_collections import HEAD, TAIL, shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Loaded

pytestmark = pytest.mark.usefixtures("library")

FIELD = (
    '"Which groups are wanted." having: BookHaving, "By their keys, unless this says otherwise." '
    "ordering: [BookGroupOrder!]! = [], pagination: OffsetPaginationInput): [BookGroupedAggregates!]!"
)
INPUTS = """\
input BookHaving {
  \"""How many items there are.\"""
  count: IntComparisonFilterLookup
  sum: BookSumHaving
  max: BookMaxHaving
  AND: [BookHaving!]
  OR: [BookHaving!]
  NOT: BookHaving
}
"""


def test_groups_have_keys_and_are_chosen_and_ordered_by_aggregates(load: Callable[..., Loaded]) -> None:
    page = """books: graphql.OffsetPaginated[Book] = graphql.paged(
        aggregates={"pages": ["sum"], "moment": ["max"], "title": ["max"]},
        group_by={"pages": (), "moment": ["month", "hour"], "id": ()})"""
    loaded = load(HEAD + BOOKS.format(page) + TAIL)
    sdl = print_sdl(loaded.description)
    assert FIELD in sdl
    assert INPUTS in sdl
    assert "enum BookGroupBy {\n  PAGES\n  MOMENT_MONTH\n  MOMENT_HOUR\n  ID\n}" in sdl
    assert "{\n  pages: Int\n  moment_month: Date\n  moment_hour: DateTime\n  id: ID\n}" in sdl
    assert "input BookMaxHaving {\n  moment: DateTimeComparisonFilterLookup\n}" in sdl
    groups = loaded.type("Query")["fields"][0]["collection"]["groups"]
    keys = {name: (key["column"], shown(key["sql"])) for name, key in groups["keys"].items()}
    assert keys == {
        "PAGES": ("key_pages", 'R."pages"'),
        "MOMENT_MONTH": ("key_moment_month", "date_trunc('month', R.\"moment\" AT TIME ZONE 'UTC')::date"),
        "MOMENT_HOUR": ("key_moment_hour", "date_trunc('hour', R.\"moment\", 'UTC')"),
        "ID": ("key_id", 'R."id"'),
    }
    having = loaded.description["collections"]["filters"][groups["having"]]
    assert shown(having["count"]["lookups"]["gt"]["sql"]) == "count(*) > <int>"
    assert shown(having["sum"]["lookups"]["pages"]["lookups"]["inList"]["sql"]) == 'sum(R."pages") = ANY(<bigint[]>)'
    orders = loaded.description["collections"]["orderings"]
    assert orders[groups["ordering"]]["keys"] == {"kind": "row", "ordering": "BookGroupKeysOrder"}
    assert shown(orders["BookMaxOrder"]["title"]["sql"]) == 'max(R."title")'


def test_without_aggregates_groups_are_counted(load: Callable[..., Loaded]) -> None:
    field = 'books: graphql.Connection[Book] = graphql.paged(group_by="pages")'
    described = load(HEAD + BOOKS.format(field) + TAIL).description
    names = {named["name"]: [field["name"] for field in named.get("fields", ())] for named in described["types"]}
    assert names["BookGroupedAggregates"] == ["keys", "count"]
    assert names["BookHaving"] == ["count", "AND", "OR", "NOT"]
    assert names["BookGroupOrder"] == ["count", "keys"]


@pytest.mark.parametrize(
    ("group_by", "message"),
    [
        ('["nothing"]', "field Query.books has groups by nothing, which is not a column of the model Book"),
        ('["tags"]', "field Query.books has groups by tags, which is not a column of the model Book"),
        ('["doc"]', "field Query.books has groups by doc, which is JSON"),
        ('{"moment": ["fortnight"]}', "field Query.books has groups by the fortnight of moment, which is DateTime!"),
        ('{"pages": ["month"]}', "field Query.books has groups by the month of pages, which is Int!"),
    ],
)
def test_groups_that_cannot_be_are_refused(group_by: str, message: str, load: Callable[..., Loaded]) -> None:
    field = f"books: graphql.Connection[Book] = graphql.paged(group_by={group_by})"
    with pytest.raises(SchemaProblem) as raised:
        load({"schema.py": HEAD + BOOKS.format(field) + TAIL})
    assert raised.value.message.removesuffix("!") == message.removesuffix("!")
    assert raised.value.place == "schema.py:15"


def test_a_list_has_no_groups(load: Callable[..., Loaded]) -> None:
    with pytest.raises(SchemaProblem, match="is a list, which has no place for groups"):
        load({"schema.py": HEAD + BOOKS.format('books: list[Book] = graphql.paged(group_by="pages")') + TAIL})
