/** Models of pydantic and structs of msgspec as arguments: described as inputs, validated, and refused field by field. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { installCompiledPackages } from "../support/python/packages.ts";
import { prelude, TestPython } from "../support/python/pyodide.ts";

let python: TestPython;

beforeAll(async () => {
  python = await TestPython.start(await installCompiledPackages(["jiter==0.*", "msgspec==0.23.*", "pydantic==2.*"]));
});
afterAll(() => python.close());

const models = `
import msgspec, pydantic
from pydantic import BaseModel, Field

class Address(BaseModel):
    city: str = Field(min_length=2, description="Where it is")

class PostInput(BaseModel):
    """What a post is made of."""
    title: str = Field(min_length=3)
    stars: int = Field(default=1, ge=1, le=5)
    kind: Color = Color.RED
    tags: list[str] = []
    due: datetime.date | None = None
    home: Address | None = Field(default=None, alias="homeAddress")
    note: str = Field(default_factory=lambda: "made")

    @pydantic.field_validator("title")
    @classmethod
    def no_shouting(cls, value: str) -> str:
        if value.isupper():
            raise ValueError("don't shout")
        return value.strip()

class Point(msgspec.Struct, rename="camel"):
    x_axis: Annotated[int, msgspec.Meta(ge=0)]
    color: Color = Color.BLUE
    labels: list[str] = []
    inner: Optional["Point"] = None
`;

const schema = `${prelude}${models}
@dataclass
class Shown:
    title: str
    stars: int

@dataclass
class Query:
    @classmethod
    def post(cls, ctx: Context, /, input: PostInput) -> str:
        return repr(input)
    @classmethod
    def point(cls, ctx: Context, /, at: Point) -> str:
        return repr(at)
    @classmethod
    def shown(cls, ctx: Context, /, input: PostInput) -> Shown:
        return input
    @classmethod
    @graphql.pure
    def found(cls, ctx: Context, /, input: PostInput, limit: int) -> Plan[list[Post]]:
        return sql("SELECT id, title FROM post WHERE title = $1 LIMIT $2", input.title, limit)
@dataclass
class Schema:
    query: Query
`;

test("they are inputs", async () => {
  const sdl = await python.sdl(schema);
  expect(sdl).toContain(`"""What a post is made of."""
input PostInput {
  title: String!
  stars: Int! = 1
  kind: Color! = RED
  tags: [String!]! = []
  due: Date
  home: Address
  note: String
}`);
  expect(sdl).toContain(`input Address {
  """Where it is"""
  city: String!
}`);
  expect(sdl).toMatch(
    /input Point \{\n {2}x_axis: Int!\n {2}color: Color! = BLUE\n {2}labels: \[String!\]! = \[\]\n {2}inner: Point\n\}/,
  );
});

test.each<[string, string, object, string]>([
  [
    "Query.post",
    "input",
    { title: " abc " },
    "PostInput(title='abc', stars=1, kind=<Color.RED: 'r'>, tags=[], due=None, home=None, note='made')",
  ],
  [
    "Query.post",
    "input",
    { title: "abc", stars: 5, kind: "BLUE", tags: ["x"], due: "2026-01-02", home: { city: "Ulm" }, note: "n" },
    "PostInput(title='abc', stars=5, kind=<Color.BLUE: 'b'>, tags=['x'], due=datetime.date(2026, 1, 2), home=Address(city='Ulm'), note='n')",
  ],
  ["Query.point", "at", { x_axis: 3 }, "Point(x_axis=3, color=<Color.BLUE: 'b'>, labels=[], inner=None)"],
  [
    "Query.point",
    "at",
    { x_axis: 3, color: "RED", labels: ["a"], inner: { x_axis: 4 } },
    "Point(x_axis=3, color=<Color.RED: 'r'>, labels=['a'], inner=Point(x_axis=4, color=<Color.BLUE: 'b'>, labels=[], inner=None))",
  ],
])("%s(%s: %o) is an instance", async (field, argument, value, expected) => {
  await python.description(schema);
  expect(await python.resolve(field, { args: { [argument]: value as never } })).toMatchObject({
    kind: "value",
    value: expected,
  });
});

test.each<[string, string, object, string]>([
  [
    "Query.post",
    "input",
    { title: "a", stars: 9 },
    "argument input: title: String should have at least 3 characters; stars: Input should be less than or equal to 5",
  ],
  ["Query.post", "input", { title: "LOUD" }, "argument input: title: Value error, don't shout"],
  [
    "Query.post",
    "input",
    { title: "abc", home: { city: "U" } },
    "argument home: city: String should have at least 2 characters",
  ],
  ["Query.point", "at", { x_axis: -1 }, "argument at: xAxis: Expected `int` >= 0"],
])("%s(%s: %o) is refused", async (field, argument, value, message) => {
  await python.description(schema);
  const refused = await python.resolve(field, { args: { [argument]: value as never } });
  expect(refused).toMatchObject({ kind: "failure", error: { code: "PUFF_VALUE_INVALID", message } });
});

test("a resolver may return one where its type is a dataclass", async () => {
  await python.description(schema);
  const args = { input: { title: "abc", stars: 2 } };
  const shown = await python.resolve("Query.shown", {
    args,
    selection: { Shown: { columns: ["title", "stars"], objects: {}, methods: [] } },
  });
  expect(shown).toMatchObject({ kind: "value", value: { o: { title: "abc", stars: 2 } } });
});

test("a pure resolver is traced for each of its values, and what is beside it stays a symbol", async () => {
  await python.description(schema);
  const args = { input: { title: "abc" }, limit: 3 };
  const traced = await python.resolve("Query.found", { args, trace: true, selection: {} });
  expect(traced).toMatchObject({
    kind: "traced",
    looked: ["input.title"],
    plan: { kind: "sql", params: [[0, "abc"], { argument: "limit" }] },
  });
});

test("a model as a result is refused with a remedy", async () => {
  const mistake = await python.mistake(
    `${prelude}${models}\n@dataclass\nclass Query:\n    @classmethod\n    def it(cls, ctx, /) -> Address: ...\n@dataclass\nclass Schema:\n    query: Query\n`,
  );
  expect(mistake).toMatch(
    /PUFF_SCHEMA_INVALID .*has the type Address, a model, and models are arguments alone \| Write a dataclass/,
  );
});
