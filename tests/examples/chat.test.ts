/** examples/chat as two people use it: a page in the browser in two tabs. */
import { cpSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Browser,
  type BrowserContext,
  chromium as chromiumType,
  type Page,
  type WebSocketRoute,
} from "playwright-core";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { ask } from "../support/servers/ask.ts";
import { chromium } from "../support/servers/chromium.ts";
import { type ServingCommand, serveCommand } from "../support/servers/command.ts";
import { createTestDatabase, openTestDatabase, type TestDatabase } from "../support/servers/postgres.ts";

let database: TestDatabase;
let folder: string;
let serving: ServingCommand;

beforeAll(async () => {
  database = await createTestDatabase();
  folder = realpathSync(mkdtempSync(join(tmpdir(), "puff-chat-")));
  cpSync(join(import.meta.dirname, "../../examples/chat"), folder, {
    recursive: true,
    filter: (source) => !source.endsWith(".puff"),
  });
  serving = await serveCommand([], { cwd: folder, environment: { DATABASE_URL: database.url } });
});

afterAll(async () => {
  await serving?.stop();
  rmSync(folder, { recursive: true });
  await database.drop();
});

async function graphql(query: string): Promise<unknown> {
  return JSON.parse((await ask(serving, { body: { query } })).body);
}

async function run(script: string): Promise<void> {
  const opened = await openTestDatabase(database.url);
  await opened.run(script);
  await opened.close();
}

test("who has not entered says nothing, and what nobody could mean is refused", async () => {
  const nobody = "00000000-0000-0000-0000-000000000000";
  expect(await graphql(`mutation { say(visitor: "${nobody}", body: "Hello") { id } }`)).toEqual({
    data: { say: null },
  });
  expect(await graphql(`mutation { say(visitor: "${nobody}", body: " ") { id } }`)).toMatchObject({
    errors: [{ message: "A message has 1 to 2000 characters." }],
  });
  expect(await graphql('mutation { here(name: "  ") }')).toMatchObject({
    errors: [{ message: "A name has 1 to 40 characters." }],
  });
});

describe.skipIf(chromium === null)("in two tabs", () => {
  const patient = { timeout: 30_000 };
  let browser: Browser;
  let context: BrowserContext;

  beforeAll(async () => {
    browser = await chromiumType.launch({ executablePath: chromium ?? "", args: ["--no-sandbox", "--disable-gpu"] });
    context = await browser.newContext();
    context.setDefaultTimeout(30_000);
  });

  afterAll(() => browser?.close());

  /** Opens the page as somebody. */
  async function enter(name: string, page?: Page): Promise<Page> {
    const tab = page ?? (await newTab());
    await tab.goto(`${serving.url}/chat/index.html`);
    await tab.getByLabel("What is your name?").fill(name);
    await tab.getByRole("button", { name: "Enter" }).click();
    await tab.getByRole("dialog").waitFor({ state: "hidden" });
    return tab;
  }

  async function newTab(): Promise<Page> {
    const page = await context.newPage();
    onTestFinished(() => close(page));
    const problems: string[] = [];
    page.on("pageerror", (error) => problems.push(error.message));
    page.on("console", (message) => void (message.type() === "error" && problems.push(message.text())));
    onTestFinished(() => expect(problems).toEqual([]));
    return page;
  }

  /** Closes the tab as a person does: the page learns of it. */
  async function close(page: Page): Promise<void> {
    if (!page.isClosed()) {
      await Promise.all([page.waitForEvent("close"), page.close({ runBeforeUnload: true })]);
    }
  }

  const people = (page: Page) => page.locator("#people li").allTextContents();
  const said = (page: Page) => page.locator("#messages p").allTextContents();

  async function say(page: Page, text: string): Promise<void> {
    await page.getByLabel("Message", { exact: true }).fill(text);
    await page.getByRole("button", { name: "Send" }).click();
  }

  async function picture(page: Page, name: string): Promise<void> {
    const target = process.env["PUFF_SCREENSHOT"];
    if (target !== undefined) {
      await page.screenshot({ path: `${target}-${name}.png` });
    }
  }

  test("what one says the other reads, who comes is seen, and who closes the tab is gone", async () => {
    const ada = await enter("Ada");
    await expect.poll(() => people(ada), patient).toEqual(["Ada"]);
    const grace = await enter("Grace");
    for (const page of [ada, grace]) {
      await expect.poll(() => people(page), patient).toEqual(["Ada", "Grace"]);
    }

    const field = ada.getByLabel("Message", { exact: true });
    const typing = () => field.pressSequentially("l").then(() => grace.locator("#typing").textContent());
    await expect.poll(typing, patient).toBe("Ada is typing…");
    await picture(grace, "typing");
    await say(ada, "Hello, <b>Grace</b>!");
    await expect.poll(() => said(grace), patient).toEqual(["Hello, <b>Grace</b>!"]);
    await say(grace, "Good morning, Ada.");
    await expect.poll(() => said(ada), patient).toEqual(["Hello, <b>Grace</b>!", "Good morning, Ada."]);
    await picture(ada, "two");

    await close(ada);
    await expect.poll(() => people(grace), patient).toEqual(["Grace"]);
    await picture(grace, "alone");
  });

  test("who vanished without a word is taken out, and a page that was taken for gone comes back as it speaks", async () => {
    const grace = await enter("Grace");
    await expect.poll(() => people(grace), patient).toEqual(["Grace"]);
    await run("UPDATE visitor SET seen_at = now() - interval '3 minutes'");
    await graphql('mutation { here(name: "Ada") }');
    await expect.poll(() => people(grace), patient).toEqual(["Ada"]);
    await say(grace, "Am I still here?");
    await expect.poll(() => people(grace), patient).toEqual(["Ada", "Grace"]);
    await expect.poll(() => said(grace), patient).toContain("Am I still here?");
  });

  test("a page whose connection is cut connects again, and has missed nothing", async () => {
    const connections: WebSocketRoute[] = [];
    const tab = await newTab();
    await tab.routeWebSocket(/graphql/, (connection) => {
      connections.push(connection);
      connection.connectToServer();
    });
    const grace = await enter("Grace", tab);
    await expect.poll(() => people(grace), patient).toContain("Grace");
    await connections[0]?.close({ code: 1012 });
    await run("INSERT INTO message (author, body) VALUES ('Ada', 'Said meanwhile')");
    await expect.poll(() => said(grace), patient).toContain("Said meanwhile");
    expect(connections).toHaveLength(2);
  });
});
