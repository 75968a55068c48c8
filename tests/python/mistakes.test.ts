/** Each mistake in a schema is one message: place, cause and remedy. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TestPython } from "../support/python/pyodide.ts";

let python: TestPython;

beforeAll(async () => {
  python = await TestPython.start();
});
afterAll(() => python.close());

const imports = `from dataclasses import dataclass; from typing import *; from puff import graphql; from puff.graphql import *; import datetime, enum, ipaddress
`;

const rest = `
@dataclass
class Query:
    @classmethod
    def posts(cls, ctx, /) -> list[Post]: ...
@dataclass
class Schema:
    query: Query
`;

const post = "@dataclass\nclass Post:\n    id: int\n";

const query = (members: string) => `${post}@dataclass
class Query:
${members.replaceAll(/^/gm, "    ")}
@dataclass
class Schema:
    query: Query
`;

test("an attribute without annotation", async () => {
  expect(await python.mistake(`${imports}${post}    title = "x"\n${rest}`)).toMatchInlineSnapshot(
    `"PUFF_SCHEMA_INVALID schema.py:5: field Post.title has no annotation | Write its type, \`title: str\`. If it is not a field, begin its name with _ or make it a ClassVar."`,
  );
});

test("what the standard library refuses is the user's line", async () => {
  expect(await python.mistake(`${imports}${post}    tags: list[str] = []\n${rest}`)).toMatchInlineSnapshot(
    `"PUFF_SCHEMA_IMPORT schema.py:2: importing schema.py raised ValueError: mutable default <class 'list'> for field tags is not allowed: use default_factory | Correct what the traceback shows."`,
  );
});

test.each([
  [
    "@classmethod\n@graphql.pure\n@graphql.borrow_db_context\ndef n(cls, ctx, /) -> int: ...",
    "field Query.n is @graphql.pure",
  ],
  [
    "@graphql.borrow_db_context\n@classmethod\n@graphql.pure\ndef n(cls, ctx, /) -> int: ...",
    "Take @graphql.pure off.",
  ],
])("what borrows the database is not a pure plan", async (field, message) => {
  expect(await python.mistake(imports + query(field))).toContain(message);
});

test.each<[what: string, types: string, members: string, message: string]>([
  [
    "an input of one field with a default",
    "@graphql.one_of\n@dataclass\nclass By:\n    id: int = 5\n    name: str | None = None\n",
    "@classmethod\ndef it(cls, ctx, /, by: By) -> int: ...",
    "field By.id is always there, and clients give one field alone of an input with @graphql.one_of | Let it be None if it is not given: `… | None = None`.",
  ],
  [
    "an input of one field as a result",
    "@graphql.one_of\n@dataclass\nclass By:\n    id: int | None = None\n",
    "@classmethod\ndef it(cls, ctx, /) -> By: ...",
    "By is decorated with @graphql.one_of, and is the type of a field | Use it as an argument alone",
  ],
  [
    "shared arguments that are not a dataclass",
    "",
    "@classmethod\ndef it(cls, ctx, /, n: Annotated[int, graphql.arguments]) -> int: ...",
    "argument n of Query.it is marked with graphql.arguments, but is not a dataclass of arguments",
  ],
  [
    "shared arguments beside one of the same name",
    "@dataclass\nclass Window:\n    limit: int = 1\n",
    "@classmethod\ndef it(cls, ctx, /, limit: int, window: Annotated[Window, graphql.arguments]) -> int: ...",
    "field Query.it has two arguments limit",
  ],
  [
    "an argument of no field above",
    "",
    "@classmethod\ndef it(cls, ctx, /, n: Annotated[int, graphql.parent_argument]) -> int: ...",
    "argument n of Query.it is that of the field above, and there is no field above",
  ],
  [
    "an argument that the field above lacks",
    "@dataclass\nclass Page:\n    @classmethod\n    def n(cls, ctx, /, n: Annotated[int, graphql.parent_argument]) -> int: ...\n",
    "@classmethod\ndef it(cls, ctx, /) -> list[Page]: ...",
    "argument n of Page.n is that of the field above, and Query.it has no such argument | Give it a default, or let it be None",
  ],
  [
    "an argument that has another type in the field above",
    "@dataclass\nclass Page:\n    @classmethod\n    def n(cls, ctx, /, n: Annotated[int | None, graphql.parent_argument]) -> int: ...\n",
    "@classmethod\ndef it(cls, ctx, /, n: str) -> list[Page]: ...",
    "argument n of Page.n has the type Int, and in Query.it it has the type String! | Give both the same type.",
  ],
])("%s", async (_, types, members, message) => {
  expect(await python.mistake(imports + types + query(members))).toContain(message);
});

test.each([
  ['seconds=1.5, scope="public"', "seconds of @graphql.cache is 1.5: it is a whole number from 0 to 31536000"],
  ["seconds=-1", "seconds of @graphql.cache is -1"],
  ["seconds=True", "seconds of @graphql.cache is True"],
  ["seconds=31536001", "seconds of @graphql.cache is 31536001"],
  ['seconds=1, scope="all"', `scope of @graphql.cache is 'all': it is "public" or "caller"`],
  ["seconds=1, scope=None", "scope of @graphql.cache is None"],
])("@graphql.cache(%s) is refused", async (given, message) => {
  const field = `@classmethod\n@graphql.cache(${given})\ndef n(cls, ctx, /) -> int: ...`;
  expect(await python.mistake(imports + query(field))).toContain(message);
});

test("a mutation's response is not kept", async () => {
  const mutation = `@dataclass
class Mutation:
    @classmethod
    @graphql.cache(seconds=1)
    def n(cls, ctx, /) -> int: ...
`;
  const schema = query("@classmethod\ndef n(cls, ctx, /) -> int: ...");
  expect(await python.mistake(imports + mutation + schema.replace(/$/, "    mutation: Mutation\n"))).toContain(
    "field Mutation.n has @graphql.cache, but is not part of a query",
  );
});

test("not all responses are public where there is auth", async () => {
  const schema = query("@classmethod\ndef n(cls, ctx, /) -> int: ...").replace(
    "@dataclass\nclass Schema",
    '@graphql.cache(seconds=1, scope="public")\n@dataclass\nclass Schema',
  );
  const auth = "    @staticmethod\n    def auth(headers): ...\n";
  expect(await python.mistake(imports + schema + auth)).toContain(
    "class Schema has auth, and all of its responses are public",
  );
});

test("a parameter without annotation", async () => {
  expect(
    await python.mistake(imports + query("@classmethod\ndef posts(cls, ctx, /, n=1) -> int: ...")),
  ).toMatchInlineSnapshot(
    `"PUFF_SCHEMA_INVALID schema.py:8: argument n of Query.posts has no annotation | Write its type, \`n: int\`."`,
  );
});

test("a resolver without return annotation", async () => {
  expect(await python.mistake(imports + query("@classmethod\ndef posts(cls, ctx, /): ..."))).toMatchInlineSnapshot(
    `"PUFF_SCHEMA_INVALID schema.py:8: field Query.posts has no return annotation | Write \`def posts(…) -> Plan[list[Post]]:\` or another type. If it is not a field, begin its name with _."`,
  );
});

test("a property without annotation", async () => {
  expect(await python.mistake(`${imports}${post}    @property\n    def x(self): ...\n${rest}`)).toMatchInlineSnapshot(
    `"PUFF_SCHEMA_INVALID schema.py:6: field Post.x has no return annotation | Write \`def x(self) -> str:\` or another type. If it is not a field, begin its name with _."`,
  );
});

test("a resolver without positional-only context", async () => {
  expect(await python.mistake(imports + query("@classmethod\ndef posts(cls, ctx) -> int: ..."))).toMatchInlineSnapshot(
    `"PUFF_SCHEMA_INVALID schema.py:8: field Query.posts doesn't take the context as its one positional-only parameter | Write \`def posts(cls, ctx: Context, /, …)\`. If it is not a field, begin its name with _."`,
  );
  expect(
    await python.mistake(imports + query("@staticmethod\ndef posts(a, b, c, /) -> int: ...")),
  ).toMatchInlineSnapshot(
    `"PUFF_SCHEMA_INVALID schema.py:8: field Query.posts doesn't take the context as its one positional-only parameter | Write \`def posts(ctx: Context, /, …)\`. If it is not a field, begin its name with _."`,
  );
});

test("a resolver that takes what GraphQL can't name", async () => {
  expect(
    await python.mistake(imports + query("@classmethod\ndef posts(cls, ctx, /, **more: int) -> int: ...")),
  ).toMatchInlineSnapshot(
    `"PUFF_SCHEMA_INVALID schema.py:8: field Query.posts takes **more: int | GraphQL's arguments are known by name: write them out."`,
  );
});

test("an instance method or attribute of a root type", async () => {
  expect(await python.mistake(imports + query("def posts(self, ctx, /) -> int: ..."))).toMatchInlineSnapshot(
    `"PUFF_SCHEMA_INVALID schema.py:7: field Query.posts is an instance method, and a root type has no instances | Decorate it with @classmethod: \`def posts(cls, ctx: Context, /) -> …:\`."`,
  );
  expect(await python.mistake(imports + query("version: str"))).toMatchInlineSnapshot(
    `"PUFF_SCHEMA_INVALID schema.py:7: field Query.version is an attribute, and a root type has no object to read it from | Write a resolver: \`@classmethod\` and \`def version(cls, ctx: Context, /) -> …:\`."`,
  );
});

test.each([
  "ipaddress.IPv4Address",
  "object",
  "int | str",
  "None",
  "list",
  "'Pst'",
  "list[Pst]",
  "'list[Post'",
  "Literal[1, 2]",
  "Literal['a-b']",
  "Plain",
  "Generic1[int]",
  "tuple[int, str, list[Any], list[str]]" /* four, of objects */,
  "tuple[int, int, int]",
  "tuple[int]",
  "Plan",
  "Node | Post",
])("the type %s", async (annotation) => {
  const types = `
class Plain:
    x: int
T = TypeVar("T")
@dataclass
class Generic1(Generic[T]):
    x: T
@graphql.interface
@dataclass
class Node:
    id: int
`;
  expect(
    await python.mistake(`${imports}${types}${query(`@classmethod\ndef it(cls, ctx, /) -> ${annotation}: ...`)}`),
  ).toMatchSnapshot();
});

test("an input type used as output, and the reverse", async () => {
  expect(
    await python.mistake(
      imports +
        query(
          "@classmethod\ndef a(cls, ctx, /, post: Post) -> int: ...\n@classmethod\ndef b(cls, ctx, /) -> Post: ...",
        ),
    ),
  ).toMatchInlineSnapshot(
    `"PUFF_SCHEMA_INVALID schema.py:10: Post is used as an output type by field Query.b, and as an input type by argument post of Query.a (schema.py:8) | GraphQL keeps the two apart: write a dataclass of its own for arguments, such as PostInput."`,
  );
  expect(
    await python.mistake(
      imports +
        query(
          "@classmethod\ndef b(cls, ctx, /) -> list[Post]: ...\n@classmethod\ndef a(cls, ctx, /, post: Post | None = None) -> int: ...",
        ),
    ),
  ).toMatchInlineSnapshot(
    `"PUFF_SCHEMA_INVALID schema.py:10: Post is used as an input type by argument post of Query.a, and as an output type by field Query.b (schema.py:8) | GraphQL keeps the two apart: write a dataclass of its own for arguments, such as PostInput."`,
  );
});

test("a union as an argument", async () => {
  expect(
    await python.mistake(
      `${imports}@dataclass\nclass Other:\n    id: int\n${query("@classmethod\ndef a(cls, ctx, /, x: Post | Other) -> int: ...")}`,
    ),
  ).toMatchInlineSnapshot(
    `"PUFF_SCHEMA_INVALID schema.py:11: argument x of Query.a is the union Post | Other, and arguments can't be unions | A union's members are dataclasses, in results alone. Choose one type, or dict for any JSON."`,
  );
});

test("two types of one name", async () => {
  expect(
    await python.mistake({
      "other.py": `${imports}${post}`,
      "schema.py": `${imports}import other\n${post}${rest.replace("list[Post]: ...", "list[Post]: ...\n    @classmethod\n    def b(cls, ctx, /) -> other.Post: ...")}`,
    }),
  ).toMatchInlineSnapshot(
    `"PUFF_SCHEMA_INVALID other.py:3: two types have the name Post: one is the object at schema.py:4, another is the object at other.py:3 | Rename one, or give its class \`__typename__: ClassVar[str] = "…"\`."`,
  );
  expect(
    await python.mistake(
      `${imports}${query("@classmethod\ndef a(cls, ctx, /) -> 'Date': ...")}\n@dataclass\nclass Date:\n    year: int\n`,
    ),
  ).toMatchInlineSnapshot(
    `"PUFF_SCHEMA_INVALID schema.py:14: two types have the name Date: one is built in, another is the object at schema.py:14 | Rename one, or give its class \`__typename__: ClassVar[str] = "…"\`."`,
  );
});

test("two fields of one name", async () => {
  expect(
    await python.mistake(`${imports}${post}    firstName: str\n    first_name: str\n${rest}`, { camelCase: true }),
  ).toMatchInlineSnapshot(
    `"PUFF_SCHEMA_INVALID schema.py:6: field Post.first_name has the name of another field, firstName | Rename one."`,
  );
});

test("a type without fields", async () => {
  expect(await python.mistake(`${imports}@dataclass\nclass Post:\n    _x: int\n${rest}`)).toMatchInlineSnapshot(
    `"PUFF_SCHEMA_INVALID schema.py:3: object Post has no fields | Give it an attribute with a type, or a resolver."`,
  );
});

test("a class that is not a dataclass among the bases", async () => {
  expect(
    await python.mistake(`${imports}class Base:\n    x: int\n@dataclass\nclass Post(Base):\n    id: int\n${rest}`),
  ).toMatchInlineSnapshot(
    `"PUFF_SCHEMA_INVALID schema.py:3: Base.x is annotated, but class Base is not a dataclass | Decorate Base with @dataclass."`,
  );
});

test("a name that GraphQL doesn't take", async () => {
  expect(await python.mistake(`${imports}${post}    größe: int\n${rest}`)).toMatchInlineSnapshot(
    `"PUFF_SCHEMA_INVALID schema.py:5: field Post.größe has a name that GraphQL doesn't allow | Names consist of ASCII letters, digits and underscores, and must not begin with two underscores."`,
  );
});

test("an enum with values that no database holds", async () => {
  expect(
    await python.mistake(`${imports}class C(enum.Enum):\n    A = (1, 2)\n${post}    c: C\n${rest}`),
  ).toMatchInlineSnapshot(
    `"PUFF_SCHEMA_INVALID schema.py:3: enum member C.A has the value (1, 2) | Values of enums are str, int, bool or a finite float: what the database holds for them."`,
  );
});

test("a default that is not of its type", async () => {
  expect(
    await python.mistake(imports + query("@classmethod\ndef a(cls, ctx, /, x: int = object()) -> int: ...")),
  ).toMatch(/^PUFF_SCHEMA_INVALID schema.py:8: the default of argument x of Query.a can't be described: <object/);
});

test.each([
  ["x: float = float('inf')", "inf"],
  ["x: float = float('nan')", "nan"],
  ["x: list[float] = [1.0, -float('inf')]", "-inf"],
  ["x: dict = {'a': [float('nan')]}", "{'a': [nan]}"],
  ["x: decimal.Decimal = decimal.Decimal('Infinity')", "Decimal('Infinity')"],
  ["x: decimal.Decimal = decimal.Decimal('NaN')", "Decimal('NaN')"],
  ["x: Span = Span()", "inf"],
])("a default that is not finite: %s", async (parameter, shown) => {
  const span = "import decimal\n@dataclass\nclass Span:\n    low: float = 0.0\n    high: float = 1.0\n";
  const infinite = span.replace("high: float = 1.0", "high: float | None = float('inf')");
  const message = await python.mistake(
    imports + infinite + query(`@classmethod\ndef a(cls, ctx, /, ${parameter}) -> int: ...`),
  );
  expect(message).toMatch(
    /^PUFF_SCHEMA_INVALID schema.py:\d+: the default of argument x of Query.a can't be described: /,
  );
  expect(message).toContain(`: ${shown} is not finite`);
});

test("a default in JSON that JavaScript would round", async () => {
  expect(
    await python.mistake(imports + query("@classmethod\ndef a(cls, ctx, /, x: dict = {'a': [2 ** 60]}) -> int: ...")),
  ).toMatch(/^PUFF_SCHEMA_INVALID schema.py:8: .* can't be described: \{.*\} has an integer beyond 2\^53/);
});

test.each(["float('inf')", "float('nan')"])("an enum's value that is not finite: %s", async (value) => {
  const level = `class Level(enum.Enum):\n    LOW = 1.0\n    HIGH = ${value}\n`;
  expect(
    await python.mistake(imports + level + query("@classmethod\ndef a(cls, ctx, /, level: Level) -> int: ...")),
  ).toMatch(/^PUFF_SCHEMA_INVALID schema.py:4: enum member Level.HIGH has the value (inf|nan)/);
});

test.each([
  [
    "class Level(enum.Enum):\n    LOW = 'HIGH'\n    MID = 'LOW'",
    "Level.MID has the value 'LOW', which is the name of Level.LOW",
  ],
  [
    "class Level(enum.Enum):\n    LOW = 'a'\n    HIGH = 'LOW'",
    "Level.HIGH has the value 'LOW', which is the name of Level.LOW",
  ],
  [
    "class Level(enum.Enum):\n    LOW = 1\n    HIGH = '1'",
    "Level.HIGH has the value '1', which is the value of Level.LOW",
  ],
])("an enum whose members a database can't tell apart: %s", async (level, message) => {
  const mistake = await python.mistake(
    `${imports}${level}\n${query("@classmethod\ndef a(cls, ctx, /, level: Level) -> int: ...")}`,
  );
  expect(mistake).toMatch(/^PUFF_SCHEMA_INVALID schema.py:\d: enum member /);
  expect(mistake).toContain(message);
});

test.each([
  "class Level(enum.Enum):\n    LOW = 'LOW'\n    HIGH = 'high'\n    OLD = 'high'",
  "class Level(enum.StrEnum):\n    LOW = 'HIGH'\n    MID = 'LOW'",
])("an enum whose members a database can tell apart: %s", async (level) => {
  const field = query("@classmethod\ndef a(cls, ctx, /, level: Level) -> int: ...");
  expect(await python.mistake(`${imports}${level}\n${field}`)).toBe("no error");
});

test("a scalar based on what is not a scalar", async () => {
  expect(await python.mistake(`${imports}X = graphql.scalar("X", based_on=object)\n`)).toMatchInlineSnapshot(
    `"PUFF_SCHEMA_INVALID schema.py:2: scalar X is based on <class 'object'>, which is not a built-in scalar | Base it on str, int, float, bool, datetime, date, time, timedelta, Decimal, UUID, bytes or dict."`,
  );
});

test("a subscription that returns no stream, and a query that returns one", async () => {
  expect(
    await python.mistake(
      `${imports}${post}${rest}    subscription: "Subscription"\n@dataclass\nclass Subscription:\n    @classmethod\n    def s(cls, ctx, /) -> Post: ...\n`,
    ),
  ).toMatchInlineSnapshot(
    `"PUFF_SCHEMA_INVALID schema.py:17: field Subscription.s returns Post, but a subscription must return a stream | Write \`-> Stream[T]\` and return graphql.on(…) or graphql.live(…), or \`-> Iterable[T]\` and yield."`,
  );
  expect(
    await python.mistake(imports + query("@classmethod\ndef q(cls, ctx, /) -> graphql.Stream[int]: ...")),
  ).toMatchInlineSnapshot(
    `"PUFF_SCHEMA_INVALID schema.py:8: field Query.q returns a stream, which only a subscription can | Move it to the class that Schema names as its subscription, or return a plan."`,
  );
});

test("a schema class that is missing, or without query", async () => {
  expect(await python.mistake(imports)).toMatchInlineSnapshot(
    `"PUFF_SCHEMA_INVALID schema.py: there is no class Schema in schema.py | Write \`@dataclass\` and \`class Schema:\` with \`query: Query\`, or name another class: schema.py:Name."`,
  );
  expect(await python.mistake(`${imports}@dataclass\nclass App:\n    query: int\n`)).toMatchInlineSnapshot(
    `"PUFF_SCHEMA_INVALID schema.py: there is no class Schema in schema.py | Name the class: schema.py:App."`,
  );
  expect(await python.mistake(`${imports}class Schema: pass`)).toMatchInlineSnapshot(
    `"PUFF_SCHEMA_INVALID schema.py:2: class Schema has no query | Write \`query: Query\`, a dataclass."`,
  );
  expect(await python.mistake(`${imports}class Schema:\n    query: int`)).toMatchInlineSnapshot(
    `"PUFF_SCHEMA_INVALID schema.py:3: query of class Schema is <class 'int'>, which is not a dataclass | Write \`query: Query\`, a class decorated with @dataclass."`,
  );
});

test("auth that takes something else than headers", async () => {
  expect(await python.mistake(`${imports}${post}${rest}    def auth(self, headers): ...\n`)).toMatchInlineSnapshot(
    `"PUFF_SCHEMA_INVALID schema.py:13: auth of class Schema takes the request's headers alone | Write \`@staticmethod\` and \`def auth(headers: Mapping[str, str]) -> User:\`."`,
  );
});

test("a file or module that is missing", async () => {
  expect(await python.mistake({}, { spec: "nowhere.py" })).toMatchInlineSnapshot(
    `"PUFF_SCHEMA_NOT_FOUND nowhere.py: the file nowhere.py does not exist | Give the path of a Python file, or a module's name."`,
  );
  expect(await python.mistake({}, { spec: "app.nowhere" })).toMatchInlineSnapshot(
    `"PUFF_SCHEMA_NOT_FOUND null: there is no module app.nowhere | Give the path of a Python file or a module's name; --python-path adds folders to search for modules."`,
  );
});

test("a syntax error, in the schema and in what it imports", async () => {
  expect(await python.mistake("import os\ndef f(:\n    pass\n")).toMatchInlineSnapshot(
    `"PUFF_SCHEMA_SYNTAX schema.py:2: invalid syntax: def f(: | Correct the line."`,
  );
  expect(await python.mistake({ "other.py": "x = (1,\n", "schema.py": "\nimport other" })).toMatchInlineSnapshot(
    `"PUFF_SCHEMA_SYNTAX other.py:1: '(' was never closed: x = (1, | Correct the line."`,
  );
  expect(await python.mistake("if True:\n    x = 1\n  y = 2\n")).toMatchInlineSnapshot(
    `"PUFF_SCHEMA_SYNTAX schema.py:3: unindent does not match any outer indentation level: y = 2 | Correct the line."`,
  );
});

test("an import that fails", async () => {
  expect(await python.mistake("import os\nimport nosuchpackage.sub\n")).toMatchInlineSnapshot(
    `"PUFF_SCHEMA_IMPORT schema.py:2: importing schema.py raised ModuleNotFoundError: No module named 'nosuchpackage' | Install nosuchpackage into the project's .venv, or add its folder with --python-path."`,
  );
  expect(await python.mistake({ "other.py": "\n1 / 0", "schema.py": "import other" })).toMatchInlineSnapshot(
    `"PUFF_SCHEMA_IMPORT other.py:2: importing schema.py raised ZeroDivisionError: division by zero | Correct what the traceback shows."`,
  );
  expect(await python.mistake("import sys\nsys.exit(3)")).toMatchInlineSnapshot(
    `"PUFF_SCHEMA_IMPORT schema.py:2: importing schema.py raised SystemExit: 3 | Correct what the traceback shows."`,
  );
  expect(await python.mistake("from puff.graphql import nothing")).toMatchInlineSnapshot(
    `"PUFF_SCHEMA_IMPORT schema.py:1: importing schema.py raised ImportError: cannot import name 'nothing' from 'puff.graphql' (/puff/puff/graphql.py) | Correct what the traceback shows."`,
  );
});

test("a traceback names the user's frames alone", async () => {
  const { error } = await python.load({ "other.py": "def f():\n    1 / 0\nf()\n", "schema.py": "import other\n" });
  expect(error?.traceback?.replaceAll(/\/cases\/case\d+/g, "")).toMatchInlineSnapshot(`
    "Traceback (most recent call last):
      File "/schema.py", line 1, in <module>
        import other
      File "/other.py", line 3, in <module>
        f()
        ~^^
      File "/other.py", line 2, in f
        1 / 0
        ~~^~~
    ZeroDivisionError: division by zero
    "
  `);
});

describe("a package with compiled code", () => {
  const native = "fast/_fast.cpython-312-x86_64-linux-gnu.so";
  const elf = "\x7fELF";
  const unknown =
    "which Pyodide can't load | Run puff-gateway pip install fast, which takes a build for it or a pure one if PyPI has " +
    "either. Else run the gateway with --engine cpython.";
  const sentence = `package fast has compiled code (${native}), ${unknown}`;
  const own = "raise ImportError('reinstall') from error";

  test.each<[string, string, { readonly [path: string]: string }]>([
    [
      "imports its extension",
      `fast/__init__.py:1: ${sentence}`,
      { [native]: elf, "fast/__init__.py": "from fast._fast import f\n" },
    ],
    [
      "imports it as a name of the package",
      `fast/__init__.py:1: ${sentence}`,
      { [native]: elf, "fast/__init__.py": "from fast import _fast\n" },
    ],
    [
      "raises an error of its own",
      `fast/__init__.py:4: ${sentence}`,
      {
        [native]: elf,
        "fast/__init__.py": `try:\n    from . import _fast\nexcept ImportError as error:\n    ${own}\n`,
      },
    ],
    [
      "tells it in words",
      `fast/__init__.py:5: ${sentence}`,
      {
        [native]: elf,
        "fast/__init__.py":
          "try:\n    from . import _fast\nexcept ImportError as error:\n    told = str(error)\nraise ImportError('no fast: ' + told)\n",
      },
    ],
    [
      "has an extension for any Python",
      `fast/__init__.py:1: ${sentence.replace(native, "fast/_fast.abi3.so")}`,
      { "fast/_fast.abi3.so": elf, "fast/__init__.py": "from fast._fast import f\n" },
    ],
    [
      "has a folder of stubs beside it",
      `fast/__init__.py:1: ${sentence}`,
      { [native]: elf, "fast/_fast/__init__.pyi": "", "fast/__init__.py": "from fast._fast import f\n" },
    ],
    [
      "is a module",
      "schema.py:1: package speed has compiled code (speed.abi3.so), " + unknown.replace("fast", "speed"),
      { "speed.abi3.so": elf, "fast/__init__.py": "import speed\n" },
    ],
    [
      "was installed, and PyPI has a build",
      "fast/__init__.py:1: package msgspec has compiled code (fast/_fast.abi3.so), which Pyodide can't load | " +
        "PyPI has a build for it: run puff-gateway pip install msgspec.",
      {
        "fast/_fast.abi3.so": elf,
        "fast/__init__.py": "from fast._fast import f\n",
        "msgspec-0.23.0.dist-info/RECORD": "fast/__init__.py,sha256=x,1\nfast/_fast.abi3.so,sha256=x,4\n",
      },
    ],
    [
      "was installed, and PyPI has none",
      "fast/__init__.py:1: package psycopg-binary has compiled code (fast/_fast.abi3.so), which Pyodide can't load | " +
        "PyPI has no build of it for Pyodide: run the gateway with --engine cpython, or use psycopg2, which the gateway brings.",
      {
        "fast/_fast.abi3.so": elf,
        "fast/__init__.py": "from fast._fast import f\n",
        "psycopg_binary-3.3.9.dist-info/RECORD": "fast/_fast.abi3.so,sha256=x,4\n",
      },
    ],
  ])("that %s", async (_, expected, files) => {
    const mistake = await python.mistake({ ...files, "schema.py": "import fast\n" });
    expect(mistake).toBe(`PUFF_COMPILED_PACKAGE ${expected.replace("schema.py", "fast/__init__.py")}`);
  });

  test.each(["fast/_fast.abi3.so", "fast/_fast.so", native])("that falls back without %s", async (file) => {
    const fallback = "try:\n    from fast._fast import f\nexcept ModuleNotFoundError:\n    f = None\n";
    const schema = `${imports}import fast\n${post}${rest}`;
    expect(await python.mistake({ [file]: elf, "fast/__init__.py": fallback, "schema.py": schema })).toBe("no error");
    const another = await python.mistake({
      [file]: elf,
      "fast/__init__.py": fallback,
      "schema.py": "import fast, gone",
    });
    expect(another).toContain("PUFF_SCHEMA_IMPORT");
  });
});
