/** Mutations that meet each other in Postgres: serialization failures and deadlocks. */
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import type { PostgresDatabase } from "../../gateway/postgres/index.ts";
import { PuffError, type ResolveResult, type ResolverCall } from "../../schema/index.ts";
import { type PlannerSketch, sketchPlanner, sql } from "../support/planner/planner.ts";
import { textOf } from "../support/planner/rows.ts";
import { createTestDatabase, openTestDatabase, write } from "../support/servers/postgres.ts";

const own = await createTestDatabase();
const url = new URL(own.url);
url.search = "?options=-c%20default_transaction_isolation%3Dserializable%20-c%20deadlock_timeout%3D10ms";
const database = await openTestDatabase(url.href);
afterAll(async () => {
  await database.close();
  await own.drop();
});

await database.run(`
  CREATE TABLE account (id int PRIMARY KEY, cents int NOT NULL);
  CREATE SEQUENCE attempts;
  CREATE FUNCTION clash(state text) RETURNS int LANGUAGE plpgsql AS $$
    BEGIN PERFORM nextval('attempts'); RAISE 'as if' USING ERRCODE = state; END $$;
`);
beforeEach(() =>
  database.run("TRUNCATE account; INSERT INTO account VALUES (1, 0), (2, 0); ALTER SEQUENCE attempts RESTART"),
);

const count = async (text: string) => Number(textOf(await database.query({ text, params: [] })));
const attempts = () => count("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM attempts");

/** Reads, and writes what it read: two at a time can't both be right. */
const read = "WITH tried AS (SELECT nextval('attempts')) SELECT id, cents FROM account, tried WHERE id = 1";
const add =
  "UPDATE account SET cents = (SELECT sum(cents) FROM account WHERE id = 1) + 1 WHERE id = 1 RETURNING id, cents";

const types = {
  Query: { one: "Int" },
  Mutation: { add: "Account", clash: "Int", wait: "Account" },
  Account: { id: "Int!", cents: "Int!", after: "[Account!]", outside: "Int" },
};

/** A second transaction that another one can meet at will. */
function sketch(more: Partial<PlannerSketch> = {}, signal?: AbortSignal) {
  return sketchPlanner(
    {
      types,
      database,
      ...more,
      resolvers: {
        "Mutation.add": () => sql(add),
        "Mutation.clash": ({ args }: ResolverCall) =>
          sql("SELECT clash($1)", { params: [[25, String(args["state"])]] }),
        ...more.resolvers,
      },
      args: { "Mutation.clash": { state: "String!" } },
    },
    signal,
  );
}

/**
 * The database, in which another transaction gets in between: after a field has read, or before it commits, this many times.
 * Either reads what the other writes.
 */
function meeting(times: number, when: "begin" | "end" = "begin"): PostgresDatabase {
  let left = times;
  const meet = async () => {
    if (left > 0) {
      left--;
      await write(
        database,
        "UPDATE account SET cents = cents + 100 WHERE id = 1 AND (SELECT cents >= 0 FROM account WHERE id = 2)",
      );
    }
  };
  const transaction: PostgresDatabase["transaction"] = (work, settings) =>
    database.transaction(async (session) => {
      await session.query({ text: read, params: [] });
      await (when === "begin" ? meet() : null);
      const outcome = await work(session);
      await (when === "end" ? meet() : null);
      return outcome;
    }, settings);
  return {
    ...database,
    query: (statement, settings) => database.query(statement, settings),
    transaction,
  } as PostgresDatabase; // what the planner uses of it
}

describe("a mutation of plans alone", () => {
  test("that meets another transaction is run again", async () => {
    const { run, batches } = sketch({ database: meeting(2) });
    expect(await run("mutation { add { id cents } }")).toEqual({ status: 200, data: { add: { id: 1, cents: 201 } } });
    expect(await attempts()).toBe(3);
    expect(batches).toEqual([["Mutation.add"]]); // its resolver is called once
  });

  test("that always meets one says so, and leaves nothing", async () => {
    const { run } = sketch({ database: meeting(Number.POSITIVE_INFINITY), maskErrors: true });
    const { data, errors } = await run("mutation { add { id cents } }");
    expect(data).toEqual({ add: null });
    expect(errors).toMatchObject([{ path: ["add"], extensions: { code: "PUFF_SQL_CONFLICT" } }]);
    expect(errors?.[0]?.message).toBe("another transaction changed the same data at the same time. Send it again.");
    expect(await attempts()).toBe(5);
    expect(await count("SELECT cents FROM account WHERE id = 1")).toBe(500);
  });

  test("is not run again for those that fail otherwise", async () => {
    const { run } = sketch();
    for (const state of ["40001", "40P01", "P0001"]) {
      const { errors } = await run("mutation ($state: String!) { clash(state: $state) }", { state });
      expect(errors).toMatchObject([{ extensions: { code: "PUFF_SQL_FAILED", sqlstate: state } }]);
    }
    expect(await attempts()).toBe(3);
  });

  test("ends with its request", async () => {
    const controller = new AbortController();
    const tooLate = new PuffError("PUFF_REQUEST_DEADLINE", "too late");
    const on = meeting(Number.POSITIVE_INFINITY);
    let begun = 0;
    const counted = {
      ...on,
      transaction: ((work, settings) => {
        begun++;
        if (begun === 2) {
          controller.abort(tooLate);
        }
        return on.transaction(work, settings);
      }) satisfies PostgresDatabase["transaction"],
    };
    const { errors } = await sketch({ database: counted }, controller.signal).run("mutation { add { id } }");
    expect(errors).toMatchObject([{ message: "too late" }]);
    expect(begun).toBe(2);
  });

  test("many at once all count", async () => {
    const { run } = sketch();
    const outcomes = await Promise.all(Array.from({ length: 12 }, () => run("mutation { add { id } }")));
    const done = outcomes.filter(({ errors }) => errors === undefined).length;
    expect(done).toBeGreaterThan(0);
    expect(await count("SELECT cents FROM account WHERE id = 1")).toBe(done);
    for (const { errors } of outcomes.filter((outcome) => outcome.errors !== undefined)) {
      expect(errors).toMatchObject([{ extensions: { code: "PUFF_SQL_CONFLICT" } }]);
    }
  });
});

describe("a commit that meets another transaction", () => {
  const write2 = { "Mutation.add": () => sql("UPDATE account SET cents = cents + 1 WHERE id = 2 RETURNING id, cents") };

  test("is tried again with all that came before it", async () => {
    const { run } = sketch({ database: meeting(2, "end"), resolvers: write2 });
    expect(await run("mutation { add { id cents } }")).toEqual({ status: 200, data: { add: { id: 2, cents: 1 } } });
    expect(await attempts()).toBe(3);
  });

  const asking = ({ parents }: ResolverCall): ResolveResult =>
    parents === "symbols" ? { kind: "needs", columns: ["id"] } : { kind: "each", values: [1] };
  test.each<[string, Partial<PlannerSketch>]>([
    ["Python", { resolvers: { ...write2, "Account.outside": asking } }],
    ["TypeScript", { resolvers: write2, functions: { "Account.outside": () => [1] } }],
  ])("is not where %s was told of the rows", async (_, more) => {
    const { run } = sketch({ database: meeting(1, "end"), ...more });
    const { errors } = await run("mutation { add { id outside } }");
    expect(errors).toMatchObject([{ path: ["add"], extensions: { code: "PUFF_SQL_CONFLICT" } }]);
    expect(await attempts()).toBe(1);
  });
});

test("one of two that wait for each other is run again", async () => {
  const lockBoth = (first: number, second: number) => ({
    "Mutation.wait": () =>
      sql(
        `WITH first AS (UPDATE account SET cents = cents + 1 WHERE id = ${first} RETURNING pg_sleep(0.1)),
           held AS (SELECT count(*) FROM first),
           second AS (UPDATE account SET cents = cents + 1 FROM held WHERE id = ${second} RETURNING id, cents)
         SELECT * FROM second`,
      ),
  });
  const plain = await openTestDatabase(`${own.url}?options=-c%20deadlock_timeout%3D10ms`);
  const outcomes = await Promise.all(
    [lockBoth(1, 2), lockBoth(2, 1)].map((resolvers) =>
      sketch({ database: plain, resolvers }).run("mutation { wait { id } }"),
    ),
  );
  await plain.close();
  expect(outcomes).toEqual([
    { status: 200, data: { wait: { id: 2 } } },
    { status: 200, data: { wait: { id: 1 } } },
  ]);
  expect(await count("SELECT sum(cents) FROM account")).toBe(4);
});

test("queries that wait for each other are run again, too", async () => {
  const plain = await openTestDatabase(`${own.url}?options=-c%20deadlock_timeout%3D10ms`);
  const lockBoth = (first: number, second: number) =>
    plain.query({
      text: `WITH held AS MATERIALIZED (SELECT pg_advisory_xact_lock(${first}), pg_sleep(0.1))
        SELECT 'both' FROM held, LATERAL (SELECT pg_advisory_xact_lock(${second})) AS rest`,
      params: [],
    });
  const both = await Promise.all([lockBoth(1, 2), lockBoth(2, 1)]);
  await plain.close();
  expect(both.map(textOf)).toEqual(["both", "both"]);
});
