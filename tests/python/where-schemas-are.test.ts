/** Schemas are found by the names of files, modules and classes, and their types find each other. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TestPython } from "../support/python/pyodide.ts";

let python: TestPython;

beforeAll(async () => {
  python = await TestPython.start();
});
afterAll(() => python.close());

const imports = `
from dataclasses import dataclass
from puff.graphql import Context
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
