/** What an operation answers while its database can't be had. */
import { describe, expect, it } from "vitest";
import { PuffError } from "../../schema/index.ts";
import { type PlannerSketch, sketchPlanner, sql } from "../support/planner/planner.ts";
import { createTestDatabase, holdLock, openTestDatabase } from "../support/servers/postgres.ts";

const types = { Query: { item: "Item", total: "Int!" }, Item: { id: "Int!" } };

describe("without a database", () => {
  const down = new PuffError("PUFF_DATABASE_UNAVAILABLE", "the database is down");
  const nowhere = {
    query: () => Promise.reject(down),
    stream: () => Promise.reject(down),
    transaction: () => Promise.reject(down),
  };
  const resolvers: PlannerSketch["resolvers"] = {
    "Query.item": () => sql("SELECT 1 AS id"),
    "Query.total": () => ({ kind: "value", value: 1, parentKeys: [], childKeys: [] }),
  };

  it("an operation of which nothing ran is refused with 503", async () => {
    const answer = await sketchPlanner({ types, resolvers, database: nowhere }).run(
      "{ a: item { id } b: item { id } }",
    );
    expect(answer).toMatchObject({ status: 503, errors: [{ path: ["a"] }, { path: ["b"] }] });
    expect(answer).not.toHaveProperty("data");
  });

  it("an operation of which something ran has that", async () => {
    const { data, errors } = await sketchPlanner({ types, resolvers, database: nowhere }).run("{ item { id } total }");
    expect(data).toEqual({ item: null, total: 1 });
    expect(errors).toMatchObject([{ path: ["item"], extensions: { code: "PUFF_DATABASE_UNAVAILABLE" } }]);
  });
});

describe("while all connections are busy", () => {
  it("what waited too long is refused with 503, and all is well afterwards", async () => {
    const { url, drop } = await createTestDatabase();
    const database = await openTestDatabase(url, { poolSize: 1, acquireTimeout: 300 });
    const lock = await holdLock(url);
    const { run } = sketchPlanner({
      types: { Query: { item: "Item", slow: "Item" }, Item: { id: "Int!" } },
      resolvers: {
        "Query.item": () => sql("SELECT 1 AS id"),
        "Query.slow": () => sql(lock.statement),
      },
      database,
    });
    const slow = run("{ slow { id } }");
    const answers = await Promise.all(Array.from({ length: 20 }, () => run("{ item { id } }")));
    for (const answer of answers) {
      expect(answer).toMatchObject({ status: 503, errors: [{ extensions: { code: "PUFF_POOL_BUSY" } }] });
    }
    await lock.release();
    expect(await slow).toMatchObject({ status: 200, data: { slow: { id: 1 } } });
    for (let count = 0; count < 20; count++) {
      expect(await run("{ item { id } }")).toMatchObject({ status: 200 });
    }
    await database.close();
    await drop();
  });
});
