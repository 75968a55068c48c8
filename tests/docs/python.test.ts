/** The Python in the guides runs, and makes a schema where it says so. */
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildExecutableSchema } from "../../schema/index.ts";
import { installPackages } from "../support/python/python-packages.ts";

const root = join(import.meta.dirname, "../..");
// The programs for clients are run by tests/http/clients.test.ts: they need a server.
const pages = (await readdir(join(root, "docs")))
  .filter((name) => name.endsWith(".md") && name !== "clients.md")
  .map((name) => `docs/${name}`);
const guides = (
  await Promise.all(
    ["README.md", ...pages].map(async (page) => {
      const text = await readFile(join(root, page), "utf8");
      return { page, blocks: [...text.matchAll(/^```python\n(.*?)^```/gms)].map((match) => match[1] ?? "") };
    }),
  )
).filter(({ blocks }) => blocks.length > 0);
let folder: string;
let packages: string;

beforeAll(async () => {
  packages = await installPackages("django==5.2.*", "asgiref==3.*", "sqlparse==0.*", "redis==8.1.0");
  folder = await mkdtemp(join(tmpdir(), "puff-docs-"));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

test.each(guides)("the Python of $page is right", async ({ page, blocks }) => {
  // A guide shows parts: what they leave out comes first, and a schema that reaches every class last.
  const own = blocks.join("\n\n").replaceAll("from __future__ import annotations\n", "");
  const schema = own.includes("class Schema") ? "" : completion;
  const file = join(folder, `${page.replaceAll(/\W/g, "_")}.py`);
  const before = own.includes("from polls") ? `${prelude}\n${djangoPrelude}` : prelude;
  await writeFile(file, `${before}\n${own}\n${schema}`);
  const described = JSON.parse(await load(file));
  expect(described.error).toBe(undefined);
  const { schema: built } = buildExecutableSchema("default", described.schemas.default);
  expect(built.getQueryType()).toBeDefined();
});

const prelude = `
from __future__ import annotations
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from puff import graphql, host
from puff.graphql import Context, PermissionDenied, Plan, sql

@dataclass
class Comment:
    id: int
    body: str

@dataclass
class Secret:
    id: int

@dataclass
class Forecast:
    city_id: int
    degrees: int

@dataclass
class Post:
    id: int
    title: str

@dataclass
class Query:
    @classmethod
    def post(cls, ctx: Context, /) -> Post: ...
`;

/** The models of the example project. */
const djangoPrelude = `
import django
from django.conf import settings
apps = ["django.contrib.contenttypes", "django.contrib.auth", "polls"]
settings.configure(DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "default"}}, INSTALLED_APPS=apps)
django.setup()
from django.contrib import auth
from polls import models

@graphql.django_type(auth.get_user_model(), fields=["id", "username"])
class User: ...

@graphql.django_type(models.Choice, fields=["id", "text"])
class Choice: ...
`;

// Resolvers shown without their class are Query's.
const completion = `
for name, member in list(globals().items()):
    if isinstance(member, classmethod):
        setattr(Query, name, member)

@dataclass
class Schema:
    query: Query
`;

/** What the package \`puff\` says of a schema file, on the machine's own Python. */
async function load(file: string): Promise<string> {
  const sources = JSON.stringify({
    schemas: [{ name: "default", spec: file, camelCase: false }],
    wsgi: null,
    django: null,
  });
  const program = "import sys; from puff import _bridge; out = _bridge.load(sys.argv[1]); sys.__stdout__.write(out)";
  const folders = ["python-bridge/python", "examples/django-app"].map((name) => join(root, name));
  const { stdout } = await promisify(execFile)("python3", ["-c", program, sources], {
    env: {
      ...process.env,
      PYTHONPATH: [...folders, packages].join(":"),
      PYTHONDONTWRITEBYTECODE: "1",
      PUFF_REDIS_URL: "redis://localhost",
    },
  });
  return stdout;
}
