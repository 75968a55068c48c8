/** Object types from Django's models, their relations, and the names and keys of QuerySets' columns. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ResolveResult } from "../../schema/index.ts";
import { TestPython } from "../support/python/pyodide.ts";
import { installPackages } from "../support/python/python-packages.ts";

let python: TestPython;

beforeAll(async () => {
  const packages = ["django==5.2.*", "asgiref==3.*", "sqlparse==0.*", "sqlalchemy==2.0.*", "typing_extensions==4.*"];
  python = await TestPython.start(await installPackages(...packages));
  python.pyodide.runPython(`
import pathlib, sys
folder = pathlib.Path("/site/library")
folder.mkdir(parents=True)
(folder / "__init__.py").touch()
(folder / "models.py").write_text(${JSON.stringify(models)})
sys.path.append("/site")
import django
from django.conf import settings
sqlite = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
settings.configure(DATABASES={"default": sqlite}, INSTALLED_APPS=["library"], USE_TZ=True)
django.setup()
`);
});
afterAll(() => python.close());

const models = `
from django.db import models

class Named(models.Manager):
    def get_queryset(self):
        return super().get_queryset().exclude(name="")

class Level(models.IntegerChoices):
    LOW = 1, "Low"
    HIGH = 2, "High"

class Person(models.Model):
    name = models.CharField(max_length=50, db_column="full_name")
    objects = Named()
    class Meta:
        db_table = "person"

class Tag(models.Model):
    word = models.SlugField()
    class Meta:
        db_table = "tag"

class Account(models.Model):
    code = models.CharField(max_length=5, unique=True, error_messages={"unique": "This %(field_label)s is taken"})
    name = models.CharField(max_length=5, unique=True)
    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(name__gt=""), name="named", violation_error_message="Say a name"),
            models.UniqueConstraint(fields=["name", "code"], name="one_name"),
        ]

class Book(models.Model):
    class Status(models.TextChoices):
        DRAFT = "draft", "Not yet"
        OUT = "out"
    title = models.CharField(max_length=50, help_text="As on the cover.")
    status = models.CharField(max_length=5, choices=Status)
    level = models.IntegerField(choices=Level, null=True)
    size = models.CharField(max_length=1, choices=[("s", "Small"), ("l", "Large")])
    mood = models.CharField(max_length=1, choices=[("x", "X")], blank=True)
    author = models.ForeignKey(Person, models.CASCADE, related_name="books")
    editor = models.ForeignKey(Person, models.CASCADE, null=True, related_name="edited", db_column="ed")
    tags = models.ManyToManyField(Tag, related_name="books")
    price = models.DecimalField(max_digits=5, decimal_places=2)
    sold = models.BigIntegerField()
    at = models.DateTimeField(null=True, help_text="When it came out.")
    class Meta:
        db_table = "book"
        ordering = ["id"]

class Isbn(models.Model):
    book = models.OneToOneField(Book, models.CASCADE, primary_key=True)
    text = models.TextField()
    edition = models.IntegerField(choices=[(1, "first"), (2, "second")])  # the values of Level, which it is not
    class Meta:
        db_table = "isbn"
`;

const head = `
from __future__ import annotations
from dataclasses import dataclass
from django.db.models import Count, F, Q, Window
from django.db.models.functions import RowNumber
from puff import graphql
from puff.graphql import Context, Plan, auto, sql
from puff.contrib.django import query_and_params
from library.models import Book, Isbn, Person, Tag
`;
const types = `
@graphql.django_type(Person)
class PersonType:
    __typename__ = "Person"
    id: auto
    name: auto
    books: list[BookType]

@graphql.django_type(Tag)
class TagType:
    id: int
    word: graphql.auto
    books: list[BookType]

@graphql.django_type(Isbn, fields=["text", "edition"])
class IsbnType:
    shelf: str | None = None

@graphql.django_type(Book, fields=["size", "mood", "price", "sold", "at"])
class BookType:
    """A book."""
    id: auto
    title: str
    status: auto
    level: auto
    author_id: auto
    editor_id: auto
    author: PersonType
    editor: PersonType | None
    tags: list[TagType]
    isbn: IsbnType | None
    pages: int
`;
const tail = (body: string) => `
@dataclass
class Query:
    @classmethod
    def books(cls, ctx: Context, /, status: Book.Status = Book.Status.OUT) -> Plan[list[BookType]]:
        return ${body}

@dataclass
class Schema:
    query: Query
`;

test("types, enums, descriptions and nullability come from the model", async () => {
  expect(await python.sdl(head + types + tail("Book.objects.filter(status=status)"))).toMatchInlineSnapshot(`
    """"
    An exact decimal number, as a string: \`12.50\`. Numbers are accepted as input.
    """
    scalar Decimal

    """
    An integer of any size, as a string. Numbers are accepted as input where they are exact.
    """
    scalar BigInt

    """
    A moment in time as RFC 3339 writes it, in UTC: \`2024-05-01T12:30:00Z\`; without a zone, a local time.
    """
    scalar DateTime @specifiedBy(url: "https://www.rfc-editor.org/rfc/rfc3339")

    type Query {
      books(status: BookStatus! = OUT): [BookType!]!
    }

    enum BookStatus {
      """Not yet"""
      DRAFT

      """Out"""
      OUT
    }

    """A book."""
    type BookType {
      id: ID!

      """As on the cover."""
      title: String!
      status: BookStatus!
      level: Level
      author_id: ID!
      editor_id: ID
      pages: Int!
      size: BookSize!
      mood: String!
      price: Decimal!
      sold: BigInt!

      """When it came out."""
      at: DateTime
      author: Person!
      editor: Person
      tags: [TagType!]!
      isbn: IsbnType
    }

    enum Level {
      """Low"""
      LOW

      """High"""
      HIGH
    }

    enum BookSize {
      """Small"""
      S

      """Large"""
      L
    }

    type Person {
      id: ID!
      name: String!
      books: [BookType!]!
    }

    type TagType {
      id: Int!
      word: String!
      books: [BookType!]!
    }

    type IsbnType {
      shelf: String
      text: String!
      edition: IsbnEdition!
    }

    enum IsbnEdition {
      """first"""
      FIRST

      """second"""
      SECOND
    }"
  `);
});

async function planOf(field: string, body = "Book.objects.all()"): Promise<ResolveResult> {
  await python.description(head + types + tail(body));
  const parents = field.startsWith("Query.") ? "root" : "symbols";
  const args = field === "Query.books" ? { status: "OUT" } : {};
  return python.resolve(field, { args, parents, selection: {} });
}

describe("relations are QuerySets, correlated", () => {
  test.each<[field: string, text: string | RegExp, parentKeys: string[], childKeys: string[]]>([
    [
      "BookType.author",
      /"person"."full_name" AS "name" FROM .*"person"."id" IN \(SELECT unnest\(\$\d\)\)/,
      ["author_id"],
      ["id"],
    ],
    ["BookType.editor", /FROM "person"/, ["editor_id"], ["id"]],
    ["Person.books", /"book"."ed" AS "editor_id".*WHERE "book"."author_id" IN/, ["id"], ["author_id"]],
    ["BookType.isbn", /FROM "isbn" WHERE "isbn"."book_id" IN/, ["id"], ["book_id"]],
    ["BookType.tags", /"book_tags"."book_id" AS "puff_key_0" FROM "tag" INNER JOIN/, ["id"], ["puff_key_0"]],
    [
      "TagType.books",
      /"tag_id" AS "puff_key_0" FROM "book" INNER JOIN .* ORDER BY "book"."id"/,
      ["id"],
      ["puff_key_0"],
    ],
  ])("%s", async (field, text, parentKeys, childKeys) => {
    expect(await planOf(field)).toMatchObject({
      kind: "sql",
      text: expect.stringMatching(text),
      parentKeys,
      childKeys,
    });
  });

  test("their plans are kept, unless a manager may say something else each time", async () => {
    const { types: described } = await python.description(head + types + tail("Book.objects.all()"));
    const sources = described.flatMap((type) => (type.kind === "object" ? type.fields : []));
    const pure = (name: string) => sources.find((field) => field.name === name)?.source;
    expect([pure("tags"), pure("author")]).toEqual([
      { kind: "resolver", pure: true, plan: null },
      { kind: "resolver", pure: false, plan: null },
    ]);
  });
});

describe("columns have the names of attributes", () => {
  test.each<[body: string, text: RegExp]>([
    [
      'Book.objects.select_related("author", "editor")',
      /"person"."full_name" AS "author__name", T3."id" AS "editor__id", T3."full_name" AS "editor__name"/,
    ],
    ['Book.objects.values("id", "author__name")', /"book"."id" AS "id", "person"."full_name" AS "author__name" FROM/],
    ['Book.objects.annotate(pages=Count("tags"))', /COUNT\("book_tags"."tag_id"\) AS "pages" FROM .* GROUP BY/],
    [
      'Book.objects.only("title", "editor")',
      /^SELECT "book"."id", "book"."title", "book"."ed" AS "editor_id" FROM "book"/,
    ],
    ["(..., *query_and_params(Book.objects.filter(title='a%')))", /WHERE "book"."title" = \$1/],
    ["Book.objects.order_by().filter(title__contains='50%').union(Book.objects.order_by())", /./],
    [
      'Book.objects.order_by().union(Book.objects.order_by()).order_by("title")',
      /^SELECT \* FROM \(.*\) AS puff_rows \("id", "title", .*"author_id", "editor_id", "price", "sold", "at"\)$/,
    ],
    [
      'Book.objects.annotate(pages=Window(RowNumber(), order_by="id")).filter(pages__lte=1).values("id", "pages")',
      /^SELECT \* FROM \(.*\) AS puff_rows \("id", "pages"\)$/,
    ],
  ])("%s", async (body, text) => {
    expect(await planOf("Query.books", body)).toMatchObject({ text: expect.stringMatching(text) });
  });
});

describe("what a child is filtered by is selected, whatever else is", () => {
  const child = (expression: string) => `
@dataclass
class Child:
    id: int

@graphql.django_type(Person, fields=["id", "name"])
class Parent:
    @classmethod
    def it(cls, ctx: Context, /) -> Plan[list[Child]]:
        return ${expression}

@dataclass
class Query:
    @classmethod
    def people(cls, ctx: Context, /) -> Plan[list[Parent]]:
        return Person.objects.all()

@dataclass
class Schema:
    query: Query
`;
  const tables = `
import sqlalchemy as sa
metadata = sa.MetaData()
book = sa.Table("book", metadata, sa.Column("id", sa.Integer), sa.Column("title", sa.Text), sa.Column("author_id", sa.Integer))
tag = sa.Table("tag", metadata, sa.Column("id", sa.Integer), sa.Column("book_id", sa.Integer))
`;
  test.each<[expression: string, text: RegExp, childKey: string]>([
    ['Book.objects.filter(author__in=ctx.parents["id"])', /./, "author_id"],
    ['Book.objects.filter(title="x").filter(Q(author_id__in=ctx.parents["id"]) & Q(sold=1))', /./, "author_id"],
    [
      'Book.objects.filter(author_id__in=ctx.parents["id"]).values("id")',
      /^SELECT "book"."id" AS "id", "book"."author_id" AS "puff_key_0"/,
      "puff_key_0",
    ],
    ['Book.objects.filter(author_id__in=ctx.parents["id"]).only("id")', /"author_id" AS "puff_key_0"/, "puff_key_0"],
    ['Isbn.objects.filter(book__author_id__in=ctx.parents["id"])', /"book"."author_id" AS "puff_key_0"/, "puff_key_0"],
    [
      'Book.objects.filter(author_id__in=ctx.parents["id"]).values(word=F("tags__word")).annotate(n=Count("id"))',
      /"book"."author_id" AS "puff_key_0" .* GROUP BY 1, 3$/,
      "puff_key_0",
    ],
    ['sa.select(book).where(book.c.author_id.in_(ctx.parents["id"]), book.c.title == "x")', /./, "author_id"],
    [
      'sa.select(tag.c.id).join(book, book.c.id == tag.c.book_id).where(book.c.author_id.in_(ctx.parents["id"]))',
      /SELECT tag.id, book.author_id AS puff_key_0/,
      "puff_key_0",
    ],
  ])("%s", async (expression, text, childKey) => {
    await python.description(head + tables + child(expression));
    expect(await python.resolve("Parent.it", { parents: "symbols", selection: {} })).toMatchObject({
      kind: "sql",
      text: expect.stringMatching(text),
      parentKeys: ["id"],
      childKeys: [childKey],
    });
  });
});

describe("mistakes", () => {
  const decorated = (attribute: string) => `${head}
@graphql.django_type(Book)
class Type:
    ${attribute}
${tail("Book.objects.all()").replace("BookType", "Type")}`;

  test.each([
    ["titel: auto", "Type.titel is auto, and the model Book has no field titel | It has at, author"],
    [
      "author: auto",
      "Type.author is auto, and author is a relation | Write author_id: auto, or its type: author: Person.",
    ],
    ["tags: auto", "Type.tags is auto, and tags is a relation | Write its type: tags: Tag."],
  ])("%s", async (attribute, message) => {
    expect(await python.mistake(decorated(attribute))).toContain(message);
  });
});

test("a type has what its model says of constraints in words of its own", async () => {
  const { constraints } = await python.description(`
from dataclasses import dataclass
from puff import graphql
from library.models import Account

@graphql.constraint("one_name", "This name is taken")
@graphql.django_type(Account, fields=["name"])
class AccountType:
    id: graphql.auto

@dataclass
class Query:
    @classmethod
    def accounts(cls, ctx: graphql.Context, /) -> graphql.Plan[list[AccountType]]: ...

@dataclass
class Schema:
    query: Query
`);
  expect(constraints).toEqual({
    library_account_code_key: "This code is taken",
    named: "Say a name",
    one_name: "This name is taken",
  });
});
