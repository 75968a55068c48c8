/** Types that say who sees which of their rows: no way to an object gets around it. */
import { rmSync } from "node:fs";
import {
  buildClientSchema,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLSchema,
  getIntrospectionQuery,
  getNamedType,
  isAbstractType,
  isLeafType,
} from "graphql";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { PostgresDatabase } from "../../gateway/postgres/index.ts";
import { textsOf } from "../support/planner/rows.ts";
import { installPackages } from "../support/python/packages.ts";
import { ask } from "../support/servers/ask.ts";
import { runCommand, type ServingCommand, serveCommand } from "../support/servers/command.ts";
import { writeDjangoSite } from "../support/servers/django-site.ts";
import { createTestDatabase, openTestDatabase, type TestDatabase } from "../support/servers/postgres.ts";
import { TestSocket } from "../support/servers/socket.ts";
import { seed, tenants } from "./tenants.ts";

let own: TestDatabase;
let database: PostgresDatabase;
let folder: string;
let serving: ServingCommand;

beforeAll(async () => {
  own = await createTestDatabase();
  database = await openTestDatabase(own.url);
  const environment = { DATABASE_URL: own.url, PUFF_PYTHON_PATH: await installPackages(["Django==5.2.19"]) };
  folder = writeDjangoSite(tenants);
  const migrated = await runCommand(["django", "migrate", "--run-syncdb", "-v0"], { cwd: folder, environment });
  expect(migrated).toMatchObject({ code: 0, stderr: "" });
  serving = await serveCommand(["--schema", "shop/schema.py", "--django", "site_config.settings"], {
    cwd: folder,
    environment,
  });
  await database.run(seed);
});

afterAll(async () => {
  await serving?.stop();
  rmSync(folder, { recursive: true, force: true });
  await database.close();
  await own.drop();
});

async function as(caller: number | "staff", query: string): Promise<unknown> {
  const headers = { authorization: `Bearer ${caller}` };
  return JSON.parse((await ask(serving, { body: { query }, headers })).body);
}

const globalId = (type: string, id: number) => Buffer.from(`${type}:${id}`).toString("base64");

describe("a caller sees its own rows", () => {
  test.each([
    ["a list", "papers", "{ papers { title } }", ["T1 plan", "T0 news"], ["T2 plan", "T0 news", "T2 list"]],
    [
      "an ordered QuerySet",
      "ordered",
      "{ ordered { title } }",
      ["T1 plan", "T0 news"],
      ["T2 plan", "T2 list", "T0 news"],
    ],
    ["a slice, of the visible rows", "sliced", "{ sliced { title } }", ["T1 plan", "T0 news"], ["T2 plan", "T0 news"]],
    ["a union", "united", "{ united { title } }", ["T1 plan"], ["T2 plan"]],
    ["SQL, in its order", "raw", "{ raw { title } }", ["T1 plan", "T0 news"], ["T2 plan", "T2 list", "T0 news"]],
    [
      "a static plan",
      "static",
      "{ static(least: 1) { title } }",
      ["T1 plan", "T0 news"],
      ["T2 plan", "T0 news", "T2 list"],
    ],
  ])("of %s", async (_, field, query, first, second) => {
    const titles = (list: readonly string[]) => ({ data: { [field]: list.map((title) => ({ title })) } });
    expect(await as(1, query)).toEqual(titles(first));
    expect(await as(2, query)).toEqual(titles(second));
    expect(await as(1, query)).toEqual(titles(first)); // from what was kept
  });

  test("of one object, a relation, the rows of several types, Puff's form", async () => {
    const paper = (id: number) => `{ paper(id: ${id}) { title shout tenant { name } notes { text } tags { word } } }`;
    expect(await as(1, paper(1))).toEqual({
      data: {
        paper: {
          ...{ title: "T1 plan", shout: "T1 PLAN", tenant: { name: "T1 Ltd" } },
          ...{ notes: [{ text: "T1 note" }], tags: [{ word: "T1 tag" }] },
        },
      },
    });
    expect(await as(2, paper(1))).toEqual({ data: { paper: null } });
    const shared = { title: "T0 news", shout: "T0 NEWS", tenant: null, notes: [], tags: [] };
    expect(await as(2, paper(3))).toEqual({ data: { paper: shared } });
    const things = "{ things { __typename ... on Paper { title } ... on Note { text } ... on Nook { name } } }";
    expect(await as(1, things)).toEqual({
      data: {
        things: [
          { __typename: "Paper", title: "T1 plan" },
          { __typename: "Paper", title: "T0 news" },
          { __typename: "Note", text: "T1 note" },
          { __typename: "Note", text: "T1 draft" },
          ...["n1", "n2", "n3"].map((name) => ({ __typename: "Nook", name })),
        ],
      },
    });
    expect(await as(2, "{ puffs { text } }")).toEqual({ data: { puffs: [{ text: "T2 note" }] } });
    expect(await as("staff", "{ papers { title } }")).toMatchObject({ data: { papers: { length: 4 } } });
  });

  test("of pages, counts, aggregates and edges", async () => {
    const query = `{ paperPages(pagination: {limit: 1}) { totalCount results { title }
        aggregates { count sum { pages } max { title } } }
      noteEdges { totalCount edges { node { text paper { title } } } pageInfo { hasNextPage } }
      tenants { name papers(pagination: {limit: 5}) { totalCount results { title pagedNotes(first: 1) { totalCount nodes { text } } } } } }`;
    expect(await as(2, query)).toEqual({
      data: {
        paperPages: {
          ...{ totalCount: 3, results: [{ title: "T0 news" }] },
          aggregates: { count: 3, sum: { pages: "90" }, max: { title: "T2 plan" } },
        },
        noteEdges: {
          ...{ totalCount: 1, pageInfo: { hasNextPage: false } },
          edges: [{ node: { text: "T2 note", paper: { title: "T2 plan" } } }],
        },
        tenants: [
          {
            name: "T2 Ltd",
            papers: {
              totalCount: 2,
              results: [
                { title: "T2 plan", pagedNotes: { totalCount: 1, nodes: [{ text: "T2 note" }] } },
                { title: "T2 list", pagedNotes: { totalCount: 0, nodes: [] } },
              ],
            },
          },
        ],
      },
    });
  });

  test("by global ids", async () => {
    const ids = [globalId("Paper", 1), globalId("Note", 2), globalId("Paper", 3), globalId("Paper", 99)];
    const query = `{ node(id: "${ids[0]}") { id } nodes(ids: ${JSON.stringify(ids)}) { __typename id } }`;
    expect(await as(2, query)).toEqual({
      data: {
        node: null,
        nodes: [null, { __typename: "Note", id: ids[1] }, { __typename: "Paper", id: ids[2] }, null],
      },
    });
  });
});

describe("what is not seen can't be asked about", () => {
  test.each([
    ["a filter over a relation", '{ papers(filters: {tenant: {name: {startsWith: "T1"}}}) { title } }', "papers"],
    ["one over several rows", '{ papers(filters: {notes: {text: {contains: "T1"}}}) { title } }', "papers"],
    [
      "a filter of a filter",
      '{ noteEdges(filters: {paper: {tenant: {name: {exact: "T1 Ltd"}}}}) { edges { cursor } } }',
      "noteEdges",
    ],
    ["the key of a row", "{ papers(filters: {tags: {pk: 1}}) { title } }", "papers"],
    [
      "a filter of everyone's rows",
      '{ nooks(filters: {paper: {title: {startsWith: "T1"}}}) { results { name } } }',
      "nooks",
    ],
  ])("by %s", async (_, query, field) => {
    const found = (answer: unknown) => JSON.stringify((answer as { data: { [field: string]: unknown } }).data[field]);
    expect(found(await as(1, query))).toMatch(/title|cursor|name/);
    expect(found(await as(2, query))).not.toMatch(/title|cursor|name/);
  });

  test("by an order: rows that lead to others come as if they led to none", async () => {
    const query =
      "{ nooks(ordering: [{paper: {pages: ASC}}, {name: ASC}]) { totalCount results { name paper { title } } } }";
    const names = (caller: number) =>
      as(caller, query).then((answer) =>
        (
          answer as {
            data: { nooks: { results: { name: string }[] } };
          }
        ).data.nooks.results.map(({ name }) => name),
      );
    expect(await names(1)).toEqual(["n1", "n2", "n3"]);
    expect(await names(2)).toEqual(["n2", "n1", "n3"]);
  });
});

describe("what can't be limited is refused, with a code", () => {
  test.each([
    ["objects", "{ listed { title } }", "PUFF_VISIBLE_UNCHECKED"],
    ["an object within another", "{ bag { paper { title } } }", "PUFF_VISIBLE_UNCHECKED"],
    ["the typename of one", "{ bag { paper { __typename } } }", "PUFF_VISIBLE_UNCHECKED"],
    ["JSON", "{ inJson { paper { title } } }", "PUFF_VISIBLE_UNCHECKED"],
    ["SQL without the key", "{ keyless { title } }", "PUFF_SQL_FAILED"],
    ["a QuerySet of another model", "{ otherModel { title } }", "PUFF_PLAN_INVALID"],
    ["a statement that writes", "mutation { touch { title } }", "PUFF_PLAN_INVALID"],
    ["one in a query", "{ writing { title } }", "PUFF_PLAN_INVALID"],
  ])("%s", async (_, query, code) => {
    const answer = (await as(1, query)) as { errors: { extensions: { code: string } }[] };
    expect(answer.errors.map(({ extensions }) => extensions.code)).toContain(code);
    expect(JSON.stringify(answer)).not.toMatch(/T\d /);
  });
});

describe("allow says who may have a field", () => {
  const denied = (path: readonly (string | number)[]) => ({
    message: "Permission denied",
    path,
    extensions: { code: "PUFF_PERMISSION_DENIED" },
  });

  test("a column: an error or null, of each kind of plan, also after another caller", async () => {
    const fields = "{ title code hint whisper }";
    const query = `{ paper(id: 3) ${fields} static(least: 3) ${fields} node(id: "${globalId("Paper", 3)}") { ... on Paper ${fields} } }`;
    const shown = (code: string | null, hint: string | null, whisper: string | null) => ({
      ...{ title: "T0 news", code, hint, whisper },
    });
    for (let turn = 0; turn < 2; turn++) {
      const one = shown(null, "h3", null);
      const errors = ["paper", "static", "node"].flatMap((name) =>
        ["code", "whisper"].map((field) => denied(name === "static" ? [name, 0, field] : [name, field])),
      );
      const answer = (await as(1, query)) as { data: unknown; errors: unknown[] };
      expect(answer.data).toEqual({ paper: one, static: [one], node: one });
      expect(answer.errors).toEqual(expect.arrayContaining(errors.map((error) => expect.objectContaining(error))));
      const staff = shown("c3", null, "t0 news");
      expect(await as("staff", query)).toEqual({
        data: {
          paper: staff,
          static: [staff, { title: "T2 list", code: "c4", hint: null, whisper: "t2 list" }],
          node: staff,
        },
      });
    }
  });

  test("a root field and a mutation: before any SQL", async () => {
    expect(await as(1, "{ kept { name } quiet { name } }")).toMatchObject({
      data: { kept: null, quiet: [] },
      errors: [denied(["kept"])],
    });
    expect(await as("staff", "{ kept { name } }")).toMatchObject({ data: { kept: [{ name: "n1" }, {}, {}] } });
    expect(await as(1, "mutation { wipe { name } }")).toMatchObject({ data: null, errors: [denied(["wipe"])] });
    expect(textsOf(await database.query({ text: "SELECT count(*) FROM nook", params: [] }))).toEqual([["3"]]);
  });

  test.each([
    ["a collection of a model", "{ keptNooks { results { name } } }", ["keptNooks"]],
    ["a statement that decorates it", "{ staticNooks(least: 1) { name } }", ["staticNooks"]],
    ["a relation", "{ shelves(pagination: {limit: 1}) { nooks { name } } }", ["shelves", 0, "nooks"]],
    [
      "pages of one",
      "{ shelves(pagination: {limit: 1}) { pagedNooks { results { name } } } }",
      ["shelves", 0, "pagedNooks"],
    ],
  ])("%s, of rows that everyone sees, after any caller asked", async (_, query, path) => {
    for (let turn = 0; turn < 2; turn++) {
      const answer = (await as(1, query)) as { errors: unknown[] };
      expect(answer.errors).toEqual([expect.objectContaining(denied(path))]);
      expect(JSON.stringify(answer)).not.toContain("n1");
      expect(JSON.stringify(await as("staff", query))).toContain("n1");
    }
  });
});

describe("mutations", () => {
  const everything = `SELECT (SELECT json_agg(p ORDER BY id) FROM paper p), (SELECT json_agg(n ORDER BY id) FROM note n),
    (SELECT json_agg(t ORDER BY id) FROM paper_tags t)`;
  const rows = async () => textsOf(await database.query({ text: everything, params: [] }));
  beforeEach(() => database.run(seed));
  afterAll(() => database.run(seed));

  const reasons = "... on OperationInfo { messages { kind field code message } }";
  const paper = (id: number) => globalId("Paper", id);
  const note = (id: number) => globalId("Note", id);

  test.each([
    ["change", "updateNote", (id: string) => `{id: "${id}", text: "x"}`, note(1), note(99), "Note { text }"],
    ["delete", "deleteNote", (id: string) => `{id: "${id}"}`, note(1), note(99), "Note { text }"],
    [
      "link",
      "updateNote",
      (id: string) => `{id: "${note(2)}", paper: {set: "${id}"}}`,
      paper(1),
      paper(99),
      "Note { text }",
    ],
    [
      "name in a column",
      "createNote",
      (id: string) => `{text: "x", paperId: "${id}"}`,
      paper(1),
      paper(99),
      "Note { text }",
    ],
    ["add", "updatePaper", (id: string) => `{id: "${paper(2)}", tags: {add: ["${id}"]}}`, "1", "99", "Paper { title }"],
    [
      "set",
      "updatePaper",
      (id: string) => `{id: "${paper(2)}", notes: {add: ["${id}"]}}`,
      note(1),
      note(99),
      "Paper { title }",
    ],
  ])("can't %s what the caller doesn't see: it is not there", async (_, field, data, hidden, absent, type) => {
    const before = await rows();
    const run = (id: string) =>
      as(2, `mutation { ${field}(data: ${data(id)}) { __typename ... on ${type} ${reasons} } }`);
    const answer = (await run(hidden)) as { data: { [field: string]: { __typename: string } } };
    expect(answer.data[field]?.__typename).toBe("OperationInfo");
    const same = (text: string, id: string) =>
      text.replaceAll(id, "?").replaceAll(Buffer.from(id, "base64").toString().replace(/\w+:/, "") || id, "?");
    expect(same(JSON.stringify(answer), hidden)).toBe(same(JSON.stringify(await run(absent)), absent));
    expect(await rows()).toEqual(before);
  });

  test("can't write what the caller would not see, which takes all of it back", async () => {
    const run = (query: string) => as(2, `mutation { ${query} { ... on Paper { title } ${reasons} } }`);
    expect(await run('createPaper(data: {title: "x", tenantId: 2})')).toEqual({
      data: { createPaper: { title: "x" } },
    });
    // A public paper of another tenant is seen, and so may be changed, but not be taken out of sight.
    const other = (data: string) => run(`updatePaper(data: {id: "${paper(3)}", ${data}})`);
    expect(await other('title: "T0 new"')).toEqual({ data: { updatePaper: { title: "T0 new" } } });
    const before = await rows();
    const denied = { kind: "PERMISSION", field: null, code: "permission_denied", message: "Permission denied" };
    expect(await other('title: "gone", public: false')).toEqual({ data: { updatePaper: { messages: [denied] } } });
    expect(await run('createPaper(data: {title: "x", tenantId: 1})')).toMatchObject({
      data: { createPaper: { messages: [{ field: "tenantId", code: "invalid" }] } },
    });
    expect(await rows()).toEqual(before);
  });

  test("can't create an object over one that the model's manager hides", async () => {
    await database.run("INSERT INTO tag (id, word) VALUES (7, 'hidden tag')");
    const query = `mutation { createTag(data: {id: "7", word: "x"}) { ... on Tag { word } ${reasons} } }`;
    const clash = { kind: "VALIDATION", field: "id", code: "unique", message: "Tag with this ID already exists." };
    expect(await as(2, query)).toEqual({ data: { createTag: { messages: [clash] } } });
    const left = await database.query({ text: "SELECT word FROM tag WHERE id = 7", params: [] });
    expect(textsOf(left)).toEqual([["hidden tag"]]);
  });

  test("can't move an object out of sight by the one it is linked to", async () => {
    const before = await rows();
    const denied = { kind: "PERMISSION", field: "notes", code: "permission_denied", message: "Permission denied" };
    for (const change of ["add", "set"]) {
      const query = `mutation { updatePaper(data: {id: "${paper(3)}", notes: {${change}: ["${note(2)}"]}}) { ... on Paper { title } ${reasons} } }`;
      expect(await as(2, query)).toEqual({ data: { updatePaper: { messages: [denied] } } });
    }
    expect(await rows()).toEqual(before);
  });

  test("answer with what the caller sees, deleted objects among them", async () => {
    expect(
      await as(2, `mutation { deletePapers(data: [{id: "${paper(4)}"}]) { title tenant { name } tags { word } } }`),
    ).toEqual({
      data: { deletePapers: [{ title: "T2 list", tenant: { name: "T2 Ltd" }, tags: [] }] },
    });
    expect(await as(2, "mutation { read { title } }")).toEqual({
      data: { read: [{ title: "T2 plan" }, { title: "T0 news" }] },
    });
  });

  test("leave links to what the caller doesn't see", async () => {
    // Anyone may change a public paper; its tag is the first tenant's.
    const query = `mutation { updatePaper(data: {id: "${paper(3)}", notes: {add: []}, tags: {set: []}}) {
      ... on Paper { tags { word } notes { text } } ${reasons} } }`;
    expect(await as(2, query)).toEqual({ data: { updatePaper: { tags: [], notes: [] } } });
    const left = await database.query({ text: "SELECT tag_id FROM paper_tags WHERE paper_id = 3", params: [] });
    expect(textsOf(left)).toEqual([["1"]]);
  });
});

describe("subscriptions", () => {
  async function first(caller: number, query: string): Promise<unknown> {
    const socket = await new TestSocket(`${serving.url}/graphql`, {
      headers: { authorization: `Bearer ${caller}` },
    }).connected();
    socket.subscribe("a", query);
    await socket.until(({ messages }) => messages.length > 1);
    socket.socket.terminate();
    return socket.messages[1]?.payload;
  }

  test("give each caller its own rows, though they are answered together", async () => {
    const query = "subscription { papers { title notes { text } } }";
    const [one, two] = await Promise.all([first(1, query), first(2, query)]);
    expect(one).toEqual({
      data: {
        papers: [
          { title: "T1 plan", notes: [{ text: "T1 note" }] },
          { title: "T0 news", notes: [{ text: "T1 draft" }] },
        ],
      },
    });
    expect(two).toEqual({
      data: {
        papers: [
          { title: "T2 plan", notes: [{ text: "T2 note" }] },
          { title: "T0 news", notes: [] },
          { title: "T2 list", notes: [] },
        ],
      },
    });
    expect(await first(2, "subscription { yielded { text } }")).toEqual({ data: { yielded: [{ text: "T2 note" }] } });
  });
});

test("explain says where a field's rows are limited, and a warm request doesn't enter Python but for auth", async () => {
  const query =
    "{ papers { title notes { text } } paper { title } raw { title } static { title } noteEdges { totalCount } }";
  const explain = async () =>
    JSON.parse(
      (await ask(serving, { url: "/graphql/explain", body: { query }, headers: { authorization: "Bearer 2" } })).body,
    ) as { fields: { plan: { why: string } }[]; steps: { kind: string; fields?: string[] }[] };
  await explain();
  const { fields, steps } = await explain();
  const limits = [...Array(4).fill("Paper"), "Note"].map((name) =>
    expect.stringMatching(new RegExp(`limited as ${name} \\(.*schema\\.py:\\d+\\) says`)),
  );
  expect(fields.map(({ plan }) => plan.why)).toEqual(limits);
  expect(steps.filter(({ kind }) => kind === "python").map(({ fields: called }) => called)).toEqual([[]]);
});

describe("the whole schema", () => {
  /** A document that asks for every field, down to a depth. */
  function walk(schema: GraphQLSchema, depth: number): string[] {
    const ids = [1, 2, 3].flatMap((id) => ["Paper", "Note"].map((type) => globalId(type, id)));
    const given: { [name: string]: string } = { id: `"${ids[0]}"`, ids: JSON.stringify(ids) };
    const select = (type: GraphQLNamedType, left: number): string => {
      if (isLeafType(type)) {
        return "";
      }
      if (isAbstractType(type)) {
        return ` { __typename ${schema
          .getPossibleTypes(type)
          .map((one) => `... on ${one.name}${select(one, left)}`)
          .join(" ")} }`;
      }
      const fields = Object.values((type as GraphQLObjectType).getFields()).flatMap((field) => {
        const inner = getNamedType(field.type);
        if (left === 0 && !isLeafType(inner)) {
          return [];
        }
        return [`${type.name}_${field.name}: ${field.name}${select(inner, left - 1)}`];
      });
      return ` { __typename ${fields.join(" ")} }`;
    };
    return Object.values(schema.getQueryType()?.getFields() ?? {}).map((field) => {
      const args = field.args.filter(({ name }) => given[name] !== undefined && field.name.startsWith("node"));
      const called = args.length === 0 ? "" : `(${args.map(({ name }) => `${name}: ${given[name]}`).join(", ")})`;
      return `{ ${field.name}${called}${select(getNamedType(field.type), depth)} }`;
    });
  }

  async function documents(depth: number): Promise<string[]> {
    const { body } = await ask(serving, { body: { query: getIntrospectionQuery() } });
    return walk(buildClientSchema(JSON.parse(body).data), depth);
  }

  test("an outsider finds nothing, wherever it looks", async () => {
    const queries = await documents(3);
    expect(queries.length).toBeGreaterThan(18);
    for (const query of queries) {
      const [outsider, two] = await Promise.all([as(9, query), as(2, query)]);
      expect(JSON.stringify(outsider), query).not.toMatch(/T[12] /);
      expect(JSON.stringify(two), query).not.toMatch(/T1 /);
    }
    expect(JSON.stringify(await as(1, queries[0] ?? ""))).toMatch(/T1 /);
  });

  test("two tenants never see each other's rows, whatever fails meanwhile", async () => {
    const queries = await documents(1);
    const wrong: string[] = [];
    let seen = 0;
    const kill = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid()`;
    const one = async (number: number): Promise<void> => {
      const tenant = 1 + (number % 2);
      const query = queries[(number * 7) % queries.length] ?? "";
      const answer = await ask(serving, { body: { query }, headers: { authorization: `Bearer ${tenant}` } }).catch(
        () => null,
      );
      const text = answer?.body ?? "";
      seen += text.includes(`T${tenant} `) ? 1 : 0;
      if (text.includes(`T${3 - tenant} `)) {
        wrong.push(`${tenant}: ${query}`);
      }
    };
    for (let round = 0; round < 12; round++) {
      const asked = Array.from({ length: 24 }, (_, index) => one(round * 24 + index));
      if (round % 5 === 4) {
        asked.push(
          database.run(kill).then(
            () => undefined,
            () => undefined,
          ),
        );
      }
      await Promise.all(asked);
    }
    expect(wrong).toEqual([]);
    expect(seen).toBeGreaterThan(100);
  });
});
