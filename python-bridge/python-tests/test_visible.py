"""Types that say who sees which of their rows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from puff import graphql
from puff._errors import SchemaProblem
from puff._plans.context import Context
from puff._plans.trace import WatchedContext
from puff._resolve.resolving import resolve_call
from puff._symbols.parents import Parents
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


ALLOWED = """
from typing import Annotated
@graphql.django_type(models.Author)
class Author:
    name: Annotated[auto, graphql.field(allow=graphql.IsStaff)]

FILTER

@dataclass
class Query:
    authors: graphql.OffsetPaginated[Author] = graphql.paged(OPTIONS)
    FIELD

@dataclass
class Schema:
    query: Query
"""


SILENT = """@classmethod
    @graphql.field(allow=graphql.IsStaff, silent=True)
    def it(cls, ctx: Context, /) -> int: ...
"""

NODE = "node: Annotated[graphql.Node | None, graphql.field(allow=graphql.IsStaff)] = graphql.node()"


@pytest.mark.parametrize(
    ("made", "options", "field", "message"),
    [
        ("@graphql.filter_type(models.Author)\nclass F:\n    name: auto", "filters=F", "", "F asks for name, which"),
        ("@graphql.order_type(models.Author)\nclass F:\n    name: auto", "ordering=F", "", "F asks for name, which"),
        ("", 'aggregates=["name"]', "", "tells of name, which not every caller may have"),
        ("", 'order_by="-name"', "", "tells of name, which not every caller may have"),
        ("", 'group_by=["name"]', "", "tells of name, which not every caller may have"),
        ("", "", SILENT, "is silent where it is not allowed, and it is never null"),
        ("", "", NODE, "finds objects by their ids, and has no resolver that asks who may have it"),
    ],
)
def test_what_would_tell_of_a_column_is_refused(
    load: Callable[..., Loaded], made: str, options: str, field: str, message: str
) -> None:
    text = ALLOWED.replace("FILTER", made).replace("OPTIONS", options).replace("FIELD", field)
    with pytest.raises(SchemaProblem, match=message):
        load(HEAD + text)


@pytest.mark.parametrize(
    ("model", "column", "target", "asked"),
    [("Cafe", "name", "Place", "name"), ("Book", "author_id", "Book", "author")],
)
def test_a_column_is_not_asked_about_by_another_name(
    load: Callable[..., Loaded], model: str, column: str, target: str, asked: str
) -> None:
    text = f"""
from typing import Annotated
@graphql.django_type(models.{model})
class Item:
    {column}: Annotated[auto, graphql.field(allow=graphql.IsStaff)]

@graphql.filter_type(models.{target})
class F:
    {asked}: auto

@dataclass
class Query:
    items: graphql.OffsetPaginated[Item] = graphql.paged(filters=F)

@dataclass
class Schema:
    query: Query
"""
    with pytest.raises(SchemaProblem, match=f"F asks for {asked}, which"):
        load(HEAD + text)


@pytest.mark.parametrize(
    ("rule", "auth", "is_allowed"),
    [
        (graphql.IsAuthenticated, None, False),
        (graphql.IsAuthenticated, {"user_id": None}, False),
        (graphql.IsAuthenticated, {"user_id": 0}, True),
        (graphql.IsAuthenticated, {"user_id": 1, "is_authenticated": False}, False),
        (graphql.IsStaff, {"is_staff": True}, True),
        (graphql.IsStaff, {"is_superuser": True}, True),
        (graphql.IsStaff, {}, False),
        (graphql.HasPerm("a.b", "a.c"), {"permissions": ["a.c"]}, True),
        (graphql.HasPerm("a.b"), {"permissions": ["a.c"]}, False),
        (graphql.HasPerm("a.b"), {"is_superuser": True}, True),
        (graphql.HasPerm("a.b"), None, False),
    ],
)
def test_ready_made_rules(rule: Any, auth: Any, is_allowed: bool) -> None:
    assert rule(Context(Parents(None), auth)) is is_allowed
    watched = WatchedContext(Parents(None), auth, None, "it", ())
    watched.begin({})
    assert rule(watched) is is_allowed
    assert not watched.looked


METHODS = """
@dataclass
class Thing:
    name: str

    @graphql.field(allow=graphql.IsStaff)
    def loud(self) -> str | None:
        return self.name.upper()

    @graphql.field(allow=graphql.IsStaff, silent=True)
    def quiet(self) -> str | None:
        return self.name.lower()

@dataclass
class Query:
    @classmethod
    def things(cls, ctx: Context, /) -> list[Thing]:
        return [Thing("Ada"), Thing("Bob")]

@dataclass
class Schema:
    query: Query
"""


def test_a_method_is_called_for_those_who_may(load: Callable[..., Loaded]) -> None:
    loaded = load(METHODS)
    columns = {"name": {"oid": 25, "texts": ["Ada", "Bob"]}}
    call = {"args": {}, "selection": None, "parents": {"count": 2, "columns": columns}}

    def ask(name: str, auth: Any) -> list[Any]:
        return resolve_call(loaded.runtime, {**call, "field": f"Thing.{name}"}, auth, None)["values"]

    assert ask("loud", {"is_staff": True}) == ["ADA", "BOB"]
    assert ask("quiet", {"is_staff": True}) == ["ada", "bob"]
    assert ask("quiet", None) == [None, None]
    assert [one["e"]["extensions"] for one in ask("loud", None)] == [{"code": "PUFF_PERMISSION_DENIED"}] * 2
    names = {"columns": ["name"], "objects": {}, "methods": []}
    methods = [{"key": f"{name}()", "field": name, "args": {}, "selection": None} for name in ("loud", "quiet")]
    whole = {**call, "field": "Query.things", "parents": "root", "selection": {"Thing": {**names, "methods": methods}}}
    objects = json.dumps(resolve_call(loaded.runtime, whole, None, None))
    assert objects.count("PUFF_PERMISSION_DENIED") == 2
    assert "ADA" not in objects
    assert "ada" not in objects


def test_two_rules_of_a_field_hold_together(load: Callable[..., Loaded]) -> None:
    twice = "    @graphql.field(allow=graphql.IsAuthenticated)\n    @graphql.field(allow=graphql.IsStaff)\n"
    loaded = load(METHODS.replace("    @graphql.field(allow=graphql.IsStaff)\n", twice, 1))
    options = next(one.options for name, one in loaded.runtime.resolvers.items() if name.endswith("loud"))
    assert options is not None
    assert options.allow is not None
    for auth, is_allowed in [
        ({"user_id": 1}, False),
        ({"is_staff": True}, False),
        ({"user_id": 1, "is_staff": True}, True),
    ]:
        assert bool(options.allow(Context(Parents(None), auth))) is is_allowed
