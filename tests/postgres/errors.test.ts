/** What Postgres refuses reaches users with a code, a cause and a remedy. */

import { once } from "node:events";
import { createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openDatabase, type PostgresDatabase } from "../../gateway/postgres/index.ts";
import { describeError, PuffError, type TypedText } from "../../schema/index.ts";
import { createTestDatabase, openTestDatabase, type TestDatabase, write } from "../support/servers/postgres.ts";

let own: TestDatabase;
let database: PostgresDatabase;

beforeAll(async () => {
  own = await createTestDatabase();
  database = await openTestDatabase(own.url, { maxRows: 10, statementTimeout: 1_000, poolSize: 1 });
  await database.run(`
    CREATE TABLE author (id int PRIMARY KEY, name text NOT NULL CHECK (name <> ''));
    CREATE TABLE post (id int PRIMARY KEY, author_id int REFERENCES author DEFERRABLE INITIALLY DEFERRED);
    INSERT INTO author VALUES (1, 'Ada');
  `);
});

afterAll(async () => {
  await database.close();
  await own.drop();
});

const one: TypedText = [23, "1"];

/** A statement, its parameters, and what its error says. */
const cases: readonly (readonly [sql: string, params: readonly TypedText[], code: string, says: RegExp])[] = [
  [
    "SELECT titel FROM author",
    [],
    "PUFF_SQL_FAILED",
    /^column "titel" does not exist, at line 1, column 8: SELECT titel FROM author\. \[/,
  ],
  [
    "SELECT *\n  FROM auhtor\n WHERE id = 1",
    [],
    "PUFF_SQL_FAILED",
    /relation "auhtor" does not exist, at line 2, column 8: FROM auhtor\. Create the table/,
  ],
  ["SELECT nme FROM author", [], "PUFF_SQL_FAILED", /Perhaps you meant to reference the column "author.name"/],
  ["SELECT '🎈🎈', x", [], "PUFF_SQL_FAILED", /at line 1, column \d+: SELECT '🎈🎈', x/],
  [
    `SELECT ${"1, ".repeat(500)} nope, ${"1, ".repeat(500)} 1`,
    [],
    "PUFF_SQL_FAILED",
    /column 1509: .{50,120} nope, .{40,60}\. \[/,
  ],
  ["SELEC 1", [], "PUFF_SQL_FAILED", /syntax error at or near "SELEC", at line 1, column 1/],
  ["SELECT 1; SELECT 2", [], "PUFF_PLAN_STATEMENTS", /more than one SQL statement\. Return one/],
  ["SELECT 1; DROP TABLE author", [], "PUFF_PLAN_STATEMENTS", /more than one/],
  ["", [], "PUFF_PLAN_STATEMENTS", /contains no statement/],
  [" -- nothing\n", [], "PUFF_PLAN_STATEMENTS", /contains no statement/],
  ["COPY author TO STDOUT", [], "PUFF_PLAN_STATEMENTS", /can't COPY/],
  ["COPY author FROM STDIN", [], "PUFF_PLAN_WRITES", /a query may not write: cannot execute COPY FROM/],
  [
    "INSERT INTO author VALUES (3, 'Cy')",
    [],
    "PUFF_PLAN_WRITES",
    /cannot execute INSERT.* Make it a field of Mutation/,
  ],
  [
    "WITH gone AS (DELETE FROM post RETURNING *) SELECT * FROM gone",
    [],
    "PUFF_PLAN_WRITES",
    /cannot execute SELECT in a read-only transaction/,
  ],
  ["CREATE TABLE more (id int)", [], "PUFF_PLAN_WRITES", /cannot execute CREATE TABLE/],
  ["SELECT 1 \0", [], "PUFF_PLAN_INVALID", /NUL/],
  [
    "SELECT $1::int, $2::int",
    [one],
    "PUFF_PLAN_PARAMETERS",
    /wants 2 parameters, and the plan has 1\. Give a value for each of \$1 to \$2/,
  ],
  ["SELECT $1::int", [], "PUFF_PLAN_PARAMETERS", /wants 1 parameter, and the plan has 0/],
  ["SELECT $2::int", [one], "PUFF_PLAN_PARAMETERS", /the plan has 1 parameter, and its SQL does not use \$1/],
  ["SELECT $1::int", [one, one], "PUFF_PLAN_PARAMETERS", /does not use \$2/],
  ["SELECT 1", [[0, "x"]], "PUFF_PLAN_PARAMETERS", /does not use \$1/],
  ["SELECT $1, $3::int", [one, one], "PUFF_PLAN_PARAMETERS", /does not use \$2/],
  ["SELECT $1::int", Array.from({ length: 65_536 }, () => one), "PUFF_PLAN_PARAMETERS", /= ANY\(\$1\)/],
  [
    "SELECT $1 IS NULL",
    [[0, null]],
    "PUFF_SQL_FAILED",
    /could not determine data type of parameter \$1.*cast, such as \$1::int/,
  ],
  ["SELECT $1::int", [[0, "abc"]], "PUFF_SQL_VALUE", /invalid input syntax for type integer: "abc"/],
  ["SELECT $1::int4", [[20, "9999999999"]], "PUFF_SQL_VALUE", /integer out of range/],
  ["SELECT 1/0", [], "PUFF_SQL_FAILED", /division by zero/],
  ["SELECT $1::text", [[0, "a\0b"]], "PUFF_SQL_VALUE", /invalid byte sequence/],
  ["SELECT id = 'a'::text FROM author", [], "PUFF_SQL_FAILED", /operator does not exist.*type casts/],
  ["SELECT pg_sleep(5)", [], "PUFF_STATEMENT_TIMEOUT", /statement timeout.*index/],
  ["SELECT generate_series(1, 11)", [], "PUFF_TOO_MANY_ROWS", /more than 10 rows.*LIMIT/],
  ["SELECT repeat('x', 100000) FROM generate_series(1, 1000)", [], "PUFF_TOO_MANY_ROWS", /more than 10 rows/],
];

test.each(cases)("%j %j", async (text, params, code, says) => {
  for (let time = 0; time < 2; time++) {
    const error = await failure(database.query({ text, params }));
    expect(describeError(error)).toMatch(says);
    expect(error.code).toBe(code);
  }
  // The one connection serves on.
  expect((await database.query({ text: "SELECT generate_series(1, 10)", params: [] })).count).toBe(10);
});

test.each([
  ["INSERT INTO author VALUES (1, 'Bob')", "PUFF_SQL_FAILED", /"author_pkey" \(Key \(id\)=\(1\) already exists\.\)/],
  ["INSERT INTO author VALUES (2, '')", "PUFF_SQL_FAILED", /check constraint/],
  ["INSERT INTO post VALUES (1, 99)", "PUFF_SQL_FAILED", /foreign key/],
  ["COPY author FROM STDIN", "PUFF_PLAN_STATEMENTS", /can't COPY/],
])("in a transaction: %s", async (text, code, says) => {
  for (let time = 0; time < 2; time++) {
    const error = await failure(write(database, text));
    expect(describeError(error)).toMatch(says);
    expect(error.code).toBe(code);
  }
});

describe("a remedy fits what failed", () => {
  const role = `few_${process.pid}`;

  beforeAll(() =>
    database.run(`
      CREATE TABLE secret (owner text);
      CREATE TABLE closed (id int);
      ALTER TABLE secret ENABLE ROW LEVEL SECURITY;
      CREATE POLICY own ON secret USING (true) WITH CHECK (owner = current_user);
      CREATE ROLE ${role};
      GRANT ALL ON secret TO ${role};
      CREATE FUNCTION refuse() RETURNS int LANGUAGE plpgsql AS
        $$ BEGIN RAISE 'not you' USING ERRCODE = '42501'; END $$;
    `),
  );

  afterAll(() => database.run(`DROP OWNED BY ${role}; DROP ROLE ${role}`));

  test.each([
    ["INSERT INTO secret VALUES ('ada')", { role }, /violates row-level security policy.*see the policy's WITH CHECK/],
    ["SELECT * FROM closed", { role }, /permission denied for table closed\. Grant the right/],
    ["SELECT refuse()", {}, /^not you\. \[/],
    ["INSERT INTO author VALUES (3, 'Cy')", { transaction_read_only: "on" }, /^cannot execute INSERT.*the primary/],
  ])("%s", async (text, settings, says) => {
    const work = database.transaction(
      async (session) => ({ commit: true, result: await session.query({ text, params: [] }) }),
      settings,
    );
    const error = await failure(work);
    expect(describeError(error)).toMatch(says);
    expect(error.code).toBe("PUFF_SQL_FAILED");
  });

  test("a statement that someone cancels is not a timeout", async () => {
    const cancels = "SELECT pg_cancel_backend(pg_backend_pid())";
    expect(await failure(database.query({ text: cancels, params: [] }))).toMatchObject({
      code: "PUFF_STATEMENT_CANCELLED",
    });
  });
});

test("extensions name the SQLSTATE and the constraint", async () => {
  const error = await failure(write(database, "INSERT INTO author VALUES (1, 'Bob')"));
  expect(error.extensions).toMatchObject({ sqlstate: "23505", constraint: "author_pkey" });
});

describe("a script", () => {
  test.each([
    ["SELECT 1;\n\nSELECT 2;\nSELECT nope;\n", { line: 4, column: 8 }],
    ["\uFEFFSELECT nope", { line: 1, column: 8 }],
    ["SELECT 1;\n\\connect other", { line: 2, column: 1 }],
  ])("%j", async (script, spot) => {
    const error = await failure(database.run(script));
    expect([error.code, error.extensions]).toEqual(["PUFF_SQL_FAILED", expect.objectContaining(spot)]);
  });

  test("that fails leaves nothing behind", async () => {
    await failure(database.run("CREATE TABLE left_over (id int); SELECT nope;"));
    await database.run("CREATE TABLE left_over (id int); INSERT INTO left_over VALUES (1); DROP TABLE left_over");
    await database.run("");
  });

  test("may take longer than a statement", async () => {
    await database.run("SELECT pg_sleep(1.2)");
  });
});

describe("at start", () => {
  const open = (url: string, connectDeadline = 1_000) =>
    failure(
      openDatabase({
        url,
        poolSize: 1,
        queueLimit: 1,
        acquireTimeout: 500,
        statementTimeout: 500,
        maxRows: 1,
        connectDeadline,
      }),
    );

  test.each([
    ["postgres://ada:s3cret@127.0.0.1:1/blog", /^postgres:\/\/ada@127.0.0.1:1\/blog: .*connection refused.*Start it/],
    [
      "postgres://ada:s3cret@no-such-host.invalid/blog",
      /^postgres:\/\/ada@no-such-host.invalid:5432\/blog: there is no such host/,
    ],
    ["postgres://ada@/blog?host=/nowhere&password=s3cret", /^postgres:\/\/\/blog\?host=\/nowhere.*connection refused/],
  ])("%s is unavailable", async (url, says) => {
    const error = await open(url);
    expect(describeError(error)).toMatch(says);
    expect(error.code).toBe("PUFF_DATABASE_UNAVAILABLE");
    expect(describeError(error)).not.toContain("s3cret");
  });

  test.each([
    "mysql://ada:s3cret@localhost/blog",
    "ada:s3cret@localhost",
    "postgres://ada:s3cret@local host:99999/blog",
    "postgres://ada:s3cret@localhost/blog?sslmode=verify-ca",
    "postgres://ada:s3cret@localhost/blog?sslmode=verify-full&sslrootcert=/no/such/file",
    "postgres://ada:s3cret%E0%A4@localhost/blog",
  ])("%s is not a URL to use", async (url) => {
    const error = await open(url);
    expect(error.code).toBe("PUFF_CONFIG_INVALID");
    expect(describeError(error)).not.toContain("s3cret");
  });

  test("a wrong password, user or database fails at once", async () => {
    const wrong = (change: (url: URL) => void): Promise<PuffError> => {
      const url = new URL(own.url);
      change(url);
      return open(url.href, 300_000); // longer than this test may take
    };
    const database_ = await wrong((url) => {
      url.pathname = "/no_such_database";
    });
    expect(describeError(database_)).toMatch(/no_such_database: the database does not exist\. Create it/);
    if (process.env["TEST_DATABASE_URL"] === undefined) {
      const password = await wrong((url) => {
        url.password = "s3cret";
      });
      expect(describeError(password)).toMatch(/password authentication failed\. Correct/);
    }
  });

  test("TLS is left out where the URL only prefers it, and demanded where it requires it", async () => {
    const preferring = await openTestDatabase(`${own.url}?sslmode=prefer`);
    expect(await preferring.ping()).toBe(true);
    await preferring.close();
    const error = await open(`${own.url}?sslmode=require`, 30_000);
    expect(error.message).toMatch(/does not support SSL/);
  });

  test("a server that says nothing is given up", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const error = await open(`postgres://ada@127.0.0.1:${port}/blog`);
    expect(error.code).toBe("PUFF_DATABASE_UNAVAILABLE");
    expect(error.message).toMatch(/does not answer/);
    server.close();
  });

  test("options, application name and special characters of the URL are kept", async () => {
    const url = new URL(own.url);
    url.search = "?options=-c%20search_path%3Delsewhere%20-c%20DateStyle%3DGerman&application_name=mine";
    const other = await openTestDatabase(url.href, { statementTimeout: 10_000 });
    const text = "SELECT current_setting($1)";
    const shown = async (name: string): Promise<string> => {
      const rows = await other.query({ text, params: [[25, name]] });
      rows.seek(0);
      return rows.text(0);
    };
    expect(await shown("search_path")).toBe("elsewhere");
    expect(await shown("DateStyle")).toMatch(/^ISO/);
    expect(await shown("application_name")).toBe("mine");
    expect(await shown("statement_timeout")).toBe("10s");
    expect(await shown("jit")).toBe("off");
    await other.close();
  });
});

async function failure(promise: Promise<unknown>): Promise<PuffError> {
  const error = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof PuffError)) {
    throw error ?? new Error("it did not fail");
  }
  return error;
}
