/** The programs of docs/clients.md, run as they are there against a server, and what clients make of what is refused. */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { ApolloClient, gql, InMemoryCache } from "@apollo/client";
import { BatchHttpLink } from "@apollo/client/link/batch-http";
import { preset } from "@graphql-codegen/client-preset";
import { codegen } from "@graphql-codegen/core";
import { buildClientSchema, getIntrospectionQuery, parse, printSchema } from "graphql";
import { createClient as createEventClient } from "graphql-sse";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { RunningServer } from "../../gateway/index.ts";
import { installPackages } from "../support/python/packages.ts";
import { ask } from "../support/servers/ask.ts";
import { startReferenceServer } from "../support/servers/http.ts";

const root = join(import.meta.dirname, "../..");
const greeting = "Hello, Ada!";
const ticks = ["1", "2"];
const run = promisify(execFile);

/** The blocks of the page's sections, by language and, where a section has several, in their order. */
const page = await readFile(join(root, "docs/clients.md"), "utf8");
const programs = [...page.matchAll(/^## (?<section>.+)\n(?<text>(?:(?!^## ).*\n?)*)/gm)].flatMap(({ groups }) =>
  [...(groups?.["text"] ?? "").matchAll(/^```(js|python)\n((?:.*\n)*?)```$/gm)].map(([, language, code]) => ({
    section: groups?.["section"] ?? "",
    language: language ?? "",
    code: code ?? "",
  })),
);

let server: RunningServer;
let folder: string;
beforeAll(async () => {
  server = await startReferenceServer();
  await mkdir(join(root, ".puff"), { recursive: true });
  folder = await mkdtemp(join(root, ".puff/clients-")); // here, so that Node finds the packages
  return async () => {
    await rm(folder, { recursive: true });
    await server.close();
  };
});

describe("the programs of docs/clients.md", () => {
  const expected: { readonly [section: string]: readonly (readonly string[])[] } = {
    "Apollo Client": [[greeting, ...ticks], ticks],
    urql: [[greeting, ...ticks], ticks],
    Relay: [[greeting, ...ticks]],
    "graphql-request": [[greeting]],
    "graphql-sse": [ticks],
    "Python's gql": [[greeting, ...ticks]],
  };
  /** What a program that gives something to others is used by. */
  const uses: { readonly [section: string]: string } = { Relay: useRelay() };

  test("are all known here", () => {
    const sections = Object.entries(expected).flatMap(([section, outputs]) => outputs.map(() => section));
    expect(programs.map(({ section }) => section)).toEqual(sections);
  });

  test.for(programs.map((program, index) => ({ ...program, index })))(
    "$section, program $index",
    async ({ section, language, code, index }) => {
      const nth = programs.slice(0, index).filter((other) => other.section === section).length;
      const text = `${code}${uses[section] ?? ""}`.replaceAll("localhost:7777", new URL(server.url).host);
      const file = join(folder, `${index}.${language === "js" ? "mjs" : "py"}`);
      await writeFile(file, text);
      const env =
        language === "js"
          ? process.env
          : { ...process.env, PYTHONPATH: await installPackages(["gql[requests,websockets]==4.0.0"]) };
      const { stdout } = await run(language === "js" ? process.execPath : "python3", [file], { env });
      expect(stdout.trim().split("\n")).toEqual(expected[section]?.[nth]);
    },
  );
});

/** An operation as relay-compiler writes it, and its use. */
function useRelay(): string {
  return `
const { fetchQuery: ask, requestSubscription } = runtime;
function compiled(operationKind, name, text, field, args) {
  const selections = [{ alias: null, args, kind: "ScalarField", name: field, storageKey: null }];
  const common = { argumentDefinitions: [], kind: "Operation", name, selections };
  const type = operationKind === "query" ? "Query" : "Subscription";
  return {
    kind: "Request",
    fragment: { argumentDefinitions: [], kind: "Fragment", metadata: null, name, selections, type, abstractKey: null },
    operation: common,
    params: { cacheID: name, id: null, metadata: {}, name, operationKind, text },
  };
}
const greet = compiled("query", "Greet", 'query Greet { hello(name: "Ada") }', "hello", [{ kind: "Literal", name: "name", value: "Ada" }]);
console.log((await ask(environment, greet, {}).toPromise()).hello);
const subscription = compiled("subscription", "Tick", "subscription Tick { ticks(count: 2) }", "ticks", [{ kind: "Literal", name: "count", value: 2 }]);
requestSubscription(environment, { subscription, variables: {}, onNext: (data) => console.log(data.ticks) });
`;
}

test("GraphQL Code Generator makes types of the schema that it asks for", async () => {
  const { body } = await ask(server, { body: { query: getIntrospectionQuery({ oneOf: true, specifiedByUrl: true }) } });
  const schema = buildClientSchema(JSON.parse(body).data);
  const greet = "query Greet($name: String) { hello(name: $name) }";
  const documents = [{ document: parse(greet), rawSDL: greet, location: "greet.graphql" }];
  const generated = await preset.buildGeneratesSection({
    baseOutputDir: "gql/",
    schema: parse(printSchema(schema)),
    schemaAst: schema,
    documents,
    config: {},
    pluginMap: {},
    plugins: [],
    presetConfig: {},
  });
  const texts = await Promise.all(generated.map(async (options) => [options.filename, await codegen(options)]));
  expect(Object.fromEntries(texts)["gql/graphql.ts"]).toMatch(/export type GreetQuery = .*hello\??: string \| null/);
});

describe("what is refused tells why in each client's own way", () => {
  test("Apollo Client, of a batch", async () => {
    const link = new BatchHttpLink({ uri: `${server.url}/graphql`, batchMax: 2, batchInterval: 1 });
    const client = new ApolloClient({ cache: new InMemoryCache(), link });
    onTestFinished(() => client.stop());
    const outcomes = await Promise.allSettled([
      client.query({ query: gql`{ hello }` }),
      client.query({ query: gql`{ token }` }),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect(
      String(outcomes.map((outcome) => outcome.status === "rejected" && JSON.stringify(outcome.reason))),
    ).toContain("batch");
  });

  test("graphql-sse with a single connection", async () => {
    const client = createEventClient({ url: `${server.url}/graphql`, singleConnection: true, retryAttempts: 0 });
    onTestFinished(() => client.dispose());
    await expect(client.iterate({ query: "{ hello }" }).next()).rejects.toThrow("405");
  });
});
