/** A function may raise any SQLSTATE: that is its field's error, whatever Postgres itself means by the state. */
import { once } from "node:events";
import { createServer } from "node:net";
import { describe, expect, test } from "vitest";
import { type PostgresDatabase, RawClient, runStatement } from "../../gateway/postgres/index.ts";
import { PuffError, type ResolverCall } from "../../schema/index.ts";
import { sketchPlanner, sql } from "../support/planner/planner.ts";
import { textOf } from "../support/planner/rows.ts";
import { ownDatabase, write } from "../support/servers/postgres.ts";

/** `taste`: an immutable function runs when its statement is planned, which is before it runs. */
const database: PostgresDatabase = await ownDatabase(`
  CREATE SEQUENCE runs;
  CREATE FUNCTION log_in(state text) RETURNS text LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'no such user' USING ERRCODE = state, HINT = 'Try again.'; END $$;
  CREATE FUNCTION count_run(state text) RETURNS text LANGUAGE plpgsql AS $$
    BEGIN PERFORM nextval('runs'); RAISE EXCEPTION 'no such user' USING ERRCODE = state; END $$;
  CREATE FUNCTION taste(state text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$
    BEGIN
      IF state = 'none' THEN RETURN 'well'; END IF;
      PERFORM nextval('runs');
      RAISE EXCEPTION 'no such user' USING ERRCODE = state;
    END $$;
`);

/** Lost connections, refused ones, cancels, time-outs, conflicts, outdated plans, names of system errors. */
const states = [
  ..."P0001 08000 08003 08006 08P01 28000 28P01 3D000 53300 57P01 57P02 57P03 57P04 57P05".split(" "),
  ..."57014 25P02 25P03 25P04 25006 26000 0A000 40001 40P01 42601 42P01 42P02 42P18 42501 55P03".split(" "),
  ..."EMAIL EPIPE EBADF ECONN ETIME CERTS UNABL XX000".split(" "),
];

const plan =
  (name: string) =>
  ({ args }: ResolverCall) =>
    sql(`SELECT ${name}($1)`, { params: [[25, String(args["state"])]] });
const types = {
  Query: { log_in: "String", tree: "Tree", one: "Int" },
  Tree: { id: "Int", leaf: "String" },
  Mutation: { log_in: "String", count_run: "String" },
};
const args = {
  "Query.log_in": { state: "String!" },
  "Tree.leaf": { state: "String!" },
  "Mutation.log_in": { state: "String!" },
  "Mutation.count_run": { state: "String!" },
};
const { run } = sketchPlanner({
  types,
  args,
  database,
  resolvers: {
    "Query.log_in": plan("log_in"),
    "Query.tree": () => sql("SELECT 1 AS id"),
    "Query.one": () => sql("SELECT 1"),
    "Tree.leaf": ({ args: { state } }) =>
      sql("SELECT log_in($2), id FROM unnest($1::int[]) AS id", {
        params: [{ parent: "id" }, [25, String(state)]],
        parentKeys: ["id"],
        childKeys: ["id"],
      }),
    "Mutation.log_in": plan("log_in"),
    "Mutation.count_run": plan("count_run"),
  },
});

describe.each(states)("%s", (state) => {
  const raised = {
    message: expect.stringMatching(/no such user/),
    extensions: { code: "PUFF_SQL_FAILED", sqlstate: state },
  };

  test.each([
    ["query ($s: String!) { log_in(state: $s) one }", { log_in: null, one: 1 }],
    ["query ($s: String!) { tree { leaf(state: $s) } one }", { tree: { leaf: null }, one: 1 }],
    ["mutation ($s: String!) { log_in(state: $s) }", { log_in: null }],
  ])("%s", async (query, data) => {
    for (let time = 0; time < 2; time++) {
      expect(await run(query, { s: state })).toMatchObject({ status: 200, data, errors: [raised] });
    }
  });

  test("is not run again", async () => {
    const runs = async () => Number(textOf(await write(database, "SELECT nextval('runs')")));
    const before = await runs();
    await run("mutation ($s: String!) { count_run(state: $s) }", { s: state });
    // Postgres has prepared the statement by then, so that it might be outdated.
    const taste = (which: string) => write(database, "SELECT taste($1)", [25, which]);
    expect(textOf(await taste("none"))).toBe("well");
    const error = await taste(state).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(PuffError);
    expect(error).toMatchObject({ code: "PUFF_SQL_FAILED", extensions: { sqlstate: state } });
    expect(await runs()).toBe(before + 3);
  });
});

test.each([
  ["ОШИБКА", "ERROR", "PUFF_SQL_FAILED"],
  ["ВАЖНО", "FATAL", "PUFF_DATABASE_UNAVAILABLE"],
  ["ERROR", null, "PUFF_SQL_FAILED"],
  ["FATAL", null, "PUFF_DATABASE_UNAVAILABLE"],
])("severity %s, in English %s", async (severity, level, code) => {
  const server = await fakePostgres({ S: severity, ...(level === null ? {} : { V: level }), C: "58000", M: "words" });
  const client = new RawClient({
    host: "127.0.0.1",
    port: server.port,
    user: "ada",
    settings: {},
    keepsStatements: true,
  });
  await client.connect();
  const limits = { maxRows: 1, silence: 0 };
  const ran = runStatement(client, { text: "SELECT", params: [] }, null, limits, { place: "here", reads: true });
  await expect(ran).rejects.toMatchObject({ code });
  await client.end();
  server.close();
});

/** A server that lets anyone in, and answers what comes next with an error. */
async function fakePostgres(fields: { readonly [letter: string]: string }) {
  const message = (type: string, body: string): Buffer => {
    const header = Buffer.from(`${type}    `);
    header.writeInt32BE(Buffer.byteLength(body) + 4, 1);
    return Buffer.concat([header, Buffer.from(body)]);
  };
  const ready = message("Z", "I");
  const error = Object.entries(fields).map(([letter, text]) => `${letter}${text}\0`);
  const server = createServer((socket) => {
    socket.once("data", () => {
      socket.write(Buffer.concat([message("R", "\0\0\0\0"), ready]));
      socket.once("data", () => socket.write(Buffer.concat([message("E", `${error.join("")}\0`), ready])));
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    close: () => server.close(),
  };
}
