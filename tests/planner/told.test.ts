/** What clients are told of constraints and of what functions raise, in production. */
import { describe, expect, test } from "vitest";
import type { ResolverCall } from "../../schema/index.ts";
import { sketchPlanner, sql } from "../support/planner/planner.ts";
import { ownDatabase } from "../support/servers/postgres.ts";

const database = await ownDatabase(`
  CREATE TABLE account (
    id int PRIMARY KEY,
    email text CONSTRAINT one_address UNIQUE,
    age int CONSTRAINT grown_up CHECK (age >= 18),
    parent int CONSTRAINT has_parent REFERENCES account DEFERRABLE INITIALLY DEFERRED
  );
  INSERT INTO account VALUES (1, 'ada@example.com', 36, NULL);
  CREATE FUNCTION refuse(text, state text) RETURNS int LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION '%', $1 USING ERRCODE = state, HINT = 'Ask for less.', DETAIL = 'secret'; END $$;
  CREATE FUNCTION refuse_account() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE 'no account %', NEW.id; END $$;
  CREATE TRIGGER refuse BEFORE INSERT ON account FOR EACH ROW WHEN (NEW.id = 99) EXECUTE FUNCTION refuse_account();
  CREATE FUNCTION missing() RETURNS int LANGUAGE plpgsql AS $$
    DECLARE id int; BEGIN SELECT a.id INTO STRICT id FROM account AS a WHERE a.id = -1; RETURN id; END $$;
`);

const constraints = {
  one_address: "This address is taken",
  grown_up: "You have to be 18",
  has_parent: "There is no such parent",
};

function sketch(more: {
  readonly constraints?: typeof constraints;
  readonly raisedMessages?: boolean;
  readonly maskErrors?: boolean;
}) {
  return sketchPlanner({
    types: {
      Query: { value: "Int" },
      Mutation: { add: "Account", refuse: "Int", missing: "Int" },
      Account: { id: "Int!" },
    },
    args: { "Mutation.add": { values: "String!" }, "Mutation.refuse": { text: "String!", state: "String!" } },
    resolvers: {
      "Mutation.add": ({ args }: ResolverCall) =>
        sql(`INSERT INTO account VALUES (${String(args["values"])}) RETURNING id`),
      "Mutation.refuse": ({ args }: ResolverCall) =>
        sql("SELECT refuse($1, $2)", {
          params: [
            [25, String(args["text"])],
            [25, String(args["state"])],
          ],
        }),
      "Mutation.missing": () => sql("SELECT missing()"),
    },
    database,
    maskErrors: true,
    ...more,
  });
}

const add = "mutation ($values: String!) { add(values: $values) { id } }";

describe("a constraint", () => {
  test.each([
    ["2, 'ada@example.com', 36, NULL", "one_address"],
    ["2, 'bob@example.com', 17, NULL", "grown_up"],
    ["2, 'bob@example.com', 36, 99", "has_parent"], // which is found at the commit
  ] as const)("that has a message is told by it: %s", async (values, constraint) => {
    for (const maskErrors of [true, false]) {
      const { run, reported } = sketch({ constraints, maskErrors });
      const { data, errors } = await run(add, { values });
      expect(data).toEqual({ add: null });
      expect(errors).toEqual([
        {
          message: constraints[constraint],
          path: ["add"],
          locations: expect.anything(),
          extensions: { code: "PUFF_CONSTRAINT", constraint },
        },
      ]);
      expect(reported).toEqual([]); // the client's mistake
    }
  });

  test("that has none is masked and reported", async () => {
    const { run, reported } = sketch({ constraints });
    const { errors } = await run(add, { values: "1, 'bob@example.com', 36, NULL" });
    expect(errors).toMatchObject([{ message: "Internal server error", extensions: { code: "PUFF_SQL_FAILED" } }]);
    expect(reported).toMatchObject([{ code: "PUFF_SQL_FAILED" }]);
  });
});

describe("what a function raises", () => {
  const refuse = 'mutation ($state: String!) { refuse(text: "too much", state: $state) }';
  const masked = [
    expect.objectContaining({ message: "Internal server error", extensions: { code: "PUFF_SQL_FAILED" } }),
  ];

  test("is told where the schema says so", async () => {
    const { run } = sketch({ raisedMessages: true });
    expect((await run(refuse, { state: "P0001" })).errors).toMatchObject([
      { message: "too much", path: ["refuse"], extensions: { code: "PUFF_RAISED", hint: "Ask for less." } },
    ]);
    expect((await run(add, { values: "99, 'x', 36, NULL" })).errors).toMatchObject([
      { message: "no account 99", path: ["add"], extensions: { code: "PUFF_RAISED" } },
    ]);
  });

  test("is not told else, nor with a SQLSTATE of another class, nor what PL/pgSQL says itself", async () => {
    expect((await sketch({}).run(refuse, { state: "P0001" })).errors).toEqual(masked);
    const { run } = sketch({ raisedMessages: true });
    expect((await run(refuse, { state: "22023" })).errors).toEqual(masked);
    expect((await run("mutation { missing }")).errors).toEqual(masked);
  });
});

test("that there is no row is told where the plan says what it means, in the place of null", async () => {
  const absent = "There is no such account";
  const account = (id: number) => sql(`SELECT id, parent FROM account WHERE id = ${id}`, { absent });
  const ofParent = sql("SELECT id FROM account WHERE id = ANY($1)", {
    ...{ params: [{ parent: "parent" }], parentKeys: ["parent"], childKeys: ["id"], absent },
  });
  const { run } = sketchPlanner({
    types: {
      Query: { found: "Account", none: "Account", certain: "Account!", name: "String", all: "[Account!]!" },
      Account: { id: "Int!", parent: "Int", ofParent: "Account" },
    },
    resolvers: {
      "Query.found": () => account(1),
      "Query.none": () => account(0),
      "Query.certain": () => account(0),
      "Query.name": () => sql("SELECT email FROM account WHERE id = 0", { absent }),
      "Query.all": () => account(0),
      "Account.ofParent": () => ofParent,
    },
    database,
    maskErrors: true,
  });
  const { data, errors } = await run("{ found { id ofParent { id } } none { id } name all { id } }");
  expect(data).toEqual({ found: { id: 1, ofParent: null }, none: null, name: null, all: [] });
  expect(errors?.map(({ path, message, extensions }) => [path, message, extensions.code])).toEqual(
    [["found", "ofParent"], ["none"], ["name"]].map((path) => [path, absent, "PUFF_NO_SUCH_ROW"]),
  );
  expect(await run("{ found { id } certain { id } }")).toMatchObject({ data: null, errors: [{ path: ["certain"] }] });
});
