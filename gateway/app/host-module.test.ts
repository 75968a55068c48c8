import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildExecutableSchema, type SchemaDescription } from "../../schema/index.ts";
import { chooseResolvers, loadHost } from "./host-module.ts";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "puff-host-"));
});

afterAll(() => rm(folder, { recursive: true }));

async function write(name: string, source: string): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, source);
  return file;
}

test("a TypeScript module is imported as it is", async () => {
  const file = await write(
    "good.ts",
    `export const resolvers = { "Post.score": (posts: object[]): number[] => posts.map(() => 1) };
     export const functions = { shout: (text: unknown) => String(text).toUpperCase() };`,
  );
  const host = await loadHost(file);
  expect([...host.resolvers.keys()]).toEqual(["Post.score"]);
  expect(host.functions.get("shout")?.("a")).toBe("A");
});

test("none is none", async () => {
  expect((await loadHost(undefined)).functions.size).toBe(0);
});

test.each<readonly [name: string, source: string | null, message: string]>([
  ["missing", null, "the file does not exist"],
  ["broken", "export const = 1", "importing it failed: "],
  ["throwing", "throw new RangeError('too far')", "importing it failed: RangeError: too far"],
  ["empty", "export {}", "neither `resolvers` nor `functions`"],
  ["misspelt", "export const resolver = {}", 'exports "resolver"'],
  ["list", "export const resolvers = []", "`resolvers` must be an object of functions, but it is an array"],
  ["number", "export const functions = { one: 1 }", 'functions["one"] must be a function, but it is number 1'],
  ["name", "export const resolvers = { score: () => [] }", 'resolvers["score"] must be named after a field'],
])("a %s module is refused by name", async (name, source, message) => {
  const file = source === null ? join(folder, `${name}.ts`) : await write(`${name}.ts`, source);
  await expect(loadHost(file)).rejects.toMatchObject({
    code: "PUFF_HOST_MODULE",
    place: expect.stringContaining(file),
    message: expect.stringContaining(message),
  });
});

describe("the fields of a host module", () => {
  const field = { type: "Int!", description: null, deprecation: null, args: [], place: null } as const;
  const describeSchema = (fieldName: string): SchemaDescription => ({
    version: 1,
    query: "Query",
    mutation: null,
    subscription: null,
    hasAuth: false,
    types: [
      {
        kind: "object",
        name: "Query",
        description: null,
        place: null,
        interfaces: [],
        fields: [{ ...field, name: fieldName, source: { kind: "resolver", pure: false, plan: null } }],
      },
    ],
  });
  const first = buildExecutableSchema("first", describeSchema("one"));
  const second = buildExecutableSchema("second", describeSchema("two"));

  test("go to the schemas that have them", async () => {
    const host = await loadHost({ resolvers: { "Query.one": () => [1], "Query.two": () => [2] } });
    expect([...chooseResolvers(host, [first, second], first).keys()]).toEqual(["Query.one"]);
    expect([...chooseResolvers(host, [first, second], second).keys()]).toEqual(["Query.two"]);
  });

  test.each([
    ["Query.three", "There are: Query.one, Query.two."],
    ["Post.score", "There is no object type named Post."],
  ])("and %s, which none has, is refused", async (name, remedy) => {
    const host = await loadHost({ resolvers: { [name]: () => [] } });
    expect(() => chooseResolvers(host, [first, second], first)).toThrow(
      expect.objectContaining({ code: "PUFF_HOST_MODULE", message: expect.stringContaining(name), remedy }),
    );
  });
});
