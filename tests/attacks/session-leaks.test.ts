/** What a statement sets in its session is not there for the next request, no matter who set it or how. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { PostgresDatabase } from "../../gateway/postgres/index.ts";
import { textOf, textsOf } from "../support/planner/rows.ts";
import { hasPgBouncer, startPgBouncer } from "../support/servers/pgbouncer.ts";
import { createTestDatabase, openTestDatabase, write } from "../support/servers/postgres.ts";

const own = await createTestDatabase();
const role = `other_${process.pid}`;
const admin = await openTestDatabase(own.url);
await admin.run(`
  CREATE ROLE ${role};
  CREATE TABLE item (id serial PRIMARY KEY, name text);
  INSERT INTO item (name) VALUES ('one');
  CREATE TABLE guarded (id int);
  INSERT INTO guarded VALUES (1);
  CREATE FUNCTION become() RETURNS text LANGUAGE sql AS $$ SELECT set_config('role', '${role}', false) $$;
  CREATE FUNCTION setting() RETURNS text LANGUAGE plpgsql AS $$
    BEGIN SET DateStyle = German; SET search_path = elsewhere; RETURN 'set'; END $$;
  CREATE FUNCTION run(command text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN EXECUTE command; RETURN command; END $$;
  CREATE FUNCTION doubled(n int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN PERFORM become(); RETURN 2 * n; END $$;
  CREATE FUNCTION "Mixed Case"() RETURNS text LANGUAGE sql AS $$ SELECT become() $$;
  CREATE FUNCTION shout(item) RETURNS text LANGUAGE sql AS $$ SELECT become() $$;
  CREATE AGGREGATE product(int) (sfunc = int4mul, stype = int, initcond = '1');
  CREATE VIEW seen AS SELECT become() AS became;
  CREATE VIEW seen_twice AS SELECT * FROM seen;
  CREATE SCHEMA elsewhere;
`);

/** Kinds of state that a statement leaves, where nobody takes it away. */
const leaving: readonly (readonly [kind: string, text: string])[] = [
  ["a role", `SELECT set_config('role', '${role}', false)`],
  ["a role, failing", `SELECT set_config('role', '${role}', false), 1 / (SELECT 0)`],
  ["a user", `SELECT set_config('session_authorization', '${role}', false)`],
  ["DateStyle", "SELECT set_config('DateStyle', 'German', false)"],
  ["a tenant", "SELECT set_config('app.tenant', 'acme', false)"],
  ["read-write", "SELECT set_config('default_transaction_read_only', 'off', false)"],
  ["a statement timeout", "SELECT set_config('statement_timeout', '1', false)"],
  ["settings of a function", "SELECT setting()"],
  ["a role, by a function of a function", "SELECT doubled(2)"],
  ["a role, by a view", "SELECT * FROM seen"],
  ["a role, by a view of a view", 'SELECT * FROM "seen_twice"'],
  ["a role, in mixed case", 'SELECT "Mixed Case"()'],
  ["a role, by a name in escapes", 'SELECT U&"becom\\0065"()'],
  ["a role, as an attribute", "SELECT item.shout FROM item"],
  ["a role, by SQL within XML", "SELECT query_to_xml('SELECT become()', true, true, '')"],
  ["an advisory lock", "SELECT pg_advisory_lock(7)"],
  ["an advisory lock, failing", "SELECT pg_advisory_lock(7), 1 / (SELECT count(*) FROM item WHERE id < 0)"],
  ["an advisory lock, shared", "SELECT pg_try_advisory_lock_shared(7)"],
  ["a prepared statement", "SELECT run('PREPARE theirs AS SELECT 1')"],
  [
    "a prepared statement, failing",
    "SELECT run('PREPARE theirs AS SELECT 1'), 1 / (SELECT count(*) FROM item WHERE id < 0)",
  ],
  ["a cursor", "SELECT run('DECLARE theirs CURSOR WITH HOLD FOR SELECT 1')"],
  ["a channel", "SELECT run('LISTEN theirs')"],
];
const writing: typeof leaving = [
  ["a temporary table", "SELECT run('CREATE TEMP TABLE item AS SELECT 99 AS id')"],
  ["a sequence's last value", "INSERT INTO item (name) VALUES ('two') RETURNING id"],
  ["a sequence's last value, failing", "INSERT INTO item (name) VALUES ('two') RETURNING 1 / (SELECT 0)"],
];

const state = `SELECT current_user || session_user, current_setting('DateStyle'), current_setting('search_path'),
  coalesce(current_setting('app.tenant', true), ''), current_setting('default_transaction_read_only'),
  current_setting('statement_timeout'), (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'),
  (SELECT string_agg(p.name, ' ') FROM pg_prepared_statements AS p WHERE from_sql),
  (SELECT count(*) FROM pg_listening_channels()), (SELECT string_agg(c.name, ' ') FROM pg_cursors AS c WHERE is_holdable),
  (SELECT min(id) FROM item)`;

/** What is found in the session after a statement, and the error where a sequence has no last value. */
async function found(database: PostgresDatabase, writes: boolean, text = "SELECT"): Promise<unknown> {
  const ask = (text: string) => (writes ? write(database, text) : database.query({ text, params: [] }));
  // Each looks at what the statement itself has left: the one that looked before has been tidied up after.
  await ask(text).catch(() => undefined);
  const seen = textsOf(await ask(state));
  await ask(text).catch(() => undefined);
  return [seen, await ask("SELECT lastval()").then(textOf, (error: unknown) => String(error))];
}

const direct = await openTestDatabase(own.url, { poolSize: 1 });
const pgbouncer = hasPgBouncer ? await startPgBouncer(own.url, 1) : null;
const pooled = pgbouncer === null ? null : await openTestDatabase(pgbouncer.url, { poolSize: 1, pooler: true });
afterAll(async () => {
  await Promise.all([direct.close(), pooled?.close()]);
  await pgbouncer?.stop();
  await admin.run(`DROP ROLE ${role}`);
  await admin.close();
  await own.drop();
});

/** Which may be left after a statement that fails, by a pooler that gives the session away at once. */
const leftByPooler = /^(an advisory lock|a prepared statement|a sequence's last value), failing/;

describe.each([
  ["directly", direct],
  ["through PgBouncer", pooled],
])("%s", (way, database) => {
  if (database === null) {
    return;
  }
  const isKnown = ([kind]: (typeof leaving)[number]) => way === "directly" || !leftByPooler.test(kind);

  test.each(leaving.filter(isKnown))("a query leaves %s: %s", async (_, text) => {
    const before = await found(database, false);
    for (let time = 0; time < 3; time++) {
      expect(await found(database, false, text)).toEqual(before);
    }
  });

  test.each([...leaving, ...writing].filter(isKnown))("a mutation leaves %s: %s", async (_, text) => {
    const before = await found(database, true);
    for (let time = 0; time < 3; time++) {
      expect(await found(database, true, text)).toEqual(before);
    }
  });

  test.each(way === "directly" ? [...leaving, ...writing] : [])(
    "a mutation that commits in its flight leaves %s: %s",
    async (_, text) => {
      const before = await found(database, true);
      for (let time = 0; time < 3; time++) {
        await database.commit?.({ text, params: [] }).catch(() => undefined);
        expect(await found(database, true)).toEqual(before);
      }
    },
  );

  test("what runs beside it never meets it", async () => {
    const who = { text: "SELECT current_user || current_setting('DateStyle')", params: [] };
    const before = textOf(await database.query(who));
    const seen = await Promise.all(
      Array.from({ length: 200 }, async (_, index) => {
        const [, text = ""] = leaving[index % leaving.length] ?? [];
        return index % 3 === 0
          ? database.query({ text, params: [] }).then(
              () => before,
              () => before,
            )
          : textOf(await database.query(who));
      }),
    );
    expect(new Set(seen)).toEqual(new Set([before]));
  });
});

const howManyResets = `SELECT coalesce(sum(custom_plans + generic_plans), 0) FROM pg_prepared_statements
  WHERE statement LIKE 'SELECT pg_adv%'`;

/** Runs a statement until the catalogue is known, from when on one that leaves nothing costs nothing. */
const settled = (resets: () => Promise<number>, run: () => Promise<unknown>) =>
  expect
    .poll(
      async () => {
        const before = await resets();
        await run();
        return (await resets()) - before;
      },
      { timeout: 20_000 },
    )
    .toBe(0);

describe("what a write calls without its name", () => {
  const resets = async () => Number(textOf(await write(direct, howManyResets)));
  const settle = (text: string) => settled(resets, () => write(direct, text).catch(() => undefined));

  const costless: readonly (readonly [what: string, script: string, text: string])[] = [
    ["a plain table", "CREATE TABLE plain (n int)", "INSERT INTO plain VALUES (1)"],
    [
      "a serial and an identity",
      "CREATE TABLE counted (i serial, j int GENERATED ALWAYS AS IDENTITY, n int)",
      "INSERT INTO counted (n) VALUES (1) RETURNING i",
    ],
    [
      "a trigger that notes the time",
      `CREATE TABLE touched (n int, at timestamptz);
      CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$
        -- Sets the time of the change.
        BEGIN NEW.at = now(); UPDATE item SET name = name WHERE false; RETURN NEW; END $$;
      CREATE TRIGGER touches BEFORE INSERT OR UPDATE ON touched FOR EACH ROW EXECUTE FUNCTION touch()`,
      "INSERT INTO touched VALUES (1) RETURNING at",
    ],
  ];
  const noted =
    "CREATE FUNCTION become_by_trigger() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM become(); RETURN NEW; END'";
  const trigger = (table: string) =>
    `CREATE TRIGGER becomes BEFORE INSERT OR UPDATE OR DELETE ON ${table} FOR EACH ROW EXECUTE FUNCTION become_by_trigger()`;
  const constant =
    "CREATE FUNCTION constant(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS 'BEGIN PERFORM become(); RETURN $1; END'";
  const unnamed: readonly (readonly [what: string, script: string, text: string])[] = [
    ["a trigger", `${noted}; CREATE TABLE t1 (n int); ${trigger("t1")}`, "INSERT INTO t1 VALUES (1)"],
    [
      "a trigger's condition",
      `CREATE TABLE t2 (n int);
      CREATE TRIGGER sometimes BEFORE INSERT ON t2 FOR EACH ROW WHEN (become() IS NULL) EXECUTE FUNCTION suppress_redundant_updates_trigger()`,
      "INSERT INTO t2 VALUES (1)",
    ],
    [
      "a rule",
      "CREATE TABLE t3 (n int); CREATE RULE r AS ON INSERT TO t3 DO ALSO SELECT become()",
      "INSERT INTO t3 VALUES (1)",
    ],
    ["a default", "CREATE TABLE t4 (n int, who text DEFAULT become())", "INSERT INTO t4 (n) VALUES (1)"],
    ["a check", "CREATE TABLE t5 (n int CHECK (become() IS NOT NULL))", "INSERT INTO t5 VALUES (1)"],
    [
      "a generated column",
      `${constant}; CREATE TABLE t6 (n int, m int GENERATED ALWAYS AS (constant(n)) STORED)`,
      "INSERT INTO t6 VALUES (1)",
    ],
    ["an index", "CREATE TABLE t7 (n int); CREATE INDEX ON t7 (constant(n))", "INSERT INTO t7 VALUES (1)"],
    [
      "a part of an index",
      "CREATE TABLE t8 (n int); CREATE INDEX ON t8 (n) WHERE constant(n) > 0",
      "INSERT INTO t8 VALUES (1)",
    ],
    [
      "a partition",
      `CREATE TABLE t9 (n int) PARTITION BY RANGE (n); CREATE TABLE t9_low PARTITION OF t9 DEFAULT; ${trigger("t9_low")}`,
      "INSERT INTO t9 VALUES (1)",
    ],
    [
      "a cascade",
      `CREATE TABLE t10 (n int PRIMARY KEY); INSERT INTO t10 SELECT generate_series(1, 9);
      CREATE TABLE t10_child (n int REFERENCES t10 ON DELETE CASCADE); INSERT INTO t10_child SELECT n FROM t10; CREATE FUNCTION by_tenant() RETURNS trigger LANGUAGE plpgsql
        AS $$ BEGIN PERFORM set_config('app.tenant', 'acme', false); RETURN OLD; END $$;
      CREATE TRIGGER becomes BEFORE DELETE ON t10_child FOR EACH ROW EXECUTE FUNCTION by_tenant()`,
      "DELETE FROM t10 WHERE n = (SELECT min(n) FROM t10)",
    ],
    ["a view of a table", "CREATE VIEW v1 AS SELECT n FROM t1", "INSERT INTO v1 VALUES (1)"],
    [
      "a trigger that writes where another is",
      `CREATE TABLE t11 (n int);
      CREATE FUNCTION copy_on() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO t1 VALUES (NEW.n); RETURN NEW; END';
      CREATE TRIGGER copies AFTER INSERT ON t11 FOR EACH ROW EXECUTE FUNCTION copy_on()`,
      "INSERT INTO t11 VALUES (1)",
    ],
    [
      "an argument's default",
      `CREATE FUNCTION greeting(name text DEFAULT become()) RETURNS text LANGUAGE sql AS 'SELECT ''Hello, '' || name'`,
      "SELECT greeting()",
    ],
    ["Postgres's view of settings", "SELECT", "UPDATE pg_settings SET setting = 'German' WHERE name = 'DateStyle'"],
    ["a name of several words", 'CREATE VIEW "By Name" AS SELECT "Mixed Case"() AS who', 'SELECT * FROM "By Name"'],
  ];

  beforeAll(() => direct.run([...costless, ...unnamed].map(([, script]) => script).join(";")));

  test.each(costless)("%s costs nothing", async (_what, _script, text) => {
    await settle(text);
    const before = await resets();
    for (let time = 0; time < 3; time++) {
      await write(direct, text);
    }
    expect(await resets()).toBe(before);
    await expect(write(direct, "SELECT lastval()")).rejects.toThrow("lastval is not yet defined");
  });

  test.each(unnamed)("%s", async (_what, _script, text) => {
    const before = await found(direct, true);
    await write(direct, text);
    await settle(`INSERT INTO plain VALUES (${unnamed.findIndex(([, , other]) => other === text)})`); // which came later, so that both are known
    for (let time = 0; time < 2; time++) {
      expect(await found(direct, true, text)).toEqual(before);
    }
  });
});

describe("what is made while the gateway runs", () => {
  const plain = { text: "SELECT id FROM guarded", params: [] };
  const resets = async () => Number(textOf(await direct.query({ text: howManyResets, params: [] })));
  const settle = () => settled(resets, () => direct.query(plain));

  test("plain statements are not tidied up after, once it is known that they are", async () => {
    await settle();
    const before = await resets();
    for (let time = 0; time < 10; time++) {
      await direct.query(plain);
      await direct.query({ text: "SELECT product(id), lower(max(name)) FROM item", params: [] }).catch(() => undefined);
    }
    expect(await resets()).toBeGreaterThan(before); // an aggregate of the user's is not known to be harmless
    const after = await resets();
    await direct.query(plain);
    expect(await resets()).toBe(after);
  });

  test("a new function", async () => {
    await settle();
    const before = await found(direct, false);
    await admin.run("CREATE FUNCTION newcomer() RETURNS text LANGUAGE sql AS 'SELECT become()'");
    await direct.query({ text: "SELECT newcomer()", params: [] });
    expect(await found(direct, false)).toEqual(before);
  });

  test.each([
    [
      "a view in a table's place",
      `ALTER TABLE guarded RENAME TO hidden;
      CREATE VIEW guarded AS SELECT id FROM hidden WHERE become() IS NOT NULL`,
    ],
    [
      "an operator",
      `DROP VIEW guarded; ALTER TABLE hidden RENAME TO guarded;
      CREATE FUNCTION same(int, text) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN PERFORM become(); RETURN true; END';
      CREATE OPERATOR === (leftarg = int, rightarg = text, procedure = same)`,
    ],
  ])("%s, made by the gateway's own script", async (_, script) => {
    await direct.run(script);
    const text = script.includes("OPERATOR") ? "SELECT id FROM guarded WHERE id === 'x'" : plain.text;
    const before = await found(direct, false);
    for (let time = 0; time < 3; time++) {
      await direct.query({ text, params: [] });
      expect(await found(direct, false)).toEqual(before);
    }
  });
});
