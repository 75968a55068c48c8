/** examples/django-app from the terminal and the browser: its commands, its pages, its admin, its GraphQL. */
import { cpSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, chromium as chromiumType } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { installPackages } from "../support/python/packages.ts";
import { ask } from "../support/servers/ask.ts";
import { chromium } from "../support/servers/chromium.ts";
import { runCommand, type ServingCommand, serveCommand } from "../support/servers/command.ts";
import { createTestDatabase, type TestDatabase } from "../support/servers/postgres.ts";

let database: TestDatabase;
let folder: string;
let environment: { readonly [name: string]: string };
let serving: ServingCommand;

beforeAll(async () => {
  database = await createTestDatabase();
  environment = { DATABASE_URL: database.url, PUFF_PYTHON_PATH: await installPackages(["Django==5.2.19"]) };
  folder = realpathSync(mkdtempSync(join(tmpdir(), "puff-polls-")));
  cpSync(join(import.meta.dirname, "../../examples/django-app"), folder, {
    recursive: true,
    filter: (source) => !/\.(puff|venv)$/.test(source),
  });
  await django("migrate", "-v0");
  await django("loaddata", "polls");
  serving = await serveCommand([], { cwd: folder, environment });
});

afterAll(async () => {
  await serving?.stop();
  rmSync(folder, { recursive: true });
  await database.drop();
});

/** The types that the guide leaves out. */
const guideTypes = `
from django.contrib.auth import get_user_model


@graphql.django_type(get_user_model(), fields=["username"])
class User: ...


@graphql.django_type(models.Choice, fields=["text"])
class Choice: ...


`;
/** Resolvers that a guide shows without their class are Query's. */
const resolversOfQuery = `
for name, member in list(globals().items()):
    if isinstance(member, classmethod):
        setattr(Query, name, member)
`;
const guideEnd = "\n\n@dataclass\nclass Schema:\n    query: Query\n";

/** Runs a management command, and gives what it printed. */
async function django(...args: string[]): Promise<string> {
  const outcome = await runCommand(["django", ...args], { cwd: folder, environment });
  expect(outcome).toMatchObject({ code: 0, stderr: "" });
  return outcome.stdout;
}

async function graphql(query: string, headers: { readonly [name: string]: string } = {}): Promise<unknown> {
  return JSON.parse((await ask(serving, { body: { query }, headers })).body);
}

/** Logs in by the page's form, and gives the cookie header of the session. */
async function logIn(username: string): Promise<string> {
  const url = `${serving.url}/accounts/login/`;
  const page = await fetch(url);
  const csrf = /csrftoken=\w+/.exec(page.headers.get("set-cookie") ?? "")?.[0] ?? "";
  const [, token = ""] = /name="csrfmiddlewaretoken" value="(\w+)"/.exec(await page.text()) ?? [];
  const answer = await fetch(url, {
    method: "POST",
    redirect: "manual",
    headers: { cookie: csrf },
    body: new URLSearchParams({ username, password: "polls-example", csrfmiddlewaretoken: token }),
  });
  expect(answer.status).toBe(302);
  return /sessionid=\w+/.exec(answer.headers.get("set-cookie") ?? "")?.[0] ?? "";
}

async function tokenOf(username: string): Promise<string> {
  const program = `
from django.contrib.auth.models import User
from polls.models import ApiToken
print(ApiToken.issue(User.objects.get(username="${username}")))`;
  return `Bearer ${(await django("shell", "-v0", "-c", program)).trim()}`;
}

test("anyone reads questions, their choices and votes; drafts are not among them", async () => {
  const query = `{ me { username } questions { text status author { username } choices { text } my_choice { text } } }`;
  const { data } = (await graphql(query)) as { data: { me: null; questions: { text: string; status: string }[] } };
  expect(data.me).toBe(null);
  expect(new Set(data.questions.map(({ status }) => status))).toEqual(new Set(["OPEN", "CLOSED"]));
  expect(data.questions).toContainEqual({
    text: "What do we have for lunch?",
    status: "OPEN",
    author: { username: expect.any(String) },
    choices: expect.arrayContaining([{ text: "Pizza" }, { text: "Soup" }]),
    my_choice: null,
  });
  expect(await graphql('{ questions(search: "LUNCH") { id } question(id: 2) { text } }')).toEqual({
    data: { questions: [{ id: 2 }], question: { text: "What do we have for lunch?" } },
  });
});

test("clients filter, order and page the polls", async () => {
  const query = `{
    questions(filters: { choices: { text: { iContains: "OUP" } } }) {
      text
      choices(ordering: [{ votes: ASC }, { text: DESC }], pagination: { limit: 2 }) { text vote_count }
      author { questions { totalCount } }
    }
    archive(last: 1) { totalCount nodes { text } pageInfo { hasPreviousPage hasNextPage } }
  }`;
  const shown = ["Something else", "Salad"].map((text) => ({ text, vote_count: 0 }));
  expect(await graphql(query)).toEqual({
    data: {
      questions: [{ text: "What do we have for lunch?", choices: shown, author: { questions: { totalCount: 1 } } }],
      archive: {
        totalCount: 3,
        nodes: [{ text: "Which day suits the team meeting?" }],
        pageInfo: { hasPreviousPage: true, hasNextPage: false },
      },
    },
  });
});

test("the guide's schema counts 0 votes where there are none", async () => {
  const guide = readFileSync(join(import.meta.dirname, "../../docs/django-graphql.md"), "utf8");
  const [, block = ""] = /^```python\n(.*?)^```/ms.exec(guide) ?? [];
  writeFileSync(join(folder, "guide_schema.py"), block.replace("\n\n\n", guideTypes) + guideEnd);
  const guided = await serveCommand(["--schema", "guide_schema.py"], { cwd: folder, environment });
  const body = { query: "{ questions { text vote_count } }" };
  const { data } = JSON.parse((await ask(guided, { body })).body);
  await guided.stop();
  const program = "from polls.models import Question; [print(q.votes.count(), q.text) for q in Question.objects.all()]";
  const counted = (await django("shell", "-v0", "-c", program)).trim().split("\n");
  expect(counted).toContainEqual(expect.stringMatching(/^0 /));
  expect(data.questions.map((one: { [name: string]: unknown }) => `${one["vote_count"]} ${one["text"]}`)).toEqual(
    counted,
  );
});

test("the guide's mutation answers what it shows", async () => {
  const guide = readFileSync(join(import.meta.dirname, "../../docs/writes.md"), "utf8");
  const [, code = "", query = "", answer = ""] =
    /^```python\n(.*?)^```.*?^```graphql\n(.*?)^```.*?^```json\n(.*?)^```/ms.exec(guide) ?? [];
  writeFileSync(join(folder, "writes_schema.py"), code);
  const guided = await serveCommand(["--schema", "writes_schema.py"], { cwd: folder, environment });
  const { body } = await ask(guided, { body: { query } });
  await guided.stop();
  expect(JSON.parse(body)).toEqual(JSON.parse(answer));
});

test("the guide's collections answer each query that it shows", async () => {
  const guide = readFileSync(join(import.meta.dirname, "../../docs/collections.md"), "utf8");
  const blocks = (language: string) =>
    [...guide.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, "gms"))].map(([, block = ""]) => block);
  writeFileSync(join(folder, "collections_schema.py"), blocks("python").join("\n\n") + resolversOfQuery + guideEnd);
  const guided = await serveCommand(["--schema", "collections_schema.py"], { cwd: folder, environment });
  const answers = blocks("graphql").map(async (query) => [
    query,
    JSON.parse((await ask(guided, { body: { query } })).body),
  ]);
  const found = await Promise.all(answers);
  await guided.stop();
  expect(found.filter(([, { errors }]) => errors !== undefined)).toEqual([]);
  expect(found.map(([, { data }]) => data)).toContainEqual({
    question_page: {
      totalCount: 2,
      results: [
        { text: "What do we have for lunch?", votes: { totalCount: 2 } },
        { text: "Which day suits the team meeting?", votes: { totalCount: 2 } },
      ],
    },
  });
});

test("what changes data asks for a login", async () => {
  expect(await graphql("mutation { vote(question_id: 2, choice_id: 4) { id } }")).toMatchObject({
    data: null,
    errors: [{ message: "Log in first.", path: ["vote"], extensions: { code: "UNAUTHENTICATED" } }],
  });
});

test("the session of the pages is that of GraphQL, and the page shows the vote at once", async () => {
  const cookie = await logIn("ada");
  const vote = (choice: number) =>
    graphql(`mutation { vote(question_id: 2, choice_id: ${choice}) { my_choice { text vote_count } } }`, { cookie });
  expect(await graphql("{ me { username } }", { cookie })).toEqual({ data: { me: { username: "ada" } } });
  expect(await vote(4)).toMatchObject({ data: { vote: { my_choice: { text: "Pizza" } } } });
  expect(await vote(5)).toMatchObject({ data: { vote: { my_choice: { text: "Soup" } } } });
  expect(await vote(1)).toMatchObject({ errors: [{ message: "That is not one of the question's choices." }] });
  const { data } = (await graphql("{ question(id: 2) { choices { text vote_count } } }")) as {
    data: { question: { choices: { text: string; vote_count: number }[] } };
  };
  const results = await ask(serving, { url: "/polls/2/results.json" });
  expect(JSON.parse(results.body).choices).toEqual(data.question.choices);
});

test("a token acts as its user, and only as one; permissions are Django's", async () => {
  const [ada, admin] = [await tokenOf("ada"), await tokenOf("admin")];
  const asked = await graphql('mutation { ask(text: "Tea?", choices: ["Yes", "No"]) { id choices { text } } }', {
    authorization: ada,
  });
  expect(asked).toEqual({ data: { ask: { id: expect.any(Number), choices: [{ text: "Yes" }, { text: "No" }] } } });
  const { id } = (asked as { data: { ask: { id: number } } }).data.ask;
  const close = (question: number, authorization: string) =>
    graphql(`mutation { close(question_id: ${question}) { status } }`, { authorization });
  expect(await close(1, ada)).toMatchObject({ errors: [{ message: "There is no such question of yours." }] });
  expect(await close(id, ada)).toEqual({ data: { close: { status: "CLOSED" } } });
  expect(await close(id, admin)).toEqual({ data: { close: { status: "CLOSED" } } });
  const wrong = await ask(serving, { body: { query: "{ me { id } }" }, headers: { authorization: "Bearer nobody" } });
  expect([wrong.status, wrong.headers["www-authenticate"]]).toEqual([401, "Bearer"]);
});

test("a question needs choices that differ", async () => {
  const cookie = await logIn("ada");
  expect(await graphql('mutation { ask(text: "?", choices: ["a", "a"]) { id } }', { cookie })).toMatchObject({
    errors: [{ message: "A question has two different choices at least." }],
  });
});

describe.skipIf(chromium === null)("in the admin", () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await chromiumType.launch({ executablePath: chromium ?? "", args: ["--no-sandbox", "--disable-gpu"] });
  });

  afterAll(() => browser?.close());

  test("a question is added with its choices, edited and deleted, and GraphQL shows it at once", async () => {
    const page = await browser.newPage();
    const found = (text: string) => graphql(`{ questions(search: "${text}") { text choices { text } } }`);
    await page.goto(`${serving.url}/admin/`);
    await page.fill("#id_username", "admin");
    await page.fill("#id_password", "polls-example");
    await page.click("input[type=submit]");
    await page.goto(`${serving.url}/admin/polls/question/add/`);
    await page.fill("#id_text", "Which way home?");
    await page.selectOption("#id_status", "open");
    await page.fill("#id_choices-0-text", "By the river");
    await page.fill("#id_choices-1-text", "Through the woods");
    await picture("add");
    await page.click("input[name=_save]");
    await page.waitForSelector(".messagelist .success");
    await picture("list");
    expect(await found("way home")).toEqual({
      data: {
        questions: [{ text: "Which way home?", choices: [{ text: "By the river" }, { text: "Through the woods" }] }],
      },
    });

    await page.click("text=Which way home? >> nth=-1");
    await page.fill("#id_text", "Which way back?");
    await page.click("input[name=_save]");
    await page.waitForSelector(".messagelist .success");
    expect(await found("way back")).toMatchObject({ data: { questions: [{ text: "Which way back?" }] } });

    await page.click("#result_list >> text=Which way back?");
    await page.click(".deletelink");
    await page.click("input[type=submit][value*=sure]");
    await page.waitForSelector(".messagelist .success");
    expect(await found("way back")).toEqual({ data: { questions: [] } });
    await page.close();

    async function picture(name: string): Promise<void> {
      const target = process.env["PUFF_SCREENSHOT"];
      if (target !== undefined) {
        await page.screenshot({ path: `${target}-${name}.png` });
      }
    }
  });
});
