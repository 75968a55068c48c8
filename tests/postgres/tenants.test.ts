/** Row-level security holds: what `Schema.auth` gives as `pg_settings` is true of its request's statements, and of no others. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { PostgresDatabase } from "../../gateway/postgres/index.ts";
import { createEvents } from "../support/planner/events.ts";
import { type PlannerSketch, sketchPlanner, sql } from "../support/planner/planner.ts";
import { textsOf } from "../support/planner/rows.ts";
import { createTestDatabase, openTestDatabase, type TestDatabase } from "../support/servers/postgres.ts";
import { hasPostgres15, type OldPostgres, startPostgres15 } from "../support/servers/postgres-15.ts";

const tables = `
  DO $$ BEGIN CREATE ROLE puff_web; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
  CREATE TABLE note (id serial PRIMARY KEY, tenant text NOT NULL, body text NOT NULL);
  CREATE TABLE tag (note_id int NOT NULL REFERENCES note, tenant text NOT NULL, name text NOT NULL);
  INSERT INTO note (tenant, body) SELECT t, t || g FROM unnest(ARRAY['a', 'b']) AS t, generate_series(1, 5) AS g;
  INSERT INTO tag SELECT id, tenant, tenant || id FROM note;
  ALTER TABLE note ENABLE ROW LEVEL SECURITY;
  ALTER TABLE tag ENABLE ROW LEVEL SECURITY;
  CREATE POLICY own ON note USING (tenant = current_setting('app.tenant'));
  CREATE POLICY own ON tag USING (tenant = current_setting('app.tenant'));
  GRANT SELECT, INSERT ON note, tag TO puff_web;
  GRANT USAGE ON SEQUENCE note_id_seq TO puff_web;
`;

const tagsOfNotes = "SELECT note_id, tenant, name FROM tag WHERE note_id = ANY($1)";

/** The notes of all tenants, as far as Postgres shows them, with their tags. */
const notes: PlannerSketch = {
  types: {
    Query: { notes: "[Note!]", failing: "Int", who: "String" },
    Subscription: { noted: "[Note!]" },
    Mutation: { add: "Note", steal: "Note" },
    Note: { id: "Int!", tenant: "String!", body: "String!", tags: "[Tag!]" },
    Tag: { tenant: "String!", name: "String!" },
  },
  resolvers: {
    "Query.notes": () => sql("SELECT id, tenant, body FROM note ORDER BY id"),
    "Query.failing": () => sql("SELECT 1 / (length(current_setting('app.tenant')) - 1) AS failing"),
    "Query.who": () => sql("SELECT current_user || current_setting('app.tenant') AS who"),
    "Subscription.noted": () => ({
      ...{ kind: "stream", source: "channel", channel: "note", live: true, latest: true },
      plan: { ...sql("SELECT id, tenant, body FROM note WHERE body ~ '^[ab][12]' ORDER BY id"), params: [] },
    }),
    "Mutation.add": () =>
      sql("INSERT INTO note (tenant, body) VALUES (current_setting('app.tenant'), 'new') RETURNING id, tenant, body"),
    "Mutation.steal": () => sql("INSERT INTO note (tenant, body) VALUES ('other', 'new') RETURNING id, tenant, body"),
    "Note.tags": () => sql(tagsOfNotes, { params: [{ parent: "id" }], parentKeys: ["id"], childKeys: ["note_id"] }),
  },
  pgSettings: ({ tenant = "" }) => ({ role: "puff_web", "app.tenant": tenant }),
  database: { query: refuse, stream: refuse, transaction: refuse },
};

function refuse(): Promise<never> {
  return Promise.reject(new Error("no database"));
}

const servers = [
  { name: "Postgres of npm", old: false },
  ...(hasPostgres15 ? [{ name: "Postgres 15", old: true }] : []),
];

describe.each(servers)("$name", ({ old }) => {
  let server: OldPostgres | null = null;
  let own: TestDatabase;
  let database: PostgresDatabase;

  beforeAll(async () => {
    server = old ? await startPostgres15() : null;
    own = await createTestDatabase(server?.url);
    database = await openTestDatabase(own.url, { poolSize: 2 });
    await database.run(tables);
  });

  afterAll(async () => {
    await database.close();
    await own.drop();
    await server?.stop();
  });

  test("two tenants under load never see each other's rows", async () => {
    const fused = sketchPlanner({ ...notes, database });
    const layered = sketchPlanner({ ...notes, database, fuse: false });
    const operations = [
      "{ notes { id tenant body tags { tenant name } } }",
      "{ notes { tenant } }",
      "{ who notes { tenant } failing }",
      "mutation { add { tenant body tags { tenant name } } }",
      "mutation { steal { tenant } }",
    ];
    const requests = Array.from({ length: 400 }, (_, index) => ({
      tenant: index % 2 === 0 ? "a" : "b",
      planner: index % 3 === 0 ? layered : fused,
      operation: operations[index % operations.length] ?? "",
    }));
    const answers = await Promise.all(
      requests.map(({ planner, operation, tenant }) => planner.run(operation, {}, { tenant })),
    );
    for (const [index, { tenant, operation }] of requests.entries()) {
      const { data, errors = [] } = answers[index] ?? { data: null };
      const tenants = [...JSON.stringify(data).matchAll(/"tenant":"(.*?)"/g)].map(([, seen]) => seen);
      if (operation.includes("steal")) {
        expect(errors).toMatchObject([{ extensions: { code: "PUFF_SQL_FAILED", sqlstate: "42501" } }]);
        continue;
      }
      expect(new Set(tenants)).toEqual(new Set([tenant]));
      expect(errors.map(({ path }) => path?.join("."))).toEqual(operation.includes("failing") ? ["failing"] : []);
      if (operation.includes("who")) {
        expect(data).toMatchObject({ who: `puff_web${tenant}` });
      }
    }
    const leftOver = { text: "SELECT current_user <> 'puff_web', current_setting('app.tenant', true)", params: [] };
    for (let i = 0; i < 4; i++) {
      expect(textsOf(await database.query(leftOver))).toEqual([["t", expect.toBeOneOf([null, ""])]]);
    }
  });

  test("two roles that share a connection each keep their own rights", async () => {
    const name = (role: string) => `${role}_${new URL(own.url).pathname.slice(1)}`;
    const [reader, writer] = [name("reader"), name("writer")];
    await database.run(`
      CREATE ROLE ${reader}; CREATE ROLE ${writer};
      CREATE TABLE page (id serial PRIMARY KEY, secret text DEFAULT 'hush');
      GRANT SELECT (id) ON page TO ${reader}; GRANT ALL ON page TO ${writer};
      GRANT USAGE ON SEQUENCE page_id_seq TO ${writer}; INSERT INTO page DEFAULT VALUES;
    `);
    const one = await openTestDatabase(own.url, { poolSize: 1 });
    const planner = (fuse: boolean) =>
      sketchPlanner({
        types: {
          Query: { who: "String", pages: "[Page!]", secrets: "[Page!]" },
          Mutation: { add: "Page", own: "String" },
          Page: { id: "Int", secret: "String", again: "Page" },
        },
        resolvers: {
          "Query.who": () => sql("SELECT current_user::text AS who"),
          "Query.pages": () => sql("SELECT id FROM page"),
          "Query.secrets": () => sql("SELECT id, secret FROM page"),
          "Page.again": () =>
            sql("SELECT id, secret FROM page WHERE id = ANY($1)", {
              params: [{ parent: "id" }],
              parentKeys: ["id"],
              childKeys: ["id"],
            }),
          "Mutation.add": () => sql("INSERT INTO page DEFAULT VALUES RETURNING id"),
          "Mutation.own": () => sql("SELECT set_config('role', 'none', false) AS own"),
        },
        pgSettings: ({ role = "" }) => ({ role }),
        database: one,
        fuse,
      });
    const planners = [planner(true), planner(false)];
    const operations = ["{ who }", "{ pages { id } }", "{ secrets { id } }", "{ pages { again { secret } } who }"];
    const requests = Array.from({ length: 240 }, (_, index) => ({
      role: index % 2 === 0 ? reader : writer,
      operation: index % 5 === 4 ? "mutation { own add { id } }" : (operations[(index >> 1) % operations.length] ?? ""),
      run: planners[index % 3 === 0 ? 1 : 0]?.run ?? refuse,
    }));
    const answers = await Promise.all(requests.map(({ run, operation, role }) => run(operation, {}, { role })));
    for (const [index, { role, operation }] of requests.entries()) {
      const { data, errors = [] } = answers[index] ?? { data: null };
      const isRefused = role === reader && /secret|add/.test(operation);
      const states = new Set(errors.map(({ extensions }) => extensions?.["sqlstate"]));
      expect([operation, ...states]).toEqual([operation, ...(isRefused ? ["42501"] : [])]);
      expect(JSON.stringify(data).includes("hush")).toBe(role === writer && operation.includes("{ secret }"));
      if (operation.includes("who")) {
        expect(data).toMatchObject({ who: role });
      }
    }
    await one.close();
    await database.run(`DROP TABLE page; DROP ROLE ${reader}; DROP ROLE ${writer}`);
  });

  test("subscribers of two tenants are not answered together", async () => {
    const events = await createEvents();
    const planner = sketchPlanner({ ...notes, database, events });
    const opened = ["a", "b", "a", "b"].map(async (tenant) => ({
      tenant,
      subscriber: await planner.subscribe("subscription { noted { tenant tags { tenant } } }", {}, { tenant }),
    }));
    const subscribers = await Promise.all(opened);
    for (const { tenant, subscriber } of subscribers) {
      const of = { tenant, tags: [{ tenant }] };
      expect(await subscriber.next()).toEqual({ data: { noted: [of, of] } });
      await subscriber.leave();
    }
  });

  test("a large answer is under the settings, too", async () => {
    const text = "SELECT current_user, repeat('x', 1000) FROM generate_series(1, 3000)";
    const signal = new AbortController().signal;
    const { first, rest } = await database.stream({ text, params: [] }, signal, { role: "puff_web" });
    expect(textsOf(first)[0]?.[0]).toBe("puff_web");
    for await (const rows of rest ?? []) {
      expect(textsOf(rows).at(-1)?.[0]).toBe("puff_web");
    }
  });

  test("names mean the tables of the caller's search_path, whatever their columns", async () => {
    await database.run(`
      CREATE SCHEMA one; CREATE TABLE one.item (id int, label int); INSERT INTO one.item VALUES (1, 10);
      CREATE SCHEMA two; CREATE TABLE two.item (id int, label text); INSERT INTO two.item VALUES (1, 'ten');
    `);
    const { run } = sketchPlanner({
      types: { Query: { items: "[Item]" }, Item: { id: "Int", label: "String", again: "Item" } },
      resolvers: {
        "Query.items": () => sql("SELECT * FROM item"),
        "Item.again": () =>
          sql("SELECT * FROM item WHERE id = ANY($1)", {
            params: [{ parent: "id" }],
            parentKeys: ["id"],
            childKeys: ["id"],
          }),
      },
      pgSettings: ({ path = "" }) => ({ search_path: path }),
      database,
    });
    for (const path of ["one", "two", "one", "two", "two", "one"]) {
      const item = { id: 1, label: path === "one" ? "10" : "ten" };
      expect(await run("{ items { id label again { label } } }", {}, { path })).toMatchObject({
        data: { items: [{ ...item, again: { label: item.label } }] },
      });
    }
  });

  test.each([
    [{ role: "no_such_role" }, /role "no_such_role" does not exist/],
    [{ no_such_setting: "1" }, /unrecognized configuration parameter "no_such_setting"/],
    [{ statement_timeout: "soon" }, /invalid value for parameter "statement_timeout"/],
    [{ DateStyle: "German" }, /pg_settings can't have DateStyle, which changes how values are printed/],
    [{ intervalstyle: "postgres" }, /pg_settings can't have intervalstyle/],
    [{ bytea_output: "escape" }, /pg_settings can't have bytea_output/],
    [{ extra_float_digits: "0" }, /pg_settings can't have extra_float_digits/],
  ])("settings that Postgres refuses: %j", async (settings, says) => {
    const { run } = sketchPlanner({ ...notes, pgSettings: () => settings as { [name: string]: string }, database });
    for (const operation of ["{ notes { id tags { name } } }", "mutation { add { id } }"]) {
      const { status, errors } = await run(operation);
      expect(status).toBe(500);
      expect(errors?.[0]).toMatchObject({
        message: expect.stringMatching(says),
        extensions: { code: "PUFF_PG_SETTINGS" },
      });
    }
  });
});
