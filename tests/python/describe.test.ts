/** Python's types become GraphQL's: each case is a schema and the SDL that it makes. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TestPython } from "../support/python/pyodide.ts";

let python: TestPython;

beforeAll(async () => {
  python = await TestPython.start();
});
afterAll(() => python.close());

const imports = `
import datetime, decimal, enum, typing, uuid
from collections.abc import AsyncIterable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Dict, List, Literal, NewType, Optional, Tuple, Union
from puff import graphql
from puff.graphql import ID, JSON, BigInt, Context, EmptyObject, Plan, sql
`;

/** A query whose one field `it` has the return annotation. */
const returning = (annotation: string) => `
@dataclass
class Query:
    @classmethod
    def it(cls, ctx: Context, /) -> ${annotation}: ...

@dataclass
class Schema:
    query: Query
`;

const taking = (parameters: string) => `
@dataclass
class Query:
    @classmethod
    def it(cls, ctx: Context, /, ${parameters}) -> int: ...

@dataclass
class Schema:
    query: Query
`;

const post = `
@dataclass
class Post:
    id: int
`;

const comment = `
@dataclass
class Comment:
    id: int
`;

/** The type of `Query.it`. */
test.each([
  ["int", "Int!"],
  ["float", "Float!"],
  ["str", "String!"],
  ["bool", "Boolean!"],
  ["ID", "ID!"],
  ["graphql.BigInt", "BigInt!"],
  ["datetime.datetime", "DateTime!"],
  ["datetime.date", "Date!"],
  ["datetime.time", "Time!"],
  ["datetime.timedelta", "Duration!"],
  ["decimal.Decimal", "Decimal!"],
  ["uuid.UUID", "UUID!"],
  ["bytes", "Bytes!"],
  ["dict", "JSON!"],
  ["dict[str, Any]", "JSON!"],
  ["Dict[str, int]", "JSON!"],
  ["Mapping[str, int]", "JSON!"],
  ["Any", "JSON!"],
  ["JSON | None", "JSON"],
  ["int | None", "Int"],
  ["None | int", "Int"],
  ["Optional[int]", "Int"],
  ["'int | None'", "Int"],
  ["ID | None", "ID"],
  ["list[int]", "[Int!]!"],
  ["List[Optional[int]]", "[Int]!"],
  ["list[list[str | None]] | None", "[[String]!]"],
  ["Tuple[int, ...]", "[Int!]!"],
  ["Sequence[Post]", "[Post!]!"],
  ["set[str]", "[String!]!"],
  ["Iterable[Post]", "[Post!]!"],
  ["Post", "Post!"],
  ["'Post'", "Post!"],
  ["list['Post']", "[Post!]!"],
  ["Optional['Post']", "Post"],
  ["Plan[list[Post]]", "[Post!]!"],
  ["Plan[Post | None]", "Post"],
  ["Plan['Post']", "Post!"],
  ["tuple[list[Post], list[Any]]", "[Post!]!"],
  ["tuple[list[Post], str, list[Any]]", "[Post!]!"],
  ["Tuple[List[Post], str, List[Any]]", "[Post!]!"],
  ["tuple[Post | None, list[Any], list[str], list[str]]", "Post"],
  ["tuple[list[Post], str, list[Any], list[str], list[str]]", "[Post!]!"],
  ["NewType('Slug', str)", "String!"],
  ["Annotated[int | None, 'a number']", "Int"],
])("%s is %s", async (annotation, type) => {
  const { types } = await python.description(imports + post + returning(annotation));
  const query = types.find(({ name }) => name === "Query");
  expect(query?.kind === "object" && query.fields[0]?.type).toBe(type);
});

test.each([
  ["n: int", "n: Int!"],
  ["n: int = 3", "n: Int! = 3"],
  ["n: int | None = None", "n: Int"],
  ["n: Optional[int] = 3", "n: Int = 3"],
  ["n: int = None", "n: Int"],
  ["n: float = 1.5", "n: Float! = 1.5"],
  ["n: str = 'a'", 'n: String! = "a"'],
  ["n: ID = '7'", 'n: ID! = "7"'],
  ["n: bool = False", "n: Boolean! = false"],
  ["n: list[int] = [1, 2]", "n: [Int!]! = [1, 2]"],
  ["n: tuple[int, ...] = ()", "n: [Int!]! = []"],
  ["n: datetime.date = datetime.date(2024, 5, 1)", 'n: Date! = "2024-05-01"'],
  ["n: datetime.timedelta = datetime.timedelta(hours=1.5)", 'n: Duration! = "PT1H30M"'],
  ["n: decimal.Decimal = decimal.Decimal('1.50')", 'n: Decimal! = "1.50"'],
  ["n: uuid.UUID | None = None", "n: UUID"],
  ["n: bytes = b'ab'", 'n: Bytes! = "YWI="'],
  ["*, n: int = 1", "n: Int! = 1"],
  ["n: Annotated[int, 'how many'] = 1", '"how many" n: Int! = 1'],
  ["n: Annotated[int | None, graphql.deprecated('unused')] = None", 'n: Int @deprecated(reason: "unused")'],
  ["from_: Annotated[int, graphql.field(name='from')]", "from: Int!"],
])("the parameter %s is the argument %s", async (parameter, argument) => {
  const sdl = await python.sdl(imports + taking(parameter));
  const line = sdl.replaceAll(/\s+/g, " ").replaceAll('"""', '"').replace("( ", "(").replace(" ): Int", "): Int");
  expect(line).toContain(`it(${argument}): Int!`);
});

/** What a case makes besides the query's own type. */
async function typesOf(source: string, options?: { readonly camelCase: boolean }): Promise<string> {
  return python.sdl(imports + source, options);
}

describe("types", () => {
  test("docstrings, texts in Annotated and texts below attributes describe; a dataclass's signature does not", async () => {
    expect(
      await typesOf(`
@dataclass
class Post:
    """Something written.

    Of any length.
    """
    id: Annotated[int, "Unique."]
    title: str
    """As it is shown."""

    def words(self) -> int:
        """How many words it has."""
        return 0

    @property
    def shout(self) -> str:
        """In capitals."""
        return self.title.upper()
${returning("Post")}`),
    ).toMatchInlineSnapshot(`
      "type Query {
        it: Post!
      }

      """
      Something written.

      Of any length.
      """
      type Post {
        """Unique."""
        id: Int!

        """As it is shown."""
        title: String!

        """How many words it has."""
        words: Int!

        """In capitals."""
        shout: String!
      }"
    `);
  });

  test("enums have their members' names, Literals their texts", async () => {
    expect(
      await typesOf(`
class Color(enum.Enum):
    """Of the rainbow."""
    RED = "r"
    """Like fire."""
    BLUE = "b"

class Level(enum.IntEnum):
    LOW = 1

Order = Literal["asc", "desc"]
@dataclass
class Lamp:
    color: Color
    level: Level | None
    state: Literal["on", "off", None]
    order: Order
    orders: list[Order]
    shape: Annotated[Literal["round"], graphql.enum("Shape", description="Of the lamp.")]

    def dim(self, by: Literal["little", "much"] = "little", color: Color = Color.RED) -> bool: ...
${returning("list[Lamp]")}`),
    ).toMatchInlineSnapshot(`
      "type Query {
        it: [Lamp!]!
      }

      type Lamp {
        color: Color!
        level: Level
        state: LampState
        order: Order!
        orders: [Order!]!
        shape: Shape!
        dim(by: LampDimBy! = little, color: Color! = RED): Boolean!
      }

      """Of the rainbow."""
      enum Color {
        """Like fire."""
        RED
        BLUE
      }

      enum Level {
        LOW
      }

      enum LampState {
        on
        off
      }

      enum Order {
        asc
        desc
      }

      """Of the lamp."""
      enum Shape {
        round
      }

      enum LampDimBy {
        little
        much
      }"
    `);
  });

  test("unions are named by their members or by an alias", async () => {
    expect(
      await typesOf(`${post}${comment}
Hit = Post | Comment
type Feed = Post | Comment | None
@dataclass
class Query:
    @classmethod
    def a(cls, ctx: Context, /) -> list[Feed]: ...
    @classmethod
    def b(cls, ctx: Context, /) -> list[Annotated[Comment | Post, graphql.union("Thing", description="Any.")]]: ...
    @classmethod
    def c(cls, ctx: Context, /) -> Hit | None: ...
@dataclass
class Schema:
    query: Query
`),
    ).toMatchInlineSnapshot(`
      "type Query {
        a: [Feed]!
        b: [Thing!]!
        c: Hit
      }

      type Post {
        id: Int!
      }

      type Comment {
        id: Int!
      }

      union Feed = Post | Comment

      """Any."""
      union Thing = Comment | Post

      union Hit = Post | Comment"
    `);
    expect(await typesOf(`${post}${comment}${returning("Plan[list[Comment | Post]]")}`)).toContain(
      "union CommentOrPost = Comment | Post",
    );
  });

  test("types named Subscription and Mutation are no roots unless the schema declares them", async () => {
    expect(
      await python.sdl(`${imports}
@dataclass
class Subscription:
    plan: str

@dataclass
class Mutation:
    gene: str
    @classmethod
    def mutate(cls, ctx: Context, /) -> Plan[str]: ...

@dataclass
class Query:
    @classmethod
    def paid(cls, ctx: Context, /) -> Plan[list[Subscription]]: ...
    @classmethod
    def genes(cls, ctx: Context, /) -> Plan[list[Mutation]]: ...

@dataclass
class Schema:
    query: Query
    mutation: EmptyObject
`),
    ).toMatchInlineSnapshot(`
      "schema {
        query: Query
      }

      type Query {
        paid: [Subscription!]!
        genes: [Mutation!]!
      }

      type Subscription {
        plan: String!
      }

      type Mutation {
        gene: String!
        mutate: String!
      }"
    `);
  });

  test("a root has its operation's name or its own __typename__, and a type Query need not be one", async () => {
    expect(
      await python.sdl(`${imports}
@dataclass
class Query:
    text: str

@dataclass
class Root:
    __typename__: ClassVar[str] = "Start"
    @classmethod
    def queries(cls, ctx: Context, /) -> Plan[list[Query]]: ...

@dataclass
class Stream:
    __typename__: ClassVar[str] = "Events"
    @classmethod
    def ticks(cls, ctx: Context, /) -> Iterator[int]: ...

@dataclass
class Schema:
    query: Root
    subscription: Stream
`),
    ).toMatchInlineSnapshot(`
      "schema {
        query: Start
        subscription: Events
      }

      type Start {
        queries: [Query!]!
      }

      type Events {
        ticks: Int!
      }

      type Query {
        text: String!
      }"
    `);
  });

  test("dataclasses that inherit from an interface implement it, and are part of the schema", async () => {
    expect(
      await typesOf(`
@graphql.interface
@dataclass
class Node:
    """Has an id."""
    id: ID

@graphql.interface
@dataclass(slots=True)
class Named(Node):
    name: str
    @classmethod
    def friends(cls, ctx: Context, /) -> Plan[list["Named"]]: ...

@dataclass(slots=True)
class User(Named):
    age: int

@dataclass
class Robot(Named):
    name: str = "R2"

@dataclass
class Post(Node):
    title: str
${returning("Node | None")}`),
    ).toMatchInlineSnapshot(`
      "type Query {
        it: Node
      }

      """Has an id."""
      interface Node {
        id: ID!
      }

      interface Named implements Node {
        id: ID!
        name: String!
        friends: [Named!]!
      }

      type User implements Named & Node {
        id: ID!
        name: String!
        age: Int!
        friends: [Named!]!
      }

      type Robot implements Named & Node {
        id: ID!
        name: String!
        friends: [Named!]!
      }

      type Post implements Node {
        id: ID!
        title: String!
      }"
    `);
  });

  test("dataclasses used as arguments are inputs, with defaults and nested", async () => {
    expect(
      await typesOf(`
class Color(enum.Enum):
    RED = "r"

@dataclass
class Range:
    low: int = 0
    high: int | None = None

@dataclass
class Filter:
    """Which ones."""
    text: str
    colors: list[Color] = field(default_factory=list)
    color: Color = Color.RED
    range: Range = field(default_factory=Range)
    id: uuid.UUID = field(default_factory=uuid.uuid4)
    sub: "Filter | None" = None
    _secret: int = 3

${taking("filter: Filter, filters: list[Filter] | None = None, range: Range = Range(1, 2)")}`),
    ).toMatchInlineSnapshot(`
      """"
      A universally unique identifier: \`1b671a64-40d5-491e-99b0-da01ff1f3341\`.
      """
      scalar UUID @specifiedBy(url: "https://www.rfc-editor.org/rfc/rfc9562")

      type Query {
        it(filter: Filter!, filters: [Filter!], range: Range! = { low: 1, high: 2 }): Int!
      }

      """Which ones."""
      input Filter {
        text: String!
        colors: [Color!]! = []
        color: Color! = RED
        range: Range
        id: UUID
        sub: Filter
      }

      input Range {
        low: Int! = 0
        high: Int
      }

      enum Color {
        RED
      }"
    `);
  });

  test("scalars of one's own are named, and carry their specification", async () => {
    expect(
      await typesOf(`
Email = Annotated[str, graphql.scalar("Email", description="An address.", specified_by="https://example.com/email")]
Cents = graphql.scalar("Cents", based_on=int)
@dataclass
class User:
    email: Email
    other: Annotated[Email | None, "Second."]
    money: Cents
    debt: Optional[Cents]
    gifts: list[Cents] | None
${returning("User")}`),
    ).toMatchInlineSnapshot(`
      "type Query {
        it: User!
      }

      type User {
        email: Email!

        """Second."""
        other: Email
        money: Cents!
        debt: Cents
        gifts: [Cents!]
      }

      """An address."""
      scalar Email @specifiedBy(url: "https://example.com/email")

      scalar Cents"
    `);
  });

  test("fields are deprecated by a decorator, by Annotated and by Python's own mark", async () => {
    expect(
      await typesOf(`
import warnings
@dataclass
class Query:
    @classmethod
    @graphql.deprecated("use b")
    def a(cls, ctx: Context, /) -> int: ...
    @graphql.field(name="bee", description="The second.", deprecation="use c")
    @staticmethod
    def b(ctx: Context, /) -> int: ...
    @classmethod
    @warnings.deprecated("use d")
    def c(cls, ctx: Context, /) -> int: ...
@dataclass
class Schema:
    query: Query
`),
    ).toMatchInlineSnapshot(`
      "type Query {
        a: Int! @deprecated(reason: "use b")

        """The second."""
        bee: Int! @deprecated(reason: "use c")
        c: Int! @deprecated(reason: "use d")
      }"
    `);
  });

  test("recursive types and names defined later are found, with future annotations and without", async () => {
    const source = `
@dataclass
class Tree:
    left: Tree | None
    children: list[Leaf]
    @classmethod
    def root(cls, ctx: Context, /, like: Pattern | None = None) -> Tree: ...
@dataclass
class Leaf:
    tree: Tree
@dataclass
class Pattern:
    text: str
    date: datetime.date | None = None
${returning("Tree")}`;
    const sdl = await typesOf(source);
    expect(sdl).toMatchInlineSnapshot(`
      """"A calendar date: \`2024-05-01\`."""
      scalar Date @specifiedBy(url: "https://www.rfc-editor.org/rfc/rfc3339")

      type Query {
        it: Tree!
      }

      type Tree {
        left: Tree
        children: [Leaf!]!
        root(like: Pattern): Tree!
      }

      type Leaf {
        tree: Tree!
      }

      input Pattern {
        text: String!
        date: Date
      }"
    `);
    expect(await python.sdl(`from __future__ import annotations\n${imports}${source}`)).toBe(sdl);
  });

  test("camel_case renames fields, arguments and inputs' fields, and not types or enums", async () => {
    expect(
      await python.sdl(
        `${imports}
class Some_Color(enum.Enum):
    DARK_RED = 1
@dataclass
class User_Input:
    first_name: str
    favorite_color: Some_Color = Some_Color.DARK_RED
@dataclass
class User:
    created_at: datetime.datetime
    field_1: int
    def full_name(self, with_title: bool = False) -> str: ...
@dataclass
class Query:
    @classmethod
    def find_users(cls, ctx: Context, /, like_this: User_Input) -> list[User]: ...
@dataclass
class Schema:
    query: Query
`,
        { camelCase: true },
      ),
    ).toMatchInlineSnapshot(`
      """"
      A moment in time as RFC 3339 writes it, in UTC: \`2024-05-01T12:30:00Z\`; without a zone, a local time.
      """
      scalar DateTime @specifiedBy(url: "https://www.rfc-editor.org/rfc/rfc3339")

      type Query {
        findUsers(likeThis: User_Input!): [User!]!
      }

      input User_Input {
        firstName: String!
        favoriteColor: Some_Color! = DARK_RED
      }

      type User {
        createdAt: DateTime!
        field1: Int!
        fullName(withTitle: Boolean! = false): String!
      }

      enum Some_Color {
        DARK_RED
      }"
    `);
  });

  test("the three root types have their names whatever their classes are called", async () => {
    expect(
      await typesOf(`
@dataclass
class Event:
    id: int
@dataclass
class Q:
    @staticmethod
    def q(ctx, /) -> "Q | None": ...
@dataclass
class M:
    @classmethod
    def m(cls, ctx, /) -> bool: ...
@dataclass
class S:
    @classmethod
    def s(cls, ctx, /, num: Optional[int] = None) -> Iterable[Event]: ...
    @classmethod
    async def t(cls, ctx, /) -> AsyncIterable[list[int]]: ...
@dataclass
class Schema:
    query: Q
    mutation: M
    subscription: S
`),
    ).toMatchInlineSnapshot(`
      "type Query {
        q: Query
      }

      type Mutation {
        m: Boolean!
      }

      type Subscription {
        s(num: Int): Event!
        t: [Int!]!
      }

      type Event {
        id: Int!
      }"
    `);
  });

  test.each(["EmptyObject", "None", "Optional[EmptyObject]"])("a mutation that is %s is absent", async (annotation) => {
    const source = `${imports}${returning("int")}    mutation: ${annotation}\n    subscription: ${annotation} = None\n`;
    const description = await python.description(source);
    expect(description).toMatchObject({ query: "Query", mutation: null, subscription: null });
  });

  test("what is no field stays out: private names, constants, class variables, nested classes", async () => {
    expect(
      await typesOf(`
@dataclass
class Post:
    LIMIT = 20
    registry: ClassVar[dict] = {}
    id: int
    _secret: int = 0
    class Meta:
        ordering = 1
    def _helper(self): ...
    @classmethod
    def _make(cls, row): ...
    def __str__(self): return "post"
${returning("Post")}`),
    ).toContain("type Post {\n  id: Int!\n}");
  });

  test("resolvers are inherited from mixins, and overridden", async () => {
    expect(
      await typesOf(`
class Timestamps:
    @classmethod
    def age(cls, ctx: Context, /) -> int: ...
    @classmethod
    def size(cls, ctx: Context, /) -> int: ...
@dataclass
class Post(Timestamps):
    id: int
    @classmethod
    def size(cls, ctx: Context, /) -> float: ...
${returning("Post")}`),
    ).toContain("type Post {\n  id: Int!\n  age: Int!\n  size: Float!\n}");
  });
});

test("each field says where its value comes from and where it is written", async () => {
  const { types, hasAuth } = await python.description(`${imports}
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
${returning("Post")}
    @staticmethod
    def auth(headers): ...
`);
  const fields = types.flatMap((type) => (type.kind === "object" && type.name === "Post" ? type.fields : []));
  expect(fields.map(({ name, source, place }) => [name, source, place])).toEqual([
    ["id", { kind: "column", column: "id" }, "schema.py:11"],
    ["comments", { kind: "resolver", pure: false, plan: null }, "schema.py:13"],
    ["author", { kind: "resolver", pure: true, plan: null }, "schema.py:16"],
    ["next", { kind: "resolver", pure: false, plan: null, borrows: true }, "schema.py:19"],
    ["words", { kind: "method" }, "schema.py:20"],
    ["slug", { kind: "column", column: "slug" }, "schema.py:22"],
  ]);
  expect(hasAuth).toBe(true);
});

describe("constraints", () => {
  test("have the messages of the schema's class, its types and their resolvers", async () => {
    const { constraints, raisedMessages } = await python.description(`${imports}
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
`);
    expect(constraints).toEqual({
      of_type: "The type says",
      of_static: "The static method says",
      of_field: "The field says",
      of_field_too: "And so it does",
      of_schema: "The schema says",
    });
    expect(raisedMessages).toBe(true);
  });

  test("have one message each", async () => {
    const described = python.description(`${imports}
@graphql.constraint("one", "This")
@dataclass
class Query:
    @classmethod
    def it(cls, ctx: Context, /) -> int: ...
@graphql.constraint("one", "That")
@dataclass
class Schema:
    query: Query
`);
    await expect(described).rejects.toThrow(/constraint one has two messages: 'That' and 'This'/);
  });
});

test("Puff's own example is described", async () => {
  expect(
    await python.sdl(`${imports}
@dataclass
class DbObject:
    count: int
    parent_id: int
@dataclass
class SomeInputObject:
    some_count: int
    some_string: str
@dataclass
class SomeObject:
    field1: int
    def example_self(self, ctx, /) -> str: ...
    @classmethod
    def hello_world2(cls, ctx, /, my_input: Optional[int] = None) -> "SomeObject": ...
    @staticmethod
    def hello_world_query(ctx, /, my_input: Optional[int] = None) -> tuple[list[DbObject], str, list[Any], list[str], list[str]]: ...
@dataclass
class Query:
    @classmethod
    def hello_world(cls, parents, context, /, my_input: List[SomeInputObject]) -> Tuple[List[SomeObject], List[SomeObject]]: ...
@dataclass
class Subscription:
    @classmethod
    def read_some_objects(cls, context, /, num: Optional[int] = None) -> Iterable[SomeObject]: ...
@dataclass
class Schema:
    query: Query
    mutation: EmptyObject
    subscription: Subscription
`),
  ).toMatchInlineSnapshot(`
    "type Query {
      hello_world(my_input: [SomeInputObject!]!): [SomeObject!]!
    }

    type Subscription {
      read_some_objects(num: Int): SomeObject!
    }

    input SomeInputObject {
      some_count: Int!
      some_string: String!
    }

    type SomeObject {
      field1: Int!
      example_self: String!
      hello_world2(my_input: Int): SomeObject!
      hello_world_query(my_input: Int): [DbObject!]!
    }

    type DbObject {
      count: Int!
      parent_id: Int!
    }"
  `);
});

describe("where schemas are", () => {
  const schema = `${imports}${returning("int")}`;
  const other = schema.replace("class Schema", "class Other");

  test.each([
    ["schema.py", { "schema.py": schema }],
    ["schema.py:Other", { "schema.py": other }],
    ["my-schema.py", { "my-schema.py": schema }],
    ["json.py", { "json.py": schema }],
    ["schema", { "schema.py": schema }],
    ["schema:Other", { "schema.py": other }],
    ["schema.Other", { "schema.py": other }],
    ["app.api.schema", { "app/api/schema.py": schema }],
    ["app.api.schema.Other", { "app/api/schema.py": other }],
    ["app", { "app/__init__.py": schema }],
    ["app/api.py", { "app/__init__.py": "", "app/types.py": schema, "app/api.py": "from .types import Schema" }],
  ])("%s", async (spec, files) => {
    const answer = await python.load(files, { spec });
    expect(answer.error).toBeUndefined();
    expect(answer.files.map((file) => file.split("/").slice(3).join("/")).sort()).toEqual(Object.keys(files).sort());
  });

  test("types that import each other for type checkers alone find each other", async () => {
    expect(
      await python.sdl({
        "author.py": `from __future__ import annotations
from dataclasses import dataclass
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    from post import Post
@dataclass
class Author:
    posts: list[Post]
`,
        "post.py": `from dataclasses import dataclass
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    from author import Author
@dataclass
class Post:
    author: Author
    authors: list[Author | None]
`,
        "schema.py": `${imports}import author, post\n${returning("post.Post")}`,
      }),
    ).toContain("type Post {\n  author: Author!\n  authors: [Author]!\n}\n\ntype Author {\n  posts: [Post!]!\n}");
  });
});
