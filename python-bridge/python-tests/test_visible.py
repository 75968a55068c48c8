"""Types that say who sees which of their rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from puff._resolve.resolving import resolve_call
from test_collections import HEAD

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Loaded

pytestmark = pytest.mark.usefixtures("library")

TYPES = """
from django.db.models import Q
@dataclass
class Caller:
    name: str
    staff: bool = False

@graphql.filter_type(models.Author, lookups=True)
class AuthorFilter:
    name: auto
    books: auto

@graphql.filter_type(models.Book)
class BookFilter:
    author: AuthorFilter

@graphql.django_type(models.Author, visible=lambda auth: Q(name=auth.name))
class Author:
    name: auto

@graphql.django_type(models.Book, visible=VISIBLE)
class Book:
    title: auto
    author: Author | None

@dataclass
class Query:
    books: list[Book] = graphql.paged(filters=BookFilter)

    @classmethod
    @sql("SELECT * FROM library_book WHERE id = $1", args=["id"])
    def book(cls, ctx: Context, /, id: int) -> Plan[Book | None]: ...

@dataclass
class Schema:
    query: Query
"""


def schema(visible: str) -> str:
    """Gives a schema whose books are visible so."""
    return HEAD + TYPES.replace("VISIBLE", visible)


def plan_of(loaded: Loaded, field: str, auth: Any, *, trace: bool = False, **args: Any) -> dict[str, Any]:
    """Calls a resolver for a caller."""
    call = {"field": field, "args": args, "parents": "root", "selection": None, "trace": trace}
    return resolve_call(loaded.runtime, call, auth, None)


def test_filters_and_plans_say_what_limits_them(load: Callable[..., Loaded]) -> None:
    loaded = load(schema("lambda auth: Q(public=True)"))
    filters = loaded.description["collections"]["filters"]
    assert filters["BookFilter"]["author"]["related"]["visible"] == ["Author"]
    assert filters["BookFilter"]["author"]["related"]["identity"] == ["id"]
    assert filters["AuthorFilter"]["books"]["related"]["visible"] == ["Book"]
    assert loaded.type("Book")["visible"].startswith("Book (")
    assert "visible" not in loaded.type("Query")
    fields = {field["name"]: field["source"] for field in loaded.type("Query")["fields"]}
    assert fields["books"] == fields["book"] == {"kind": "resolver", "pure": True, "plan": None}


@pytest.mark.parametrize(
    ("visible", "condition", "params"),
    [
        ("lambda auth: Q(title=auth.name)", '."title" = ($2)', [{"claim": ("name",), "as": "str"}]),
        ('lambda auth: sql("row.title = $1 OR row.author_id = 3", auth.name)', '."title" = $2 OR ', None),
        ("lambda auth: models.Book.objects.filter(title=auth.name)", '."title" = ($2)', None),
        ("lambda auth: auth.name == 'x'", "WHERE 0 = 1", []),
        ("lambda auth: Q(tags__word=auth.name)", '."word" = ($2)', None),
    ],
)
def test_a_static_plan_is_limited_by_its_keys(
    load: Callable[..., Loaded], visible: str, condition: str, params: list[Any] | None
) -> None:
    loaded = load(schema(visible))
    caller = vars(__import__("schema"))["Caller"]("ada")
    traced = plan_of(loaded, "Query.book", caller, trace=True, id=1)
    assert traced["kind"] == "traced"
    text = traced["plan"]["text"]
    assert text.startswith("SELECT puff_shown.* FROM (SELECT * FROM library_book WHERE id = $1\n)")
    assert condition in text
    assert list(traced["plan"]["visible"]) == ["Book"]
    if params is not None:
        assert traced["plan"]["params"][1:] == params


def test_what_is_visible_to_all_costs_nothing(load: Callable[..., Loaded]) -> None:
    loaded = load(schema("lambda auth: Q() if auth.staff else Q(public=True)"))
    caller = vars(__import__("schema"))["Caller"]
    shown = plan_of(loaded, "Query.book", caller("ada", True), trace=True, id=1)["plan"]
    assert shown["text"] == "SELECT * FROM library_book WHERE id = $1"
    hidden = plan_of(loaded, "Query.books", caller("ada"), trace=True)["plan"]
    assert hidden["text"].endswith('WHERE "library_book"."public"')


@pytest.mark.parametrize(
    ("visible", "message"),
    [
        ("lambda auth: 1", "returned a int, not a Q"),
        ("lambda auth: models.Author.objects.all()", "returned a QuerySet of Author"),
    ],
)
def test_what_says_nothing_fails(load: Callable[..., Loaded], visible: str, message: str) -> None:
    failure = plan_of(load(schema(visible)), "Query.books", None)
    assert failure["kind"] == "failure"
    assert message in failure["error"]["message"]
