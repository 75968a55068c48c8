import { userInfo } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import type { GatewayOptions } from "./options.ts";
import { defaultLimits } from "./options.ts";
import { readSettings } from "./settings.ts";

afterEach(() => vi.unstubAllEnvs());

test.each<readonly [wrong: Partial<GatewayOptions>, message: string]>([
  [{ corsOrigins: ["https://app.example/"] }, '"https://app.example/" is not the origin of a web page'],
  [{ corsOrigins: ["app.example"] }, '"app.example" is not the origin of a web page'],
  [{ corsOrigins: ["null"] }, '"null" is not the origin of a web page'],
  [{ allowedHosts: ["https://app.example"] }, '"https://app.example" is not a host'],
  [{ schemas: [{ spec: "schema.py", documentsOnly: true }] }, 'schema "default" serves trusted documents only'],
  [{ allowedHosts: ["app.example:80"] }, '"app.example:80" is not a host'],
])("%j is refused", (wrong, message) => {
  expect(() => readSettings({ schemas: [{ spec: "schema.py" }], ...wrong })).toThrow(message);
});

test("a schema file is all that is needed", () => {
  expect(readSettings({ schemas: [{ spec: "schema.py:Blog" }] })).toMatchObject({
    schemas: [
      {
        name: "default",
        spec: `${join(process.cwd(), "schema.py")}:Blog`,
        url: "/graphql",
        playgroundUrl: null,
        subscriptionsUrl: null,
        database: "",
        camelCase: false,
        documents: null,
        documentsOnly: false,
      },
    ],
    limits: defaultLimits,
    introspection: true,
    suggestions: true,
    maskErrors: false,
    corsOrigins: [],
    allowedHosts: null,
    trustProxy: [],
  });
});

test("in production errors are masked and nothing is suggested, unless the options say otherwise", () => {
  vi.stubEnv("NODE_ENV", "production");
  const schemas = [{ spec: "schema.py" }];
  expect(readSettings({ schemas })).toMatchObject({ maskErrors: true, suggestions: false, introspection: true });
  expect(readSettings({ schemas, maskErrors: false, suggestions: true })).toMatchObject({
    maskErrors: false,
    suggestions: true,
  });
});

test("Python knows who runs it where the environment does not say", () => {
  const read = (environment: { readonly [name: string]: string }): unknown =>
    readSettings({ schemas: [{ spec: "schema.py" }], environment }).environment;
  expect(read({})).toEqual({ LOGNAME: userInfo().username });
  expect(read({ USER: "ada" })).toEqual({ USER: "ada" });
});

test("a schema reads the first database unless it names another", () => {
  const databases = [
    { name: "main", url: "postgres://a" },
    { name: "archive", url: "postgres://b" },
  ];
  const { schemas } = readSettings({
    databases,
    schemas: [{ spec: "a.b:C" }, { name: "old", spec: "d:E", url: "/old", database: "archive" }],
  });
  expect(schemas.map(({ spec, database }) => [spec, database])).toEqual([
    ["a.b:C", "main"],
    ["d:E", "archive"],
  ]);
});

test.each<readonly [name: string, options: GatewayOptions, message: string]>([
  ["no schema", { schemas: [] }, "there is no schema to serve"],
  ["two of a name", { schemas: [{ spec: "a.py" }, { spec: "b.py", url: "/b" }] }, 'the name "default"'],
  ["two at a URL", { schemas: [{ spec: "a.py" }, { name: "b", spec: "b.py" }] }, 'the URL "/graphql"'],
  [
    "a playground at another's URL",
    { schemas: [{ spec: "a.py" }, { name: "b", spec: "b.py", url: "/b", playgroundUrl: "/graphql" }] },
    'the URL "/graphql"',
  ],
  [
    "a URL that is not a path",
    { schemas: [{ spec: "a.py", url: "graphql" }] },
    'the URL "graphql" of schema "default"',
  ],
  ["an unknown database", { schemas: [{ spec: "a.py", database: "x" }] }, 'reads database "x"'],
])("%s is refused", (_name, options, message) => {
  expect(() => readSettings(options)).toThrow(
    expect.objectContaining({ code: "PUFF_CONFIG_INVALID", message: expect.stringContaining(message) }),
  );
});
