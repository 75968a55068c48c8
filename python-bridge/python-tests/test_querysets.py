"""QuerySets become statements."""

from __future__ import annotations

import re
from typing import Any

import pytest
from puff._orm.querysets import compile_queryset
from puff._symbols.parents import parents

pytestmark = pytest.mark.usefixtures("library")


def books() -> Any:
    """Gives the books of the parents, the longest first."""
    from library.models import Book

    return Book.objects.filter(author__in=parents["id"]).order_by("-pages", "id")


@pytest.mark.parametrize(
    ("part", "condition", "bounds"),
    [
        (slice(3), "$2 AND $3", ["0", "3"]),
        (slice(2, 5), "$2 AND $3", ["2", "5"]),
        (slice(2, None), "$2", ["2"]),
    ],
)
def test_a_slice_of_a_child_is_one_for_each_parent(part: slice, condition: str, bounds: list[str]) -> None:
    query = compile_queryset(books()[part])
    window = re.search(r"ROW_NUMBER\(\) OVER \((.*?)\) AS", query.text)
    assert window is not None
    assert window[1] == (
        'PARTITION BY "library_book"."author_id" ORDER BY "library_book"."pages" DESC, "library_book"."id" ASC'
    )
    chosen = re.search(r'"qualify" WHERE \(?(.*?)\)? \) "qualify_mask"', query.text)
    assert chosen is not None
    assert re.sub(r'"qual0" [<>]=? ', "", chosen[1]) == condition
    assert "LIMIT" not in query.text
    assert [param.typed[1] for param in query.params[1:]] == bounds
    assert (query.parent_keys, query.child_keys) == (("id",), ("author_id",))


def test_a_slice_without_parents_is_one_of_all_rows() -> None:
    from library.models import Tag

    assert compile_queryset(Tag.objects.order_by("id")[2:5]).text.endswith("LIMIT 3 OFFSET 2")
