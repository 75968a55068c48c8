/** Through PgBouncer in transaction mode, where a connection's next transaction may meet another session. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openDatabase, type PostgresDatabase } from "../../gateway/postgres/index.ts";
import { describeError, PuffError } from "../../schema/index.ts";
import { collectionSketch, tables } from "../support/planner/collections.ts";
import { sketchPlanner, sql } from "../support/planner/planner.ts";
import { textOf, textsOf } from "../support/planner/rows.ts";
import { hasPgBouncer, type PgBouncer, startPgBouncer } from "../support/servers/pgbouncer.ts";
import { createTestDatabase, openTestDatabase, type TestDatabase, write } from "../support/servers/postgres.ts";

describe.runIf(hasPgBouncer)("through PgBouncer", () => {
  let own: TestDatabase;
  let pgbouncer: PgBouncer;
  let database: PostgresDatabase;

  beforeAll(async () => {
    own = await createTestDatabase();
    pgbouncer = await startPgBouncer(own.url, 2);
    database = await openTestDatabase(pgbouncer.url, { pooler: true, poolSize: 8, statementTimeout: 1_000 });
    await database.run(`
      CREATE TABLE note (id serial PRIMARY KEY, tenant text NOT NULL);
      INSERT INTO note (tenant) VALUES ('a'), ('b');
    `);
  });

  afterAll(async () => {
    await database.close();
    await pgbouncer.stop();
    await own.drop();
  });

  const codeOf = (promise: Promise<unknown>): Promise<string> =>
    promise.then(
      () => "none",
      (error: unknown) => (error instanceof PuffError ? error.code : String(error)),
    );

  test("statements of many connections on two sessions each get their own answer", async () => {
    const texts = Array.from({ length: 300 }, (_, i) => `SELECT $1::int, ${i % 20} AS shape`);
    const answers = await Promise.all(
      texts.map((text, i) => database.query({ text, params: [[23, String(i)]] }, { "app.tenant": String(i) })),
    );
    expect(answers.map((rows) => textsOf(rows))).toEqual(texts.map((_, i) => [[String(i), String(i % 20)]]));
  });

  test("each has its settings, whatever the session", async () => {
    const text = `SELECT current_setting('app.tenant', true), current_setting('TimeZone'), '1 day'::interval,
      'x'::bytea, current_setting('jit'), current_setting('statement_timeout'), current_setting('transaction_read_only')`;
    const seen = await Promise.all(
      Array.from({ length: 100 }, (_, i) =>
        database.query({ text, params: [] }, i % 3 === 0 ? undefined : { "app.tenant": `t${i}` }),
      ),
    );
    const settings = ["UTC", "P1D", "\\x78", "off", "1s", "on"];
    for (const [i, rows] of seen.entries()) {
      expect(textsOf(rows)).toEqual([[i % 3 === 0 ? expect.toBeOneOf([null, ""]) : `t${i}`, ...settings]]);
    }
  });

  test("queries do not write, transactions do, and both have a timeout", async () => {
    const insert = "INSERT INTO note (tenant) VALUES (current_setting('app.tenant'))";
    expect(await codeOf(database.query({ text: insert, params: [] }))).toBe("PUFF_PLAN_WRITES");
    expect(await codeOf(database.query({ text: "SELECT pg_sleep(5)", params: [] }))).toBe("PUFF_STATEMENT_TIMEOUT");
    expect(await codeOf(write(database, "SELECT pg_sleep(5)"))).toBe("PUFF_STATEMENT_TIMEOUT");
    const work = database.transaction(
      async (session) => {
        await session.query({ text: insert, params: [] });
        return { commit: true, result: textOf(await session.query({ text: "SHOW TimeZone", params: [] })) };
      },
      { "app.tenant": "c" },
    );
    expect(await work).toBe("UTC");
    const count = { text: "SELECT count(*) FROM note WHERE tenant = 'c'", params: [] };
    expect(textOf(await database.query(count))).toBe("1");
  });

  test("an error leaves nothing behind for the next client", async () => {
    const codes = await Promise.all(
      Array.from({ length: 60 }, (_, i) =>
        codeOf(database.query({ text: i % 2 === 0 ? "SELECT 1 / $1::int" : "SELECT $1::int", params: [[23, "0"]] })),
      ),
    );
    expect(codes).toEqual(codes.map((_, i) => (i % 2 === 0 ? "PUFF_SQL_FAILED" : "none")));
  });

  test("operations are fused as ever", async () => {
    const planner = sketchPlanner({
      types: { Query: { notes: "[Note!]" }, Note: { id: "Int!", tenant: "String!", twins: "[Note!]" } },
      resolvers: {
        "Query.notes": () => sql("SELECT id, tenant FROM note WHERE tenant < 'c' ORDER BY id"),
        "Note.twins": () =>
          sql("SELECT id, tenant FROM note WHERE tenant = ANY($1)", {
            params: [{ parent: "tenant" }],
            parentKeys: ["tenant"],
            childKeys: ["tenant"],
          }),
      },
      database,
    });
    for (let i = 0; i < 3; i++) {
      const { data } = await planner.run("{ notes { tenant twins { tenant } } }");
      const notes = ["a", "b"].map((tenant) => ({ tenant, twins: [{ tenant }] }));
      expect([data, planner.statements]).toEqual([{ notes }, ["notes, notes.twins"]]);
    }
  });

  test("collections give each caller the pages, numbers and groups of what it may see", async () => {
    await database.run(`
      ${tables}
      INSERT INTO post SELECT n, 'title ' || n, n % 3, n % 2 FROM generate_series(1, 40) n;
      INSERT INTO comment SELECT n, 'body ' || n, n % 4, 1 + n % 40 FROM generate_series(1, 200) n;
      DO $$ BEGIN CREATE ROLE pooled_reader; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
      GRANT SELECT ON post, comment TO pooled_reader;
      ALTER TABLE post ENABLE ROW LEVEL SECURITY;
      ALTER TABLE comment ENABLE ROW LEVEL SECURITY;
      CREATE POLICY own ON post FOR SELECT TO pooled_reader USING (author = current_setting('app.author')::int);
      CREATE POLICY own ON comment FOR SELECT TO pooled_reader USING (votes <= current_setting('app.most')::int);
    `);
    const pgSettings = ({ author = "0", most = "0" }) => ({
      ...{ role: "pooled_reader", "app.author": author, "app.most": most },
    });
    const query = `query ($first: Int) { postConnection(first: $first, ordering: [{ id: DESC }]) { totalCount
      edges { cursor node { id commentPage(pagination: { limit: 2 }, ordering: [{ votes: DESC }]) { totalCount results { votes }
        groupedAggregates(groupBy: [VOTES]) { keys { votes } count } } } } pageInfo { hasNextPage endCursor } } }`;
    const planners = [true, false].map((fuse) => sketchPlanner({ ...collectionSketch, database, pgSettings, fuse }));
    const asked = Array.from({ length: 120 }, (_, n) => ({
      ...{ planner: planners[n % 2], first: 1 + (n % 3), author: n % 4 < 2 ? 0 : 1, most: n % 5 < 2 ? 1 : 2 },
    }));
    const answers: (string | undefined)[] = [];
    // In waves: what one has run, the next has programs for.
    for (let from = 0; from < asked.length; from += 30) {
      const wave = asked
        .slice(from, from + 30)
        .map(({ planner, first, author, most }) =>
          planner?.raw(query, { first }, { author: String(author), most: String(most) }),
        );
      answers.push(...(await Promise.all(wave)));
    }
    for (const [n, { first, author, most }] of asked.entries()) {
      const { data, errors } = JSON.parse(answers[n] ?? "{}");
      expect(errors).toBeUndefined();
      const ids = Array.from({ length: first }, (_, index) => (author === 0 ? 40 : 39) - 2 * index);
      // Comment n has n % 4 votes, and is of the post 1 + n % 40: a post's comments have all the same number.
      const page = (id: number) => {
        const votes = (id - 1) % 4;
        const isSeen = votes <= most;
        return {
          id,
          commentPage: {
            totalCount: isSeen ? 5 : 0,
            results: isSeen ? [{ votes }, { votes }] : [],
            groupedAggregates: isSeen ? [{ keys: { votes }, count: 5 }] : [],
          },
        };
      };
      expect(data).toMatchObject({
        postConnection: {
          totalCount: 20,
          edges: ids.map((id) => ({ node: page(id) })),
          pageInfo: { hasNextPage: true },
        },
      });
    }
    expect(planners[0]?.programs.served).toBeGreaterThan(0);
  });

  test("a statement that nobody waits for is cancelled, and PgBouncer serves on", async () => {
    const sleeping =
      "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(9)%' AND state = 'active'";
    const patient = await openTestDatabase(pgbouncer.url, { pooler: true, poolSize: 1 });
    for (let time = 0; time < 3; time++) {
      const controller = new AbortController();
      const given = codeOf(patient.query({ text: "SELECT pg_sleep(9)", params: [], signal: controller.signal }));
      await expect.poll(async () => textOf(await database.query({ text: sleeping, params: [] }))).toBe("1");
      controller.abort(new PuffError("PUFF_REQUEST_DEADLINE", "too late"));
      expect(await given).toBe("PUFF_REQUEST_DEADLINE");
      expect(textOf(await patient.query({ text: "SELECT 'served'", params: [] }))).toBe("served");
      expect(textOf(await database.query({ text: sleeping, params: [] }))).toBe("0");
    }
    await patient.close();
  });

  test("without the switch the start says which one is missing", async () => {
    const options = { url: pgbouncer.url, poolSize: 1, queueLimit: 1, acquireTimeout: 60_000, statementTimeout: 0 };
    const error = await openDatabase({ ...options, maxRows: 1, connectDeadline: 60_000 }).catch((thrown) => thrown);
    expect(describeError(error)).toMatch(/this is a pooler: .*parameter.* Set --database-pooler/);
  });
});
