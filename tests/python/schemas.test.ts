/** Several schemas in one interpreter: each holds what it reaches, whichever was loaded first. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { TestPython } from "../support/python/pyodide.ts";

let python: TestPython;

beforeAll(async () => {
  python = await TestPython.start();
});
afterAll(() => python.close());

const imports = `
from __future__ import annotations
import enum
from dataclasses import dataclass
from typing import Annotated, Literal
from puff import graphql
from puff.graphql import ID, Context, Plan
`;

const query = (returns: string) => `
@dataclass
class Query:
    @classmethod
    def node(cls, ctx: Context, /) -> ${returns}: ...

@dataclass
class Schema:
    query: Query
`;

const files = {
  "common.py": `${imports}
@graphql.interface
@dataclass
class Node:
    id: ID

@graphql.interface
@dataclass
class Named(Node):
    name: str

def load(name):
    import importlib
    return importlib.import_module(name)
`,
  "posts.py": `${imports}
from common import Named
@dataclass
class Post(Named):
    state: Literal["draft", "done"]
`,
  "people/__init__.py": "",
  "people/users.py": `${imports}
from common import Named
class Level(enum.Enum):
    LOW = 1
@dataclass
class User(Named):
    level: Level
`,
  "people/salaries.py": `${imports}
from common import Node
from .users import User
@dataclass
class Salary(Node):
    user: User
`,
  "secrets_of.py": `${imports}
from common import Named
@dataclass
class Secret(Named):
    key: str
`,
  "public.py": `${imports}
from typing import TYPE_CHECKING
from common import Node
from posts import Post
import people.users
if TYPE_CHECKING:
    from people.salaries import Salary
${query("Node")}`,
  "internal.py": `${imports}
from common import Node, load
from people import salaries
secrets = load("secrets_of")
${query("Node | None")}`,
  // Its Post is another than that of posts.py.
  "partner.py": `${imports}
from common import Named
@dataclass
class Post(Named):
    price: float
@dataclass
class Partner(Named):
    fee: int
${query("Annotated[Post | Partner, graphql.union('Mine')]")}`,
};
const schemas = ["public", "internal", "partner"];

const expected = {
  public: "Query Node Named Post User PostState Level",
  internal: "Query Node Named Salary Secret User Level",
  partner: "Query Post Partner Mine Named Node",
};

function* orders(names: readonly string[]): Generator<string[]> {
  if (names.length === 0) {
    yield [];
  }
  for (const name of names) {
    for (const rest of orders(names.filter((other) => other !== name))) {
      yield [name, ...rest];
    }
  }
}

test.each([...orders(schemas)].map((order) => [order] as const))(
  "loaded as %j each schema has the same types",
  async (order) => {
    const found = await python.descriptions(files, order);
    const names = Object.entries(found).map(([name, { types }]) => [name, types.map((type) => type.name).join(" ")]);
    expect(Object.fromEntries(names)).toEqual(expected);
  },
);
