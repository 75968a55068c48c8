/** Manifests: those that are read, those that are refused, and those that are built. */
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { buildManifest } from "./build.ts";
import { readManifest } from "./manifest.ts";

async function folderWith(files: { readonly [path: string]: string }): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "puff-documents-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  return folder;
}

const apollo = (operations: unknown, version: unknown = 1) => ({
  format: "apollo-persisted-query-manifest",
  version,
  operations,
});

test.each<readonly [tool: string, manifest: object, texts: readonly (readonly [string, string])[]]>([
  [
    "Relay",
    { a1: "query A { a }", b2: "query B { b }" },
    [
      ["a1", "query A { a }"],
      ["b2", "query B { b }"],
    ],
  ],
  ["graphql-codegen", { "sha256:3f": "query A { a }" }, [["sha256:3f", "query A { a }"]]],
  ["Apollo", apollo([{ id: "a1", name: "A", type: "query", body: "query A { a }" }]), [["a1", "query A { a }"]]],
  ["nobody", {}, []],
  ["Apollo, of no operation", apollo([]), []],
  ["a tool whose ids are names of the prototype", JSON.parse('{"__proto__": "{ a }"}'), [["__proto__", "{ a }"]]],
])("a manifest of %s is read", async (_tool, manifest, texts) => {
  const folder = await folderWith({ "manifest.json": JSON.stringify(manifest) });
  expect([...(await readManifest(join(folder, "manifest.json")))]).toEqual(texts);
});

test.each<readonly [what: string, content: string, message: string]>([
  ["no JSON", "query A { a }", "it is not JSON"],
  ["a list", "[]", "is a JSON object"],
  ["null", "null", "is a JSON object"],
  ["an id without a text", '{"a1": 7}', 'document "a1" of the manifest has no text'],
  ["another version", JSON.stringify(apollo([], 2)), "version 2"],
  ["another format", '{"format": "x", "version": 1, "operations": []}', 'format "x"'],
  ["an operation without an id", JSON.stringify(apollo([{ body: "{ a }" }])), "number 1 of the manifest has no id"],
  ["an operation without a body", JSON.stringify(apollo([{ id: "a" }])), 'document "a" of the manifest has no text'],
  ["null for an operation", JSON.stringify(apollo([null])), "number 1 of the manifest has no id"],
  [
    "one id for two texts",
    JSON.stringify(
      apollo([
        { id: "a", body: "{ a }" },
        { id: "a", body: "{ b }" },
      ]),
    ),
    '"a"',
  ],
])("a manifest that is %s is refused with its place", async (_what, content, message) => {
  const file = join(await folderWith({ "manifest.json": content }), "manifest.json");
  await expect(readManifest(file)).rejects.toMatchObject({
    code: "PUFF_CONFIG_INVALID",
    message: expect.stringContaining(message),
    place: file,
  });
});

test("a manifest that is not there is refused", async () => {
  await expect(readManifest("/nowhere/manifest.json")).rejects.toMatchObject({
    code: "PUFF_CONFIG_INVALID",
    message: expect.stringContaining("it can't be read"),
  });
});

test("each operation is built with the fragments that it needs, whichever file they are in", async () => {
  const cwd = await folderWith({
    "src/posts.graphql":
      "# of the list\nquery Posts($n: Int!) { posts(first: $n) { ...Row } }\nmutation Add { add { id } }",
    "src/row/row.graphql": "fragment Row on Post { id author { ...Name } comments { author { ...Name } } }",
    "src/name.graphql": "fragment Name on Author { name }\nfragment Unused on Author { id }",
    "src/other.txt": "no GraphQL",
    "node_modules/x/a.graphql": "query A { a }",
  });
  const built = await buildManifest({ patterns: ["**/*.graphql"], cwd, typenames: false });
  expect(built).toMatchObject({ format: "apollo-persisted-query-manifest", version: 1 });
  const [add, posts] = built.operations;
  expect(built.operations).toHaveLength(2);
  expect(add).toMatchObject({ name: "Add", type: "mutation", body: "mutation Add {\n  add {\n    id\n  }\n}" });
  expect(posts?.body.match(/fragment \w+/g)).toEqual(["fragment Row", "fragment Name"]);
  for (const { id, body } of built.operations) {
    expect(id).toBe(createHash("sha256").update(body).digest("hex"));
  }
  await writeFile(join(cwd, "manifest.json"), JSON.stringify(built));
  expect([...(await readManifest(join(cwd, "manifest.json"))).values()]).toEqual([add?.body, posts?.body]);
});

test("__typename is added to each object but the root, once", async () => {
  const cwd = await folderWith({ "a.graphql": "query A { a { id b { __typename c } ... on A { d { e } } } }" });
  const built = await buildManifest({ patterns: ["*.graphql"], cwd, typenames: true });
  expect(built.operations[0]?.body.replaceAll(/\s+/g, " ")).toBe(
    "query A { a { id b { __typename c } ... on A { d { e __typename } __typename } __typename } }",
  );
});

test.each<readonly [what: string, files: { readonly [path: string]: string }, place: string, message: string]>([
  ["no file at all", {}, "", "no file matches *.graphql"],
  ["a syntax error", { "a.graphql": "query A {\n  a(\n}" }, "a.graphql:3:1", "Syntax Error"],
  ["an operation without a name", { "a.graphql": "{ a }" }, "a.graphql", "an operation has no name"],
  [
    "two operations of one name",
    { "a.graphql": "query A { a }", "b.graphql": "query A { b }" },
    "b.graphql",
    "two operations named A, the first in a.graphql",
  ],
  [
    "two fragments of one name",
    { "a.graphql": "fragment A on B { a }", "b.graphql": "fragment A on B { b }" },
    "b.graphql",
    "two fragments named A, the first in a.graphql",
  ],
  [
    "a missing fragment",
    { "a.graphql": "query A { ...B }", "b.graphql": "fragment B on Query { ...C }" },
    "b.graphql",
    "there is no fragment C, which B spreads",
  ],
  ["a schema", { "a.graphql": "type A { a: Int }" }, "a.graphql", "ObjectTypeDefinition is neither an operation"],
])("%s is refused", async (_what, files, place, message) => {
  const cwd = await folderWith(files);
  await expect(buildManifest({ patterns: ["*.graphql"], cwd, typenames: false })).rejects.toMatchObject({
    code: "PUFF_DOCUMENTS_INVALID",
    message: expect.stringContaining(message),
    place: place === "" ? cwd : place,
  });
});
