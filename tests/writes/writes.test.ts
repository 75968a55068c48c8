/** Mutations that Python derives from Django's models: what they write, what they answer, what they refuse. */
import { rmSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { PostgresDatabase } from "../../gateway/postgres/index.ts";
import { textsOf } from "../support/planner/rows.ts";
import { installPackages } from "../support/python/packages.ts";
import { ask } from "../support/servers/ask.ts";
import { runCommand, type ServingCommand, serveCommand } from "../support/servers/command.ts";
import { writeDjangoSite } from "../support/servers/django-site.ts";
import { createTestDatabase, openTestDatabase, type TestDatabase } from "../support/servers/postgres.ts";
import { library, seed } from "./library.ts";

let own: TestDatabase;
let database: PostgresDatabase;
let folder: string;
let serving: ServingCommand;

beforeAll(async () => {
  own = await createTestDatabase();
  database = await openTestDatabase(own.url);
  const environment = { DATABASE_URL: own.url, PUFF_PYTHON_PATH: await installPackages(["Django==5.2.19"]) };
  folder = writeDjangoSite(library);
  const migrated = await runCommand(["django", "migrate", "--run-syncdb", "-v0"], { cwd: folder, environment });
  expect(migrated).toMatchObject({ code: 0, stderr: "" });
  serving = await serveCommand(["--schema", "shop/schema.py", "--django", "site_config.settings"], {
    cwd: folder,
    environment,
  });
});

afterAll(async () => {
  await serving?.stop();
  rmSync(folder, { recursive: true, force: true });
  await database.close();
  await own.drop();
});

beforeEach(() => database.run(seed));

async function run(query: string): Promise<unknown> {
  const answer = await ask(serving, { body: { query } });
  return JSON.parse(answer.body);
}

async function rows(text: string): Promise<unknown> {
  return textsOf(await database.query({ text, params: [] }));
}

/** A mutation whose answer is a book, or why there is none. */
async function book(field: string, data: string): Promise<unknown> {
  const answer = await run(`mutation { ${field}(data: ${data}) { __typename
    ... on Book { id title size price author { name } tags { word } chapters { title } }
    ... on OperationInfo { messages { kind field message code } } } }`);
  return (answer as { data?: { [field: string]: unknown } }).data?.[field] ?? answer;
}

/** What `book` gives where one reason is told. */
function refusal(field: string | null, message: string, code: string | null, kind = "VALIDATION"): object {
  return { __typename: "OperationInfo", messages: [{ kind, field, message, code }] };
}

const everything = `SELECT (SELECT json_agg(a ORDER BY id) FROM author a), (SELECT json_agg(b ORDER BY id) FROM book b),
  (SELECT json_agg(c ORDER BY id) FROM chapter c), (SELECT json_agg(t ORDER BY id) FROM book_tags t),
  (SELECT json_agg(t ORDER BY id) FROM tag t)`;

const valid = { title: '"New"', price: '"2.50"', code: '"n"', authorId: 1 };

function input(changes: { readonly [name: string]: unknown }): string {
  const fields = Object.entries({ ...valid, ...changes }).filter(([, value]) => value !== undefined);
  return `{${fields.map(([name, value]) => `${name}: ${value}`).join(", ")}}`;
}

describe("create", () => {
  test("writes by save(), with defaults and signals, and answers with a plan", async () => {
    expect(await book("createBook", input({}))).toEqual({
      ...{ __typename: "Book", id: "100", title: "New", size: "SMALL", price: "2.50" },
      ...{ author: { name: "Ada" }, tags: [], chapters: [] },
    });
    expect(await rows("SELECT saved FROM book WHERE code = 'n'")).toEqual([["1"]]); // a signal counts
  });

  test("writes what is nested, and links what is named", async () => {
    const chapters = '[{title: "b", position: 2}, {title: "a", position: 1}]';
    expect(await book("createBook", input({ size: "LARGE", chapters, tags: "{set: [3, 1]}" }))).toMatchObject({
      ...{ size: "LARGE", tags: [{ word: "red" }, { word: "green" }], chapters: [{ title: "a" }, { title: "b" }] },
    });
    const whole = { authorId: undefined, author: '{name: "Dan"}', tags: '[{word: "new"}]' };
    expect(await book("createWholeBook", input({ ...whole, code: '"w"' }))).toMatchObject({
      ...{ author: { name: "Dan" }, tags: [{ word: "new" }] },
    });
  });

  test("writes a list in its order", async () => {
    const answer = await run(
      'mutation { createAuthors(data: [{name: "z"}, {name: "a", born: "2000-02-29"}]) { name born } }',
    );
    expect(answer).toEqual({
      data: {
        createAuthors: [
          { name: "z", born: null },
          { name: "a", born: "2000-02-29" },
        ],
      },
    });
  });

  test.each([
    ["a field's rule", input({ title: '"much too long"' }), "title", /at most 10 characters/, "max_length"],
    ["a validator", input({ price: '"-1"' }), "price", /greater than or equal to 0/, "min_value"],
    ["a null", input({ size: "null" }), "size", /cannot be null/, "null"],
    ["what is blank", input({ title: '""' }), "title", /cannot be blank/, "blank"],
    ["clean()", input({ title: '"bad"' }), null, /^No bad books$/, "bad"],
    ["a signal", input({ title: '"signal"' }), "title", /^A signal refuses it$/, "signal"],
    ["a unique field", input({ code: '"a"' }), "code", /already exists/, "unique"],
    ["a foreign key without its object", input({ authorId: 99 }), "authorId", /not a valid choice/, "invalid"],
    ["a foreign key that is not a key", input({ authorId: '"x"' }), "authorId", /must be an integer/, "invalid"],
    ["a link to no object", input({ tags: "{add: [1, 77]}" }), "tags.add", /^There is no tag 77\.$/, "not_found"],
    [
      "a nested field",
      input({ chapters: '[{title: "a", position: 1}, {title: "", position: 2}]' }),
      "chapters.1.title",
      /blank/,
      "blank",
    ],
    [
      "a nested constraint",
      input({ chapters: '[{title: "a", position: 1}, {title: "a", position: 2}]' }),
      "chapters.1",
      /already exists/,
      "unique_together",
    ],
  ])("refuses %s, and writes nothing", async (_, data, field, message, code) => {
    const before = await rows(everything);
    expect(await book("createBook", data)).toEqual(refusal(field, expect.stringMatching(message), code));
    expect(await rows(everything)).toEqual(before);
  });

  test("tells all reasons together", async () => {
    const chapters = '[{title: "", position: 1}, {title: "much too long", position: 2}]';
    const answer = await book("createBook", input({ title: '""', price: '"-1"', authorId: 99, chapters }));
    expect(answer).toMatchObject({ messages: [{ field: "title" }, { field: "price" }, { field: "authorId" }] });
    expect(await book("createBook", input({ chapters }))).toMatchObject({
      messages: [{ field: "chapters.0.title" }, { field: "chapters.1.title" }],
    });
  });

  test("without OperationInfo in its type fails with a code, and with the same messages", async () => {
    expect(await run('mutation { createAuthor(data: {name: "Ada"}) { id } }')).toMatchObject({
      errors: [
        {
          message: expect.stringContaining("already exists"),
          path: ["createAuthor"],
          extensions: {
            code: "PUFF_INPUT_INVALID",
            messages: [{ kind: "VALIDATION", field: "name", code: "unique" }],
          },
        },
      ],
    });
  });

  test("a list is written as a whole or not at all, and is bounded", async () => {
    const before = await rows(everything);
    const many = (names: readonly string[]) =>
      run(`mutation { createAuthors(data: [${names.map((name) => `{name: "${name}"}`)}]) { id } }`);
    expect(await many(["new", "Ada", "Bob"])).toMatchObject({
      errors: [{ extensions: { messages: [{ field: "1.name" }, { field: "2.name" }] } }],
    });
    expect(await many(["a", "b", "c", "d"])).toMatchObject({
      errors: [{ extensions: { messages: [{ code: "too_many" }] } }],
    });
    expect(await rows(everything)).toEqual(before);
  });

  test("two that want the same name at once get one row and one refusal", async () => {
    const codes = ["x", "x", "x", "x"].map((code) => book("createBook", input({ code: `"${code}"` })));
    const answers = (await Promise.all(codes)) as {
      __typename: string;
      messages?: { code: string; field: string }[];
    }[];
    expect(answers.filter(({ __typename }) => __typename === "Book")).toHaveLength(1);
    const refused = answers.flatMap(({ messages }) => messages ?? []);
    expect(refused.map(({ code, field }) => [code, field])).toEqual(Array(3).fill(["unique", "code"]));
  });
});

describe("update", () => {
  test("changes what is sent, and leaves the rest", async () => {
    expect(await book("updateBook", '{id: 1, title: "Uno"}')).toMatchObject({
      ...{ title: "Uno", price: "1.00", author: { name: "Ada" }, tags: [{ word: "red" }, { word: "blue" }] },
    });
    expect(await book("updateBook", "{id: 1, author: {set: 2}, tags: {add: [3], remove: [1]}}")).toMatchObject({
      ...{ title: "Uno", author: { name: "Bob" }, tags: [{ word: "blue" }, { word: "green" }] },
    });
  });

  test("changes nested objects that are this one's, and creates others", async () => {
    const data = '{id: 1, chapters: [{id: 2, title: "2nd"}, {title: "third", position: 3}]}';
    expect(await book("updateBook", data)).toMatchObject({
      chapters: [{ title: "first" }, { title: "2nd" }, { title: "third" }],
    });
    const foreign = '{id: 1, chapters: [{id: 3, title: "mine"}]}';
    expect(await book("updateBook", foreign)).toEqual(refusal("chapters.0", "There is no chapter 3.", "not_found"));
  });

  test("waits for a change that another makes, and keeps it", async () => {
    const begun = Promise.withResolvers<void>();
    const done = Promise.withResolvers<void>();
    const other = database.transaction(async (session) => {
      await session.query({ text: "UPDATE book SET title = 'Theirs' WHERE id = 1", params: [] });
      begun.resolve();
      await done.promise;
      return { commit: true, result: undefined };
    });
    await begun.promise;
    const updated = book("updateBook", '{id: 1, price: "7"}');
    const waiting =
      "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    await expect.poll(() => rows(waiting)).toEqual([["1"]]);
    done.resolve();
    await other;
    expect(await updated).toMatchObject({ title: "Theirs", price: "7.00" });
  });

  test("finds by another unique field, tells null from absent, and refuses to unlink what needs its link", async () => {
    const update = (data: string) => run(`mutation { updateAuthor(data: {${data}}) { name born books { title } } }`);
    const ada = { name: "Ada", books: [{ title: "One" }, { title: "Two" }] };
    expect(await update('name: "Ada", born: "1815-12-10"')).toEqual({
      data: { updateAuthor: { ...ada, born: "1815-12-10" } },
    });
    expect(await update('name: "Ada"')).toEqual({ data: { updateAuthor: { ...ada, born: "1815-12-10" } } });
    expect(await update('name: "Ada", born: null')).toEqual({ data: { updateAuthor: { ...ada, born: null } } });
    const unlinked = { errors: [{ extensions: { messages: [{ code: "required" }] } }] };
    expect(await update('name: "Ada", books: {remove: [1]}')).toMatchObject(unlinked);
    expect(await update('name: "Ada", books: {set: [1]}')).toMatchObject(unlinked);
    expect(await update('name: "Bob", books: {add: [1]}')).toMatchObject({
      data: { updateAuthor: { books: [{ title: "One" }] } },
    });
    expect(await update('name: "Eve"')).toMatchObject({
      errors: [
        { message: "There is no author Eve.", extensions: { messages: [{ field: "name", code: "not_found" }] } },
      ],
    });
  });

  test.each([
    ["an object that is not there", "{id: 99}", refusal("id", "There is no book 99.", "not_found")],
    ["an id that is none", '{id: "x"}', refusal("id", "There is no book x.", "not_found")],
    ["a rule", '{id: 1, price: "-1"}', refusal("price", expect.any(String), "min_value")],
    ["a link to no object", "{id: 1, author: {set: 99}}", refusal("author", "There is no author 99.", "not_found")],
    ["a required link taken away", "{id: 1, author: {set: null}}", refusal("author", expect.any(String), "null")],
  ])("refuses %s", async (_, data, expected) => {
    const before = await rows(everything);
    expect(await book("updateBook", data)).toEqual(expected);
    expect(await rows(everything)).toEqual(before);
  });
});

describe("delete", () => {
  test("answers with the object as it was", async () => {
    const query = "mutation { deleteBook(data: {id: 1}) { id title authorId author { name } chapters { title } } }";
    expect(await run(query)).toEqual({
      data: { deleteBook: { id: "1", title: "One", authorId: "1", author: { name: "Ada" }, chapters: [] } },
    });
    expect(await rows("SELECT id FROM chapter")).toEqual([["3"]]);
  });

  test("refuses what is protected, and what is not there", async () => {
    const remove = (id: number) =>
      run(`mutation { deleteAuthor(data: {id: ${id}}) {
      ... on Author { name } ... on OperationInfo { messages { kind code field } } } }`);
    const reason = (code: string, field: string | null, kind: string) => ({
      data: { deleteAuthor: { messages: [{ kind, code, field }] } },
    });
    expect(await remove(1)).toEqual(reason("protected", null, "ERROR"));
    expect(await remove(9)).toEqual(reason("not_found", "id", "VALIDATION"));
    expect(await remove(3)).toEqual({ data: { deleteAuthor: { name: "Cem" } } });
    expect(await rows("SELECT name FROM author ORDER BY id")).toEqual([["Ada"], ["Bob"]]);
  });
});

describe("upsert", () => {
  test("changes the object of that key, or creates it, one or several", async () => {
    expect(await book("putBook", input({ code: '"a"', title: '"Uno"' }))).toMatchObject({ id: "1", title: "Uno" });
    expect(await book("putBook", input({ code: '"z"', title: '"Zed"' }))).toMatchObject({ title: "Zed" });
    expect(await book("putBook", input({ code: '"z"', title: '"bad"' }))).toEqual(refusal(null, "No bad books", "bad"));
    const answer = await run(
      `mutation { putBooks(data: [${input({ code: '"a"', title: '"A"' })}, ${input({})}]) { title } }`,
    );
    expect(answer).toEqual({ data: { putBooks: [{ title: "A" }, { title: "New" }] } });
    expect(await rows("SELECT code, title FROM book ORDER BY code")).toEqual([
      ...[
        ["a", "A"],
        ["b", "Two"],
        ["n", "New"],
        ["z", "Zed"],
      ],
    ]);
  });

  test("gives one row where several want the same key at once", async () => {
    const titles = ["p", "q", "r", "s"];
    const answers = await Promise.all(
      titles.map((title) => book("putBook", input({ code: '"x"', title: `"${title}"` }))),
    );
    expect(answers).toEqual(titles.map((title) => expect.objectContaining({ __typename: "Book", title })));
    expect(await rows("SELECT count(*) FROM book WHERE code = 'x'")).toEqual([["1"]]);
  });
});

describe("one to one", () => {
  const author = async (field: string, data: string) => {
    const answer = await run(`mutation { ${field}(data: ${data}) { ... on Author { name profile { text } }
      ... on OperationInfo { messages { field code } } } }`);
    return (answer as { data: { [field: string]: unknown } }).data[field];
  };

  test("is created, changed, and linked from the other side", async () => {
    const made = { name: "Eve", profile: { text: "first" } };
    expect(await author("createAuthorWithProfile", '{name: "Eve", profile: {text: "first"}}')).toEqual(made);
    expect(await author("updateAuthorWithProfile", '{id: 100, profile: {text: "second"}}')).toMatchObject({
      profile: { text: "second" },
    });
    expect(await rows("SELECT count(*) FROM profile")).toEqual([["1"]]);
    const [[id]] = (await rows("SELECT id FROM profile")) as [[string]];
    expect(await author("linkProfile", `{id: 2, profile: {set: ${id}}}`)).toEqual({
      name: "Bob",
      profile: { text: "second" },
    });
    expect(await author("linkProfile", "{id: 2, profile: {set: null}}")).toEqual({
      messages: [{ field: "profile", code: "required" }],
    });
    expect(await author("linkProfile", "{id: 2, profile: {set: 77}}")).toEqual({
      messages: [{ field: "profile", code: "not_found" }],
    });
  });
});

test("rows may be a QuerySet with DISTINCT over a relation", async () => {
  expect(await book("updateTaggedBook", '{id: 1, title: "Uno"}')).toMatchObject({ title: "Uno" });
  expect(await book("updateTaggedBook", '{id: 2, title: "Due"}')).toMatchObject({ messages: [{ code: "not_found" }] });
});

describe("a mutation of one's own tells what Django refuses", () => {
  const rename = async (field: string, id: number, name: string) => {
    const inner =
      field === "rename" ? "... on Author { name } ... on OperationInfo { messages { kind field code } }" : "name";
    return await run(`mutation { ${field}(id: ${id}, name: "${name}") { ${inner} } }`);
  };

  test.each([
    ["a validation", 1, "much too long", { kind: "VALIDATION", field: "name", code: "max_length" }],
    ["a constraint", 1, "Bob", { kind: "VALIDATION", field: "name", code: "unique" }],
    ["an object that is not there", 9, "x", { kind: "ERROR", field: null, code: "not_found" }],
  ])("%s, and undoes what it wrote", async (_, id, name, reason) => {
    const before = await rows(everything);
    expect(await rename("rename", id, name)).toEqual({ data: { rename: { messages: [reason] } } });
    expect(await rows(everything)).toEqual(before);
  });

  test("and answers with an object's row", async () => {
    expect(await rename("rename", 1, "Adele")).toEqual({ data: { rename: { name: "Adele" } } });
    expect(await rename("renameOrFail", 1, "Ada")).toEqual({ data: { renameOrFail: { name: "Ada" } } });
    expect(await rename("renameOrFail", 1, "Bob")).toMatchObject({
      errors: [{ extensions: { code: "PUFF_INPUT_INVALID", messages: [{ field: "name", code: "unique" }] } }],
    });
  });
});

describe("who may", () => {
  const as = async (user: string, query: string): Promise<unknown> =>
    JSON.parse((await ask(serving, { body: { query }, headers: { authorization: `Bearer ${user}` } })).body);

  test("values win over what the client sends", async () => {
    const query = `mutation { createOtherBook(data: ${input({ authorId: 1 })}) { ... on Book { author { name } } } }`;
    expect(await as("2", query)).toEqual({ data: { createOtherBook: { author: { name: "Bob" } } } });
  });

  test("allow refuses before anything is written, values come from the caller, rows are those that are found", async () => {
    const before = await rows(everything);
    const ask = (user: string, field: string, data: string) =>
      as(
        user,
        `mutation { ${field}(data: ${data}) { __typename ... on Book { title author { name } }
        ... on OperationInfo { messages { kind code field } } } }`,
      );
    const mine = '{title: "Mine", price: "1", code: "m"}';
    expect(await ask("0", "createMyBook", mine)).toEqual({
      data: {
        createMyBook: {
          __typename: "OperationInfo",
          messages: [{ kind: "PERMISSION", code: "permission_denied", field: null }],
        },
      },
    });
    const notFound = {
      __typename: "OperationInfo",
      messages: [{ kind: "VALIDATION", code: "not_found", field: "id" }],
    };
    expect(await ask("2", "updateMyBook", '{id: 1, title: "Stolen"}')).toEqual({ data: { updateMyBook: notFound } });
    expect(await ask("2", "deleteMyBook", "{id: 1}")).toEqual({ data: { deleteMyBook: notFound } });
    expect(await rows(everything)).toEqual(before);
    expect(await ask("2", "createMyBook", mine)).toEqual({
      data: { createMyBook: { __typename: "Book", title: "Mine", author: { name: "Bob" } } },
    });
    expect(await ask("2", "updateMyBook", '{id: 100, title: "Ours"}')).toMatchObject({
      data: { updateMyBook: { title: "Ours" } },
    });
    expect(await ask("2", "deleteMyBook", "{id: 100}")).toMatchObject({ data: { deleteMyBook: { title: "Ours" } } });
  });
});

test("a field that fails below takes its rows back, and earlier fields stay", async () => {
  const answer = await run(`mutation {
    first: createAuthor(data: {name: "kept"}) { id }
    second: createAuthor(data: {name: "gone"}) { failing } }`);
  expect(answer).toMatchObject({ data: null, errors: [{ path: ["second", "failing"] }] });
  expect(await rows("SELECT name FROM author WHERE id >= 100")).toEqual([["kept"]]);
});
