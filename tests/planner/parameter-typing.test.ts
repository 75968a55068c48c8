/**
 * What Postgres receives for an argument, and what Python sees: the same whether its resolver is called, traced or
 * decorated, and whether it is a literal, a variable, a default, within an input object or a list.
 */
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RunningServer, startServer } from "../../gateway/index.ts";
import { type ArgumentKind, argumentKinds } from "../support/planner/argument-kinds.ts";
import { sharedCache } from "../support/python/python.ts";
import { ask } from "../support/servers/ask.ts";
import { createTestDatabase, type TestDatabase } from "../support/servers/postgres.ts";

const preamble = `from __future__ import annotations
import datetime as _datetime
import enum
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID
from puff import graphql
from puff.graphql import Context, Plan, sql


class Level(enum.Enum):
    LOW = "l"


class Mode(enum.StrEnum):
    ON = "on"


class Rank(enum.IntEnum):
    FIRST = 1
    LAST = 70000
`;

/** The ways of one kind: `called`, `traced`, `static`, the same with a default, and in an input object. */
function methodsOf({ name, python, cast = "", default: value }: ArgumentKind): string {
  const statement = `"SELECT pg_typeof($1${cast})::text || ' ' || $1${cast}::text"`;
  const methods = [
    `
    @classmethod
    def seen_${name}(cls, ctx: Context, /, v: ${python}) -> str:
        return repr(v)

    @classmethod
    def called_in_${name}(cls, ctx: Context, /, i: In_${name}) -> Plan[str]:
        return sql(${statement}, i.v)

    @classmethod
    @graphql.pure
    def traced_in_${name}(cls, ctx: Context, /, i: In_${name}) -> Plan[str]:
        return sql(${statement}, i.v)

    @classmethod
    def tuple_${name}(cls, ctx: Context, /, v: ${python}) -> tuple[str, str, list[object]]:
        return ..., ${statement}, [v]
`,
  ];
  for (const [suffix, parameter] of [
    ["", `v: ${python}`],
    ["_default", `v: ${python} = ${value}`],
  ]) {
    methods.push(`
    @classmethod
    def called${suffix}_${name}(cls, ctx: Context, /, ${parameter}) -> Plan[str]:
        return sql(${statement}, v)

    @classmethod
    @graphql.pure
    def traced${suffix}_${name}(cls, ctx: Context, /, ${parameter}) -> Plan[str]:
        return sql(${statement}, v)

    @classmethod
    @graphql.sql(${statement}, args=["v"])
    def static${suffix}_${name}(cls, ctx: Context, /, ${parameter}) -> Plan[str]: ...
`);
  }
  return methods.join("");
}

/** Lists of texts, whose type Postgres infers, where JSON is wanted: `{}` would be an empty object. */
const asJson = ["called", "traced", "static"].map(
  (way) => `
    @classmethod${{ called: "", traced: "\n    @graphql.pure", static: '\n    @graphql.sql("SELECT $1::jsonb", args=["v"])' }[way]}
    def json_of_${way}(cls, ctx: Context, /, v: list[str]) -> Plan[graphql.JSON | None]:
        return sql("SELECT $1::jsonb", v)
`,
);

const schema = [
  preamble,
  ...argumentKinds.map(({ name, python }) => `\n\n@dataclass\nclass In_${name}:\n    v: ${python}\n`),
  "\n\n@dataclass\nclass Query:",
  ...argumentKinds.map(methodsOf),
  ...asJson,
  "\n\n@dataclass\nclass Schema:\n    query: Query\n",
].join("");

let folder: string;
let database: TestDatabase;
let server: RunningServer;

beforeAll(async () => {
  database = await createTestDatabase();
  folder = realpathSync(mkdtempSync(join(tmpdir(), "puff-typing-")));
  writeFileSync(join(folder, "typing_schema.py"), schema);
  server = await startServer({
    schemas: [{ spec: join(folder, "typing_schema.py") }],
    databases: [{ name: "default", url: database.url }],
    cacheFolder: sharedCache,
    environment: {},
    port: 0,
  });
});

afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
  await database.drop();
});

/** `variables`: JSON as a client writes it. */
async function graphql(query: string, variables = "{}"): Promise<unknown> {
  const body = `{"query":${JSON.stringify(query)},"variables":${variables}}`;
  const { data, errors } = JSON.parse((await ask(server, { body })).body);
  return errors ?? data;
}

test.each(["called", "traced", "static"])("a list of texts, %s, is not JSON, even where it is empty", async (way) => {
  for (const list of ["[]", '["a"]']) {
    const errors = await graphql(`{ json_of_${way}(v: ${list}) }`);
    expect(errors).toMatchObject([{ extensions: { code: "PUFF_SQL_VALUE", sqlstate: "22P02" } }]);
  }
});

const ways = ["called", "traced", "static", "tuple"];
const inner = ["called_in", "traced_in"];

describe.each(argumentKinds)("$python", ({ name, graphql: type, cases }) => {
  test.each(cases)("$json is $received", async ({ json, literal = json, received, seen }) => {
    const expected = Object.fromEntries([...ways, ...inner].map((way) => [way, received]));
    const fields = (value: string, object: string) =>
      [
        ...ways.map((way) => `${way}: ${way}_${name}(v: ${value})`),
        ...inner.map((way) => `${way}: ${way}_${name}(i: ${object})`),
        `seen: seen_${name}(v: ${value})`,
      ].join(" ");
    for (const [query, variables] of [
      [`{ ${fields(literal, `{ v: ${literal} }`)} }`, "{}"],
      [`query ($v: ${type}! $i: In_${name}!) { ${fields("$v", "$i")} }`, `{"v":${json},"i":{"v":${json}}}`],
      [`query ($v: ${type}! = ${literal} $i: In_${name}! = { v: ${literal} }) { ${fields("$v", "$i")} }`, "{}"],
      [`query ($v: ${type}!) { ${fields("$v", "{ v: $v }")} }`, `{"v":${json}}`],
    ] as const) {
      for (const _ of ["traced", "kept"]) {
        expect(await graphql(query, variables), query).toEqual({ ...expected, seen });
      }
    }
  });

  test("its default is the same in all ways", async () => {
    const query = `{ called: called_default_${name} traced: traced_default_${name} static: static_default_${name} }`;
    const { called } = (await graphql(query)) as { called: unknown };
    expect(called).toEqual(expect.any(String));
    for (const _ of ["traced", "kept"]) {
      expect(await graphql(query)).toEqual({ called, traced: called, static: called });
    }
  });
});

/** JSON texts whose numbers need their digits among them. */
const json = fc
  .json({ noUnicodeString: false, maxDepth: 4 })
  .filter((value) => !value.includes("\\u0000") && !/"__proto__"/.test(value))
  .chain((value) =>
    fc
      .constantFrom(
        "1.50",
        "0.10",
        "12345678901234567.89",
        "9007199254740993",
        "-0.0",
        "1e2",
        "1E-7",
        "18446744073709551616",
      )
      .map((number) => `[${value},{"n":${number}},${number}]`),
  );

test("any JSON is what Postgres reads of the client's text, in all ways", async () => {
  await fc.assert(
    fc.asyncProperty(json, fc.boolean(), async (text, whole) => {
      const sent = whole ? text : `{"part":${text}}`;
      const rows = await server.app.puff.databases
        .get("default")
        ?.query({ text: "SELECT 'jsonb ' || $1::jsonb::text", params: [[0, sent]] });
      rows?.seek(0);
      const received = rows?.text(0);
      const fields = ["called", "traced", "static", "tuple"].map((way) => `${way}: ${way}_json(v: $v)`);
      expect(await graphql(`query ($v: JSON!) { ${fields.join(" ")} }`, `{"v":${sent}}`)).toEqual({
        called: received,
        traced: received,
        static: received,
        tuple: received,
      });
      expect(await graphql("query ($v: JSON!) { it: called_json(v: { in: [$v] }) }", `{"v":${sent}}`)).toEqual({
        it: `jsonb {"in": [${received?.slice("jsonb ".length)}]}`,
      });
    }),
    { numRuns: 40 },
  );
});
