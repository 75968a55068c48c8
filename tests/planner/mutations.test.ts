/** The planner on a real Postgres: mutations and their transactions. */
import { beforeEach, describe, expect, it } from "vitest";
import { PuffError, type ResolveResult } from "../../schema/index.ts";
import { type PlannerSketch, sketchPlanner, sql } from "../support/planner/planner.ts";
import { ownDatabase } from "../support/servers/postgres.ts";

const database = await ownDatabase(`
    CREATE TABLE item (id int PRIMARY KEY, name text, parent int REFERENCES item DEFERRABLE INITIALLY DEFERRED);
  `);

beforeEach(() =>
  database.run("TRUNCATE item; INSERT INTO item VALUES (1, 'one', NULL), (2, 'two', 1), (3, 'three', 1)"),
);

const types = {
  Query: { items: "[Item!]!", item: "Item", names: "[String!]!", total: "Int!" },
  Item: { id: "Int!", name: "String", parent: "Int", children: "[Item!]!", secret: "String" },
};
const children = () =>
  sql("SELECT id, name, parent FROM item WHERE parent = ANY($1) ORDER BY id", {
    params: [{ parent: "id" }],
    parentKeys: ["id"],
    childKeys: ["parent"],
  });

describe("a mutation", () => {
  const insert =
    (id: number, parent = "NULL") =>
    () =>
      sql(`INSERT INTO item VALUES (${id}, 'new', ${parent}) RETURNING id, name, parent`);
  const mutationTypes = { ...types, Mutation: { first: "Item", second: "Item", failing: "Item", plain: "Int" } };

  async function ids(): Promise<string[]> {
    const rows = await database.query({ text: "SELECT id FROM item WHERE id > 3 ORDER BY id", params: [] });
    return Array.from({ length: rows.count }, (_, row) => {
      rows.seek(row);
      return rows.text(0);
    });
  }

  it("runs its fields one after another and keeps what they did", async () => {
    const { run, batches } = sketch(
      { "Mutation.first": insert(4), "Mutation.second": insert(5, "4"), "Item.children": children },
      { types: mutationTypes },
    );
    expect((await run("mutation { first { id } second { id children { id } } }")).data).toEqual({
      first: { id: 4 },
      second: { id: 5, children: [] },
    });
    expect(await ids()).toEqual(["4", "5"]);
    expect(batches).toEqual([["Mutation.first"], ["Mutation.second"], ["Item.children"]]);
  });

  it("rolls back a field with an error anywhere in it, and only that one", async () => {
    const { run } = sketch(
      {
        "Mutation.first": insert(4),
        "Mutation.failing": insert(5),
        "Mutation.second": insert(6),
        "Item.secret": () => failure("no secret"),
      },
      { types: mutationTypes },
    );
    const { data, errors } = await run("mutation { first { id } failing { id secret } second { id } }");
    expect(data).toEqual({ first: { id: 4 }, failing: { id: 5, secret: null }, second: { id: 6 } });
    expect(errors?.map(({ path }) => path)).toEqual([["failing", "secret"]]);
    expect(await ids()).toEqual(["4", "6"]);
  });

  it("answers with an error where the commit itself fails", async () => {
    const { run } = sketch({ "Mutation.first": insert(4, "99") }, { types: mutationTypes });
    const { data, errors } = await run("mutation { first { id } }");
    expect(data).toEqual({ first: null });
    expect(errors).toEqual([
      expect.objectContaining({ path: ["first"], extensions: expect.objectContaining({ code: "PUFF_SQL_FAILED" }) }),
    ]);
    expect(await ids()).toEqual([]);
  });

  it("needs no database where it has no SQL", async () => {
    const { run } = sketch(
      { "Mutation.plain": () => ({ kind: "value", value: 7, parentKeys: [], childKeys: [] }) },
      { types: mutationTypes, database: unreachable },
    );
    expect(await run("mutation { plain }")).toEqual({ status: 200, data: { plain: 7 } });
  });
});

describe("a request that is given up", () => {
  it("ends with the reason, and a mutation of its is rolled back", async () => {
    const controller = new AbortController();
    const { run } = sketchPlanner(
      {
        types: { ...types, Mutation: { slow: "Item" } },
        resolvers: {
          "Mutation.slow": () => {
            setTimeout(() => controller.abort(new PuffError("PUFF_REQUEST_DEADLINE", "too late")), 50);
            return sql("INSERT INTO item SELECT 4, 'slow', NULL FROM pg_sleep(9) RETURNING id, name, parent");
          },
        },
        database,
      },
      controller.signal,
    );
    expect((await run("mutation { slow { id } }")).errors?.[0]?.message).toBe("too late");
    const running =
      "SELECT 1 FROM pg_stat_activity WHERE state <> 'idle' AND pid <> pg_backend_pid() AND datname = current_database()";
    await expect.poll(async () => (await database.query({ text: running, params: [] })).count).toBe(0);
    const rows = await database.query({ text: "SELECT 1 FROM item WHERE id = 4", params: [] });
    expect(rows.count).toBe(0);
  });
});

function sketch(resolvers: PlannerSketch["resolvers"] = {}, more: Partial<PlannerSketch> = {}) {
  return sketchPlanner({ types, resolvers, database, ...more });
}

function failure(message: string): ResolveResult {
  return {
    kind: "failure",
    error: { type: "ValueError", message, traceback: "Traceback", code: null, safe: false, extensions: null },
  };
}

const unreachable = {
  query: () => Promise.reject(new Error("no database here")),
  stream: () => Promise.reject(new Error("no database here")),
  transaction: () => Promise.reject(new Error("no database here")),
};
