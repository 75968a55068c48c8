import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { describeError, PuffError } from "../../../schema/index.ts";
import { type Configuration, resolveConfig } from "./config.ts";
import { optionName, type SettingKey, settingKeys, settings } from "./settings.ts";

let cwd: string;

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), "puff-config-"));
});

afterEach(() => rm(cwd, { recursive: true, force: true }));

/** The configuration of a project with this puff.toml and .env. */
async function resolve(
  toml: string | null,
  input: { flags?: { [name: string]: unknown }; environment?: { [name: string]: string }; dotenv?: string } = {},
): Promise<Configuration> {
  if (toml !== null) {
    await writeFile(join(cwd, "puff.toml"), toml);
  }
  if (input.dotenv !== undefined) {
    await writeFile(join(cwd, ".env"), input.dotenv);
  }
  return await resolveConfig({ flags: input.flags ?? {}, environment: input.environment ?? {}, cwd });
}

async function failureOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => null,
    (problem: unknown) => problem,
  );
  if (!(error instanceof PuffError)) {
    throw new Error(`a PuffError is wanted, but this came: ${error}`);
  }
  return describeError(error);
}

describe("flag > environment > file > default, for each setting", () => {
  /** What each source says, the strongest first, and the value that comes of it; null: the source can't say it. */
  const cases: readonly {
    readonly key: SettingKey;
    readonly flag: readonly [given: unknown, value: unknown];
    readonly environment: readonly [text: string, value: unknown];
    readonly file: readonly [toml: string, value: unknown] | null;
  }[] = [
    { key: "camel_case", flag: [true, true], environment: ["0", false], file: ["true", true] },
    { key: "verify_plans", flag: ["0.5", 0.5], environment: ["1", 1], file: ["0.01", 0.01] },
    { key: "documents", flag: ["/a", "/a"], environment: ["/b", "/b"], file: ['"/c"', "/c"] },
    { key: "documents_only", flag: [true, true], environment: ["1", true], file: ["true", true] },
    { key: "persisted_queries", flag: [false, false], environment: ["yes", true], file: ["false", false] },
    { key: "introspection", flag: [false, false], environment: ["yes", true], file: ["false", false] },
    { key: "suggestions", flag: [false, false], environment: ["true", true], file: ["false", false] },
    { key: "mask_errors", flag: [true, true], environment: ["no", false], file: ["true", true] },
    { key: "port", flag: ["1", 1], environment: ["2", 2], file: ["3", 3] },
    { key: "bind", flag: ["::1", "::1"], environment: ["::2", "::2"], file: ['"::3"', "::3"] },
    {
      key: "cors",
      flag: [
        ["a", "b"],
        ["a", "b"],
      ],
      environment: ["c, d", ["c", "d"]],
      file: ['["e"]', ["e"]],
    },
    { key: "allowed_hosts", flag: [["a"], ["a"]], environment: [".b, *", [".b", "*"]], file: ['["c"]', ["c"]] },
    {
      key: "trust_proxy",
      flag: [["loopback"], ["loopback"]],
      environment: ["10.0.0.7, 10.0.0.0/8", ["10.0.0.7", "10.0.0.0/8"]],
      file: ['"fd00::7"', ["fd00::7"]],
    },
    { key: "init_sql", flag: ["/a.sql", "/a.sql"], environment: ["/b.sql", "/b.sql"], file: ['"/c.sql"', "/c.sql"] },
    {
      key: "redis_url",
      flag: ["redis://a", "redis://a"],
      environment: ["redis+cluster://b", "redis+cluster://b"],
      file: ['"rediss://c"', "rediss://c"],
    },
    { key: "metrics", flag: [true, true], environment: ["0", false], file: ["true", true] },
    { key: "require_redis", flag: [true, true], environment: ["0", false], file: ["true", true] },
    { key: "python_path", flag: [["/a"], ["/a"]], environment: ["/b:/c", ["/b", "/c"]], file: ['["/d"]', ["/d"]] },
    {
      key: "engine",
      flag: ["cpython", "cpython"],
      environment: ["pyodide", "pyodide"],
      file: ['"cpython"', "cpython"],
    },
    {
      key: "python",
      flag: ["python3", "python3"],
      environment: ["/b/python", "/b/python"],
      file: ['"/c/python"', "/c/python"],
    },
    { key: "workers", flag: ["1", 1], environment: ["2", 2], file: ["3", 3] },
    { key: "processes", flag: ["4", 4], environment: ["2", 2], file: ["3", 3] },
    { key: "cache_folder", flag: ["/a", "/a"], environment: ["/b", "/b"], file: ['"/c"', "/c"] },
    { key: "watch", flag: [true, true], environment: ["off", false], file: ["true", true] },
    { key: "wsgi", flag: ["a:b", "a:b"], environment: ["c.d:e()", "c.d:e()"], file: ['"/f.py"', "/f.py"] },
    { key: "django", flag: ["a.b", "a.b"], environment: ["1", true], file: ['{ settings = "c.d" }', "c.d"] },
    {
      key: "static",
      flag: [
        ["/a/=/b", "/c/=/d"],
        [
          { url: "/a/", folder: "/b" },
          { url: "/c/", folder: "/d" },
        ],
      ],
      environment: ["/e/=/f", [{ url: "/e/", folder: "/f" }]],
      file: ['"/g/=/h"', [{ url: "/g/", folder: "/h" }]],
    },
    { key: "log_level", flag: ["warn", "warn"], environment: ["error", "error"], file: ['"debug"', "debug"] },
    { key: "host", flag: [["a"], ["a"]], environment: ["b", ["b"]], file: ['"c"', ["c"]] },
    { key: "schema", flag: ["a:A", "a:A"], environment: ["b:B", "b:B"], file: null },
    {
      key: "read_database_url",
      flag: ["postgres://a/a", "postgres://a/a"],
      environment: ["postgres://b/b", "postgres://b/b"],
      file: null,
    },
    { key: "database_pooler", flag: [true, true], environment: ["0", false], file: null },
    {
      key: "database_url",
      flag: ["postgres://a/a", "postgres://a/a"],
      environment: ["postgres://b/b", "postgres://b/b"],
      file: null,
    },
  ];

  test("the table has every setting but the place of the file", () => {
    expect(cases.map(({ key }) => key).sort()).toEqual(settingKeys.filter((key) => key !== "config").sort());
  });

  test.each(cases)("$key", async ({ key, flag, environment, file }) => {
    const [variable] = settings[key].environment;
    const flags = { [optionName(key)]: flag[0] };
    const variables = { [variable ?? ""]: environment[0] };
    const toml = file === null ? "" : `${key} = ${file[0]}\n`;

    expect((await resolve(toml, { flags, environment: variables })).values[key]).toEqual(flag[1]);
    const second = await resolve(toml, { environment: variables });
    expect([second.values[key], second.origins[key]]).toEqual([environment[1], variable]);
    const third = await resolve(toml);
    const last = [settings[key].default, "default"];
    expect([third.values[key], third.origins[key]]).toEqual(file === null ? last : [file[1], "puff.toml:1"]);
    await rm(join(cwd, "puff.toml"));
    const fourth = await resolve(null);
    expect([fourth.values[key], fourth.origins[key]]).toEqual(last);
  });

  test("PUFF_PORT wins over PORT, and a real variable over .env", async () => {
    const dotenv = "PORT=1\nDATABASE_URL=postgres://dotenv/blog\n";
    const config = await resolve(null, { dotenv, environment: { PUFF_PORT: "2" } });
    expect(config.values.port).toBe(2);
    expect(config.origins.database_url).toBe(".env: DATABASE_URL");
    expect((await resolve(null, { dotenv, environment: { PORT: "3" } })).values.port).toBe(3);
    expect((await resolve("dotenv = false", { dotenv })).values.port).toBe(7777);
  });
});

describe("--host names a module or an address", () => {
  const cases: [flags: { [name: string]: unknown }, bind: string, module: string | null][] = [
    [{}, "127.0.0.1", null],
    [{ host: ["0.0.0.0"] }, "0.0.0.0", null],
    [{ host: ["resolvers.ts"] }, "127.0.0.1", "resolvers.ts"],
    [{ host: ["lib/resolvers.mjs", "::"] }, "::", "lib/resolvers.mjs"],
    [{ host: ["::", "resolvers.js"], bind: "10.0.0.1" }, "10.0.0.1", "resolvers.js"],
    [{ host: ["module"] }, "127.0.0.1", "module"],
  ];

  test.each(cases)("%j", async (flags, bind, module) => {
    await writeFile(join(cwd, "module"), "");
    const config = await resolve(null, { flags });
    expect(config.values.bind).toBe(bind);
    expect(config.hostModule).toBe(module === null ? null : join(cwd, module));
  });

  test("a flag's address wins over the environment's --bind, and the modules of the file start at its folder", async () => {
    const config = await resolve('host = ["a.ts", "10.0.0.1"]', {
      flags: { host: ["::1"] },
      environment: { PUFF_BIND: "::2" },
    });
    expect([config.values.bind, config.origins.bind, config.hostModule]).toEqual(["::1", "--host", join(cwd, "a.ts")]);
  });
});

describe("schemas and databases", () => {
  test("several of each, each with its own", async () => {
    const { schemas, databases } = await resolve(
      `
documents = "manifest.json"
documents_only = true
[[postgres]]
url = "postgres://localhost/main"
read_url = "postgres://replica/main"
pooler = true
[[postgres]]
name = "audit"
[[postgres]]
name = "old"
enable = false

[[graphql]]
schema = "api/schema.py"
subscription_url = "/subscriptions/"
playground_url = "/playground/"
[[graphql]]
name = "admin"
schema = "package.admin.Schema"
url = "/admin"
database = "audit"
camel_case = true
documents = "admin.json"
documents_only = false
`,
      {
        environment: {
          PUFF_AUDIT_POSTGRES_URL: "postgres://localhost/audit",
          PUFF_AUDIT_POSTGRES_READ_URL: "postgres://replica/audit",
        },
      },
    );
    expect(databases).toEqual([
      {
        ...{ name: "default", url: "postgres://localhost/main", origin: "puff.toml:4" },
        ...{ readUrl: "postgres://replica/main", pooler: true },
      },
      {
        ...{ name: "audit", url: "postgres://localhost/audit", origin: "PUFF_AUDIT_POSTGRES_URL" },
        ...{ readUrl: "postgres://replica/audit", pooler: false },
      },
    ]);
    expect(schemas).toEqual([
      {
        name: "default",
        spec: join(cwd, "api/schema.py"),
        url: "/graphql",
        subscriptionsUrl: "/subscriptions/",
        playgroundUrl: "/playground/",
        database: "default",
        camelCase: false,
        documents: join(cwd, "manifest.json"),
        documentsOnly: true,
        origin: "puff.toml:14",
      },
      {
        name: "admin",
        spec: "package.admin.Schema",
        url: "/admin",
        subscriptionsUrl: null,
        playgroundUrl: null,
        database: "audit",
        camelCase: true,
        documents: join(cwd, "admin.json"),
        documentsOnly: false,
        origin: "puff.toml:18",
      },
    ]);
  });

  test.each([
    [
      "the first",
      '[[graphql]]\nschema = "a.py"\nurl = "/a"\n[[graphql]]\nname = "b"\nschema = "b.py"\nurl = "/b"\n',
      "/a",
    ],
    [
      "the last",
      '[[graphql]]\nname = "b"\nschema = "b.py"\nurl = "/b"\n[[graphql]]\nschema = "a.py"\nurl = "/a"\n',
      "/a",
    ],
    [
      "none",
      '[[graphql]]\nname = "b"\nschema = "b.py"\nurl = "/b"\n[[graphql]]\nname = "c"\nschema = "c.py"\nurl = "/c"\n',
      "/graphql",
    ],
  ])("a schema by flag is served alone, at the URL of the table named default, which is %s", async (_, toml, url) => {
    const { schemas } = await resolve(toml, { flags: { schema: "c.py:Other" } });
    expect(schemas.map((schema) => [schema.name, schema.spec, schema.url])).toEqual([
      ["default", join(cwd, "c.py:Other"), url],
    ]);
  });

  test("DATABASE_URL is the default database's, beside the named ones", async () => {
    const { databases } = await resolve(`[[postgres]]\nname = "audit"\nurl = "postgres://h/audit"\n`, {
      environment: { DATABASE_URL: "postgres://h/main" },
    });
    expect(databases.map(({ name, url }) => [name, url])).toEqual([
      ["default", "postgres://h/main"],
      ["audit", "postgres://h/audit"],
    ]);
  });

  test("without any, one named default is embedded", async () => {
    expect((await resolve(null)).databases).toEqual([
      { name: "default", url: null, readUrl: null, pooler: false, origin: "default" },
    ]);
  });

  test("limits are those of the gateway, in snake_case", async () => {
    const { limits } = await resolve("[limits]\nbody_bytes = 10\npython_deadline = 20\npool_size = 3\n");
    expect(limits).toEqual({ bodyBytes: 10, pythonDeadline: 20, poolSize: 3 });
  });
});

describe("mistakes name the place, what came and what it must be", () => {
  const inFile: [toml: string, message: string][] = [
    ["prot = 1", 'puff.toml:1: unknown key "prot". Did you mean "port"? [PUFF_CONFIG_INVALID]'],
    ["port = 1\n\nporst = 1", 'puff.toml:3: unknown key "porst". Did you mean "port"?'],
    ["[limits]\ndept = 1", 'puff.toml:2: unknown key "dept" in [limits]. Did you mean "depth"?'],
    [
      '[[graphql]]\nschema = "a.py"\nscema = 1',
      'puff.toml:3: unknown key "scema" in [[graphql]]. Did you mean "schema"?',
    ],
    ['[[graphql]]\nschema = "a.py"\n[[graphql]]\nurll = 1', "puff.toml:4: unknown key"],
    ["zzzzzzzzzz = 1", "Known are camel_case, introspection"],
    ['asgi = "app"', 'puff.toml:1: unknown key "asgi". Puff has it, puff-gateway does not: remove it.'],
    ["[[redis]]", 'puff.toml:1: unknown key "redis". Puff has it'],
    [
      "[[postgres]]\npool_size = 3",
      'puff.toml:2: unknown key "pool_size" in [[postgres]]. Put pool_size under [limits].',
    ],
    ['port = "80"', 'puff.toml:1: port is "80", but must be a whole number from 0 to 65535.'],
    ["port = 1.5", "port is 1.5, but"],
    ['log_level = "loud"', 'log_level is "loud", but must be one of trace, debug, info, warn, error, fatal, silent.'],
    ["watch = 1", "watch is 1, but must be true or false."],
    [
      '[[graphql]]\nschema = "a b"',
      'puff.toml:2: graphql.schema is "a b", but must be a Python file such as "schema.py"',
    ],
    [
      '[[graphql]]\nschema = "a.py"\nurl = "graphql"',
      'puff.toml:3: graphql.url is "graphql", but must be a path such as "/graphql"',
    ],
    ['[graphql]\nschema = "a.py"', "graphql is"],
    ["[[graphql]]", "puff.toml:1: this [[graphql]] does not name a schema."],
    ["limits = 1", "puff.toml:1: limits is 1, but must be a table [limits]."],
    ["[limits]\ndepth = 0", "puff.toml:2: limits.depth is 0, but must be a whole number from 1"],
    ["[limits]\npool_timeout = 0.5", "a whole number of milliseconds from 1"],
    [
      '[[postgres]]\nurl = "mysql://user:secret@h/d"',
      "puff.toml:2: postgres.url is not valid: it must be a URL such as postgresql://",
    ],
    ['[[postgres]]\nname = "a"', 'puff.toml:1: the database "a" has no URL. Give PUFF_A_POSTGRES_URL or url'],
    [
      '[[postgres]]\n[[postgres]]\nname = "default"',
      'puff.toml:2: two [[postgres]] have the name "default", the first at puff.toml:1.',
    ],
    [
      '[[graphql]]\nschema = "a.py"\n[[graphql]]\nname = "b"\nschema = "b.py"',
      'the schemas "default" and "b" both have the URL /graphql.',
    ],
    [
      '[[graphql]]\nschema = "a.py"\ndatabase = "defalt"',
      'puff.toml:1: the schema "default" uses the unknown database "defalt". Did you mean "default"?',
    ],
    ["port = = 1", "puff.toml:1:8: this is not TOML"],
    ["dotenv_path = 'none'", "puff.toml: "],
  ];

  test.each(inFile)("%j", async (toml, message) => {
    expect(await failureOf(resolve(toml))).toContain(message);
  });

  const elsewhere: [input: Parameters<typeof resolve>[1], message: string][] = [
    [{ flags: { port: "x" } }, '--port is "x", but must be a whole number from 0 to 65535.'],
    [{ flags: { port: "65536" } }, '--port is "65536", but'],
    [{ environment: { PORT: "-1" } }, 'PORT is "-1", but'],
    [{ dotenv: "PUFF_WORKERS=0" }, '.env: PUFF_WORKERS is "0", but must be a whole number from 1 to 64.'],
    [{ environment: { PUFF_WATCH: "maybe" } }, 'PUFF_WATCH is "maybe", but must be true or false.'],
    [{ environment: { DATABASE_URL: "secret" } }, "DATABASE_URL is not valid: it must be a URL such as"],
    [{ flags: { host: ["a.ts", "b.ts"] } }, "Name one module and one address at most."],
    [{ flags: { config: "none.toml" } }, "none.toml: the configuration file can't be read."],
  ];

  test.each(elsewhere)("%j", async (input, message) => {
    const failure = await failureOf(resolve(null, input));
    expect(failure).toContain(message);
    expect(failure).not.toContain("secret");
  });
});
