"""Collections are described: filters, orders and pages, as the GraphQL of strawberry-django and as SQL by Django."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sdl import print_sdl

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Loaded

pytestmark = pytest.mark.usefixtures("library")

HEAD = """
import datetime
from dataclasses import dataclass
from django.db.models import Count, Exists, F, OuterRef, Q
from django.db.models.functions import Length
from library import models
from puff import graphql
from puff.graphql import Context, Plan, auto, sql
"""
TAIL = """
@dataclass
class Schema:
    query: Query
"""
BOOKS = """
@graphql.django_type(models.Book, filters="Filter", ordering="Order")
class Book:
    id: auto
    title: auto
@dataclass
class Query:
    books: list[Book] = graphql.paged()
"""
FILTER = """
@graphql.filter_type(models.Book, lookups=True)
class Filter:
    {}
"""
ORDER = """
@graphql.order_type(models.Book)
class Order:
    {}
"""


def shown(fragment: list[Any]) -> str:
    """Shows a fragment as one text: the row is R, a value is between angle brackets."""
    return "".join(map(_part, fragment))


def _part(part: Any) -> str:
    if isinstance(part, str):
        return part
    if isinstance(part, list):
        return repr(part[1])
    if "row" in part:
        return "R"
    return f"<{part['argument'].removeprefix('value')}{part['as']}>" + ("" if "members" not in part else "*")


def condition_of(loaded: Loaded, path: str, filter_: str = "Filter") -> Any:
    """Gives what a filter's field means, or a lookup below it."""
    name, *lookups = path.split(".")
    condition = loaded.description["collections"]["filters"][filter_][name]
    for lookup in lookups:
        condition = condition["lookups"][lookup]
    return condition


def sql_of(condition: Any) -> str:
    """Shows a condition's SQL, of a Boolean both."""
    if condition["kind"] == "boolean":
        return f"{shown(condition['whenTrue'])} | {shown(condition['whenFalse'])}"
    return shown(condition["sql"])


def test_a_schema_has_the_types_of_strawberry_django(load: Callable[..., Loaded]) -> None:
    folder = Path(__file__).parent / "collections"
    loaded = load({"schema.py": (folder / "schema.py").read_text(encoding="utf-8")}, camel_case=True)
    assert print_sdl(loaded.description) + "\n" == (folder / "schema.graphql").read_text(encoding="utf-8")


ESCAPED = r"REPLACE(REPLACE(REPLACE((<str>), E'\\', E'\\\\'), E'%', E'\\%'), E'_', E'\\_')"
LOOKUPS = [
    ("id.exact", 'R."id" = <str>'),
    ("id.inList", 'R."id" = ANY(<str[]>)'),
    ("title.exact", 'R."title" = <str>'),
    ("title.iExact", 'UPPER(R."title"::text) = UPPER((<str>))'),
    ("title.startsWith", f"R.\"title\"::text LIKE {ESCAPED} || '%'"),
    ("title.iContains", f"UPPER(R.\"title\"::text) LIKE '%' || UPPER({ESCAPED}) || '%'"),
    ("pages.isNull", 'R."pages" IS NULL | R."pages" IS NOT NULL'),
    ("pages.gte", 'R."pages" >= <int>'),
    ("pages.range", 'R."pages" BETWEEN <.startint> AND <.endint>'),
    ("pages.inList", 'R."pages" = ANY(<int[]>)'),
    ("sold.lt", 'R."sold" < <bigint>'),
    ("price.lte", 'R."price" <= <decimal>'),
    ("public.exact", 'R."public" = <bool>'),
    ("day.gt", 'R."day" > <date>'),
    ("day.quarter.exact", 'EXTRACT(QUARTER FROM R."day") = <int>'),
    ("day.weekDay.gte", 'EXTRACT(DOW FROM R."day") + 1 >= <int>'),
    ("at.exact", 'R."at" = <time>::time'),
    ("at.hour.inList", 'EXTRACT(HOUR FROM R."at") = ANY(<int[]>)'),
    ("moment.gte", 'R."moment" >= <datetime>::timestamptz'),
    ("moment.inList", 'R."moment" = ANY(<datetime[]>::timestamptz[])'),
    ("moment.year.exact", "EXTRACT(YEAR FROM R.\"moment\" AT TIME ZONE 'UTC') = <int>"),
    ("moment.date.range", "(R.\"moment\" AT TIME ZONE 'UTC')::date BETWEEN <.startdate> AND <.enddate>"),
    ("code.exact", 'R."code" = <str>'),
    ("doc.contains", 'R."doc" @> (<json>::jsonb)'),
    ("doc.hasKey", 'R."doc" ? <str>::text'),
    ("doc.hasAnyKeys", 'R."doc" ?| <str[]>::text[]'),
    ("size.exact", 'R."size" = <str>*'),
    ("size.inList", 'R."size" = ANY(<str[]>*)'),
    ("words.contains", 'R."words" @> (<str[]>)::varchar(10)[]'),
    ("words.overlap", 'R."words" && (<str[]>)::varchar(10)[]'),
    (
        "words.len.gt",
        'CASE WHEN R."words" IS NULL THEN NULL ELSE coalesce(array_length(R."words", 1), 0) END > <int>',
    ),
    ("ages.isNull", 'R."ages" IS NULL | R."ages" IS NOT NULL'),
    ("ages.contains", 'R."ages" @> <int>::int4'),
    ("ages.overlap", 'R."ages" && int4range(<.startint>::int4, <.endint>::int4)'),
    ("author_id.exact", 'R."author_id" = <str>'),
    ("author.pk", 'R."author_id" = (<str>)'),
    (
        "tags.pk",
        (
            'R."id" IN (SELECT "library_book"."id" AS "id" FROM "library_book" INNER JOIN "library_tagging" '
            'ON ("library_book"."id" = "library_tagging"."book_id") WHERE "library_tagging"."tag_id" = (<str>))'
        ),
    ),
]


@pytest.fixture
def all_lookups(load: Callable[..., Loaded]) -> Loaded:
    names = dict.fromkeys(path.split(".")[0] for path, _ in LOOKUPS)
    fields = "\n    ".join(f"{name}: auto" for name in names)
    return load(HEAD + FILTER.format(fields) + ORDER.format("title: auto") + BOOKS + TAIL)


@pytest.mark.parametrize(("path", "sql"), LOOKUPS)
def test_a_lookup_is_sql_as_django_writes_it(path: str, sql: str, all_lookups: Loaded) -> None:
    assert sql_of(condition_of(all_lookups, path)) == sql


def test_an_enum_stands_for_what_the_database_holds(all_lookups: Loaded) -> None:
    members = condition_of(all_lookups, "size.exact")["sql"][-1]["members"]
    assert members == {"SMALL": [0, "s"], "LARGE": [0, "l"]}


FUNCTIONS = [
    ("def it(value: int): return Q(pages__gte=value)", '(R."pages" >= (<int>))'),
    ("def it(self, value: int, prefix): return Q(**{f'{prefix}pages': value})", '(R."pages" = (<int>))'),
    (
        "def it(value: bool): return Q(pages=1) if value else ~Q(pages=1)",
        '(R."pages" = \'1\') | (NOT (R."pages" = \'1\' AND R."pages" IS NOT NULL))',
    ),
    ("def it(value: datetime.date): return Q(day__gt=value)", '(R."day" > (<date>))'),
    ("def it(value: datetime.datetime): return Q(moment__gt=value)", '(R."moment" > (<datetime>::timestamptz))'),
    ("def it(value: list[int]): return Q(pages__in=value)", '(R."pages" IN (SELECT * FROM unnest(<int[]>)))'),
    ("def it(value: models.Book.Size): return Q(size=value)", '(R."size" = (<str>*))'),
    (
        "def it(value: int): return Q(pages=value) | Q(author=value)",
        '((R."pages" = (<int>) OR R."author_id" = (<int>)))',
    ),
    ("def it(value: int): return sql('row.pages % $1 = 0', value)", "(R.pages % <int> = 0)"),
    (
        "def it(value: str): return Q(author__name=value)",
        (
            '(R."id" IN (SELECT "library_book"."id" AS "id" FROM "library_book" INNER JOIN "library_author" '
            'ON ("library_book"."author_id" = "library_author"."id") WHERE "library_author"."full_name" = (<str>)))'
        ),
    ),
    (
        "def it(value: int, queryset): return queryset.annotate(n=Count('tags')).filter(n__gte=value)",
        (
            '(R."id" IN (SELECT "library_book"."id" AS "id" FROM "library_book" LEFT OUTER JOIN "library_tagging" '
            'ON ("library_book"."id" = "library_tagging"."book_id") GROUP BY 1 '
            'HAVING COUNT("library_tagging"."tag_id") >= (<int>)))'
        ),
    ),
]


@pytest.mark.parametrize(("function", "sql"), FUNCTIONS)
def test_a_function_is_called_with_a_symbol(function: str, sql: str, load: Callable[..., Loaded]) -> None:
    filter_ = FILTER.format(f"@graphql.filter_field\n    {function}")
    loaded = load(HEAD + filter_ + ORDER.format("title: auto") + BOOKS + TAIL)
    assert sql_of(condition_of(loaded, "it")) == sql


RELATIONS = """
@graphql.filter_type(models.Author)
class AuthorFilter:
    name: auto
    books: "BookFilter | None"
    friends: "AuthorFilter | None"
@graphql.filter_type(models.Tag)
class TagFilter:
    word: auto
    books: "BookFilter | None"
@graphql.filter_type(models.Book)
class BookFilter:
    author: AuthorFilter | None
    tags: TagFilter | None
@graphql.django_type(models.Book, filters=BookFilter)
class Book:
    id: auto
@dataclass
class Query:
    books: list[Book] = graphql.paged()
"""


def test_related_rows_are_a_select_with_keys(load: Callable[..., Loaded]) -> None:
    filters = load(HEAD + RELATIONS + TAIL).description["collections"]["filters"]
    found = {
        f"{name}.{field}": (
            condition["filter"],
            condition["related"]["keys"],
            shown(condition["related"]["source"]),
            condition["related"]["many"],
        )
        for name, conditions in filters.items()
        for field, condition in conditions.items()
        if condition["kind"] == "related"
    }
    author = '"library_author"."id", "library_author"."full_name" AS "name"'
    book = found["AuthorFilter.books"][2]
    assert book.startswith('SELECT "library_book"."id", "library_book"."title"')
    assert "ORDER BY" not in book
    tagged = book.replace(' FROM "library_book"', ', "library_tagging"."tag_id" AS "puff_key" FROM "library_book"')
    tagged += ' LEFT OUTER JOIN "library_tagging" ON ("library_book"."id" = "library_tagging"."book_id")'
    assert found == {
        "BookFilter.author": ("AuthorFilter", [["author_id", "id"]], f'SELECT {author} FROM "library_author"', False),
        "BookFilter.tags": (
            "TagFilter",
            [["id", "puff_key"]],
            (
                'SELECT "library_tag"."id", "library_tag"."word", "library_tagging"."book_id" AS "puff_key" '
                'FROM "library_tag" LEFT OUTER JOIN "library_tagging" '
                'ON ("library_tag"."id" = "library_tagging"."tag_id")'
            ),
            True,
        ),
        "AuthorFilter.books": ("BookFilter", [["id", "author_id"]], book, True),
        "AuthorFilter.friends": (
            "AuthorFilter",
            [["id", "puff_key"]],
            (
                f'SELECT {author}, "library_author_friends"."from_author_id" AS "puff_key" FROM "library_author" '
                'LEFT OUTER JOIN "library_author_friends" '
                'ON ("library_author"."id" = "library_author_friends"."to_author_id")'
            ),
            True,
        ),
        "TagFilter.books": ("BookFilter", [["id", "puff_key"]], tagged, True),
    }


ORDERS = [
    ("title: auto", "title", {"kind": "sql", "sql": 'R."title"', "nullable": False}),
    ("pages: auto", "pages", {"kind": "sql", "sql": 'R."pages"', "nullable": True}),
    ("@graphql.order_field\n    def it(): return Length('title')", "it", {"sql": 'LENGTH(R."title")'}),
    ("@graphql.order_field\n    def it(value, prefix): return [value.resolve('title')]", "it", {"sql": 'R."title"'}),
    (
        "@graphql.order_field\n    def it(): return 'author__name'",
        "it",
        {
            "sql": '(SELECT "library_author"."full_name" AS "puff_value" FROM "library_book" INNER JOIN '
            '"library_author" ON ("library_book"."author_id" = "library_author"."id") '
            'WHERE "library_book"."id" = (R."id"))'
        },
    ),
]


@pytest.mark.parametrize(("field", "name", "term"), ORDERS)
def test_an_order_is_a_term(field: str, name: str, term: dict[str, Any], load: Callable[..., Loaded]) -> None:
    loaded = load(HEAD + FILTER.format("title: auto") + ORDER.format(field) + BOOKS + TAIL)
    found = loaded.description["collections"]["orderings"]["Order"][name]
    assert {**found, "sql": shown(found["sql"])} == {"kind": "sql", "nullable": True, **term}
    assert loaded.type("Order")["oneOf"] is True


def test_an_attribute_has_a_name_and_a_description_of_its_own(load: Callable[..., Loaded]) -> None:
    filter_ = FILTER.format("title: auto = graphql.filter_field(name='named', description='Of the cover.')")
    loaded = load(
        HEAD + filter_ + ORDER.format("title: auto = graphql.order_field(deprecation='No more')") + BOOKS + TAIL
    )
    assert [loaded.type("Filter")["fields"][0][key] for key in ("name", "description")] == ["named", "Of the cover."]
    assert [loaded.type("Order")["fields"][0][key] for key in ("name", "deprecation")] == ["title", "No more"]
    assert "named" in loaded.description["collections"]["filters"]["Filter"]


def test_an_order_follows_relations_to_one_row(load: Callable[..., Loaded]) -> None:
    author = "@graphql.order_type(models.Author)\nclass AuthorOrder:\n    name: auto\n"
    order = ORDER.format("author: AuthorOrder | None")
    orderings = load(HEAD + author + FILTER.format("title: auto") + order + BOOKS + TAIL).description["collections"]
    related = orderings["orderings"]["Order"]["author"]
    assert (related["kind"], related["ordering"], related["related"]["keys"]) == (
        "related",
        "AuthorOrder",
        [["author_id", "id"]],
    )


@pytest.mark.parametrize("name", ["tagging", "tagging_set"])
def test_a_relation_has_the_name_of_queries_and_that_of_instances(name: str, load: Callable[..., Loaded]) -> None:
    tagging = "@graphql.filter_type(models.Tagging)\nclass TaggingFilter:\n    id: auto\n"
    loaded = load(
        HEAD + tagging + FILTER.format(f"{name}: TaggingFilter | None") + ORDER.format("id: auto") + BOOKS + TAIL
    )
    condition = loaded.description["collections"]["filters"]["Filter"][name]
    assert (condition["filter"], condition["related"]["keys"]) == ("TaggingFilter", [["id", "book_id"]])


FIELDS = """
@graphql.django_type(models.Author)
class Author:
    books: list["Book"] = graphql.paged(default=20, max=50)
    page: graphql.OffsetPaginated["Book"] = graphql.paged(field_name="books", max=None)
    name: auto
@graphql.django_type(models.Book)
class Book:
    id: auto
    author: Author
    tags: graphql.Connection["Tag"] = graphql.paged()
@graphql.django_type(models.Tag)
class Tag:
    word: auto
@graphql.django_type(models.Cafe)
class Cafe:
    name: auto
@graphql.django_type(models.Line)
class Line:
    order: auto
@dataclass
class Row:
    id: int
@dataclass
class Keyed:
    a: int
@dataclass
class Query:
    books: graphql.Connection[Book] = graphql.paged()
    cafes: list[Cafe] = graphql.paged()
    lines: list[Line] = graphql.paged()
    @classmethod
    @graphql.paged()
    @graphql.pure
    def rows(cls, ctx: Context, /, since: int) -> Plan[graphql.Connection[Row]]:
        return sql("SELECT 1 AS id")
    @classmethod
    @graphql.paged(key=["a"], default=5)
    def keyed(cls, ctx: Context, /) -> list[Keyed] | None:
        return sql("SELECT 1 AS a")
"""


@pytest.fixture
def fields(load: Callable[..., Loaded]) -> dict[str, Any]:
    described = load(HEAD + FIELDS + TAIL).description
    return {
        f"{named['name']}.{field['name']}": field
        for named in described["types"]
        for field in named.get("fields", ())
        if "collection" in field
    }


def test_a_collection_says_its_form_size_and_key(fields: dict[str, Any]) -> None:
    options = {
        name: [field["type"], *(field["collection"][key] for key in ("form", "size", "max", "key"))]
        for name, field in fields.items()
    }
    assert options == {
        "Query.books": ["BookConnection!", "connection", 100, 100, ["id"]],
        "Query.cafes": ["[Cafe!]!", "list", 100, 100, ["place_ptr_id"]],
        "Query.lines": ["[Line!]!", "list", 100, 100, ["order", "number"]],
        "Query.rows": ["RowConnection!", "connection", 100, 100, ["id"]],
        "Query.keyed": ["[Keyed!]", "list", 5, 100, ["a"]],
        "Book.tags": ["TagConnection!", "connection", 100, 100, ["id"]],
        "Author.books": ["[Book!]!", "list", 20, 50, ["id"]],
        "Author.page": ["BookOffsetPaginated!", "page", None, None, ["id"]],
    }


def test_a_relation_and_all_rows_of_a_model_are_plans(fields: dict[str, Any]) -> None:
    plans = {name: field["source"]["plan"] for name, field in fields.items() if field["source"]["plan"]}
    assert list(plans) == ["Query.books", "Query.lines", "Book.tags", "Author.books", "Author.page"]
    assert "ORDER BY" not in json.dumps(plans)
    assert plans["Book.tags"]["text"].endswith('WHERE "library_tagging"."book_id" IN (SELECT unnest($1))')
    keys = ("params", "parentKeys", "childKeys")
    assert [plans["Book.tags"][key] for key in keys] == [[{"parent": "id"}], ["id"], ["puff_key_0"]]
    assert [plans["Author.books"][key] for key in keys] == [[{"parent": "id"}], ["id"], ["author_id"]]


def test_the_order_of_a_model_or_its_manager_is_the_collections(fields: dict[str, Any]) -> None:
    def terms(name: str) -> list[list[Any]]:
        order = fields[name]["collection"]["order"]
        return [[shown(term["sql"]), term["nullable"], term["direction"]] for term in order]

    assert terms("Query.books")[1:] == [['R."pages"', True, "DESC_NULLS_LAST"]]
    assert terms("Query.books")[0][0].startswith('(SELECT "library_author"."full_name" AS "puff_value"')
    assert terms("Query.books")[0][1:] == [True, "DESC"]
    assert terms("Query.cafes") == [['R."seats"', False, "DESC"]]
    assert terms("Book.tags") == []


QUERYSETS = [
    ("models.Tag.objects.all()", 'FROM "library_tag"', None),
    ("models.Tag.objects.order_by()", 'FROM "library_tag"', []),
    ("models.Book.objects.all()", 'FROM "library_book"', None),
    ("models.Tag.objects.order_by('-word', 'pk')", 'FROM "library_tag"', ['R."word" DESC', 'R."id" ASC']),
    (
        "models.Tag.objects.order_by(F('word').asc(nulls_first=True)).reverse().only('id')",
        'FROM "library_tag"',
        ['R."word" DESC_NULLS_LAST'],
    ),
    (
        "models.Tag.objects.annotate(n=Count('books')).order_by('-n', Length('word'))",
        'GROUP BY "library_tag"."id"',
        ['R."n" DESC', 'LENGTH(R."word") ASC'],
    ),
    (
        "models.Tag.objects.alias(n=Count('books')).order_by(F('n').desc())",
        'GROUP BY "library_tag"."id"',
        ['R."n" DESC'],
    ),
    ("models.Tag.objects.order_by('word')[:9]", 'ORDER BY "library_tag"."word" ASC LIMIT 9', ['R."word" ASC']),
    ("models.Tag.objects.order_by('?')", 'FROM "library_tag" ORDER BY RANDOM() ASC', None),
    ("sql('SELECT 1 AS id ORDER BY 1')", "ORDER BY 1", None),
]


SELECTS = [
    ("select(word)", "FROM word", None),
    ("select(word).order_by(word.c.text.desc(), 'id')", "FROM word", ['R."text" DESC', 'R."id" ASC']),
    ("select(word).order_by(word.c.text.desc().nulls_last())", "FROM word", ['R."text" DESC_NULLS_LAST']),
    ("select(word.c.id, half := (word.c.id / 2).label('half')).order_by(half)", "FROM word", ['R."half" ASC']),
    ("select(word).order_by(word.c.id).limit(3)", "LIMIT $1", ['R."id" ASC']),
    ("select(word).order_by(func.lower(word.c.text))", "ORDER BY lower(word.text)", None),
]


@pytest.mark.parametrize(("made", "end", "order"), [*QUERYSETS, *SELECTS])
def test_the_order_of_a_resolvers_queryset_is_beside_it(
    made: str, end: str, order: list[str] | None, load: Callable[..., Loaded]
) -> None:
    plan = load(f"""{HEAD}
from sqlalchemy import column, func, select, table
word = table("word", column("id"), column("text"))
@graphql.django_type(models.Tag)
class Tag:
    word: auto
@dataclass
class Query:
    @classmethod
    @graphql.paged()
    def it(cls, ctx: Context, /) -> Plan[list[Tag]]:
        return {made}
{TAIL}""").resolve()
    assert plan["text"].endswith(end)
    terms = None if order is None else [f"{shown(term['sql'])} {term['direction']}" for term in plan["order"]]
    assert terms == order
    assert ("order" in plan) == (order is not None)


def test_an_author_gives_the_order_where_a_client_asks_for_none(load: Callable[..., Loaded]) -> None:
    loaded = load(f"""{HEAD}
@graphql.django_type(models.Book)
class Book:
    id: auto
@dataclass
class Row:
    id: int
    votes: int
@dataclass
class Query:
    books: list[Book] = graphql.paged(order_by=["-day", "author__name"])
    @classmethod
    @graphql.paged(order_by="-votes")
    def rows(cls, ctx: Context, /) -> list[Row]: ...
{TAIL}""")
    books, rows = [field["collection"]["order"] for field in loaded.type("Query")["fields"]]
    assert [(shown(term["sql"])[:8], term["direction"]) for term in books] == [('R."day"', "DESC"), ("(SELECT ", "ASC")]
    assert [(shown(term["sql"]), term["direction"]) for term in rows] == [('R."votes"', "DESC")]


def test_a_manager_of_the_users_is_asked_each_time(load: Callable[..., Loaded]) -> None:
    loaded = load(HEAD + FIELDS + TAIL)
    plan = loaded.resolve("Query.cafes")
    assert plan["text"].endswith('WHERE NOT ("library_place"."name" = $1)')
    assert [shown(term["sql"]) for term in plan["order"]] == ['R."seats"']
    assert plan["params"] == [[0, ""]]


ROWS = """
@dataclass
class Row:
    id: int
    text: str
    votes: int
    at: datetime.datetime | None
@graphql.filter_type(Row, lookups={"text": ["exact", "i_contains", "regex"], "votes": True, "at": True})
class RowFilter:
    id: auto
    text: auto
    votes: auto
    at: auto
    @graphql.filter_field
    def twice(value: int): return sql("row.votes * 2 >= $1 OR 'row.' = row.text", value)
@graphql.order_type(Row)
class RowOrder:
    votes: auto
    @graphql.order_field
    def double(): return sql("row.votes * 2")
@dataclass
class Query:
    @classmethod
    @graphql.paged(filters=RowFilter, ordering=RowOrder)
    def rows(cls, ctx: Context, /) -> list[Row]: ...
"""


def test_rows_of_a_plan_are_filtered_by_their_columns(load: Callable[..., Loaded]) -> None:
    loaded = load(HEAD + ROWS + TAIL)
    paths = ["id", "text.iContains", "text.regex", "votes.gte", "votes.range", "at.year.exact", "twice"]
    escaped = ESCAPED.replace("(<str>)", "<str>::text").replace("E'%'", "'%'").replace("E'_'", "'_'")
    assert [sql_of(condition_of(loaded, path, "RowFilter")) for path in paths] == [
        'R."id" = <int>',
        f"UPPER(R.\"text\"::text) LIKE UPPER('%' || {escaped} || '%')",
        'R."text"::text ~ <str>',
        'R."votes" >= <int>',
        'R."votes" BETWEEN <.startint> AND <.endint>',
        '(EXTRACT(YEAR FROM R."at")) = <int>',
        "(R.votes * 2 >= <int> OR 'row.' = R.text)",
    ]
    assert list(condition_of(loaded, "text", "RowFilter")["lookups"]) == ["exact", "iContains", "regex"]
    orders = loaded.description["collections"]["orderings"]["RowOrder"]
    assert [shown(orders[name]["sql"]) for name in ("votes", "double")] == ['R."votes"', "R.votes * 2"]


def test_the_tables_of_models_are_told_with_columns_of_other_names(load: Callable[..., Loaded]) -> None:
    tables = load(
        {"schema.py": HEAD + ORDER.format("title: auto") + FILTER.format("title: auto") + BOOKS + TAIL}
    ).description["tables"]
    assert tables["library_book"] == {"model": "library.Book", "fields": {"author_id": "author"}}
    assert tables["library_author"] == {"model": "library.Author", "fields": {"full_name": "name"}}
