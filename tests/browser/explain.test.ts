/** The tab beside GraphiQL that explains an operation, in a real Chromium, on the quickstart and a real Postgres. */
import { join } from "node:path";
import { type Browser, chromium as chromiumType } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ask } from "../support/servers/ask.ts";
import { chromium } from "../support/servers/chromium.ts";
import { type ServingCommand, serveCommand } from "../support/servers/command.ts";
import { createTestDatabase, type TestDatabase } from "../support/servers/postgres.ts";

const folder = join(import.meta.dirname, "../../examples/quickstart");
const nested = "query { posts(limit: 3) { title author { name } comments { body author { name } } } }";
const mutation = 'mutation { add_comment(post_id: 8, author_id: 1, body: "explained") { body author { name } } }';

let database: TestDatabase;
let serving: ServingCommand;

beforeAll(async () => {
  database = await createTestDatabase();
  serving = await serveCommand([], { cwd: folder, environment: { DATABASE_URL: database.url } });
});

afterAll(async () => {
  await serving?.stop();
  await database?.drop();
});

describe.skipIf(chromium === null)("the tab", () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await chromiumType.launch({
      executablePath: chromium ?? "",
      args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
    });
  });

  afterAll(() => browser?.close());

  test.each(["light", "dark"] as const)("draws fields, Python, SQL and Postgres's plan, in %s", async (colorScheme) => {
    const { page, problems } = await open(browser, nested, colorScheme);
    const tab = page.getByRole("region", { name: "Explain" });
    await tab.getByRole("button", { name: "Explain the operation" }).click();
    await tab.getByText("Steps", { exact: true }).waitFor();

    const comments = tab.locator(".puff-tree li", { has: page.getByText("[Comment!]!") }).last();
    await expect.poll(() => comments.textContent()).toMatch(/comments\s*\[Comment!\]!/);
    expect(await comments.textContent()).toMatch(/traced[\s\S]+fused\s*one statement with posts, posts\.author/);
    const sql = await tab.locator(".puff-sql").allInnerTexts();
    expect(sql).toHaveLength(1);
    expect(sql[0]).toMatch(/^WITH\n {2}puff0 AS MATERIALIZED \(\n {4}SELECT\n[\s\S]+LIMIT\s+3\n/);
    await expect.poll(() => tab.locator(".puff-totals").textContent()).toMatch(/statement1\D/);
    expect(await tab.locator("table").textContent()).toMatch(/\$10integer/);
    await tab.getByText("Postgres's plan").click();
    await tab.getByText(/Scan .+ on post/).scrollIntoViewIfNeeded();
    const screenshot = process.env["PUFF_SCREENSHOT"];
    if (screenshot !== undefined) {
      await page.screenshot({ path: screenshot.replace(".png", `-${colorScheme}.png`) });
    }
    expect(problems).toEqual([]);
    await page.close();
  });

  test("takes half of the page, or what the reader gives it", async () => {
    const { page } = await open(browser, nested, "light");
    const panel = page.locator(".graphiql-plugin");
    const share = async () => ((await panel.boundingBox())?.width ?? 0) / 1400;
    await expect.poll(share).toBeGreaterThan(0.45);
    expect(await share()).toBeLessThan(0.55);

    const bar = await page.locator(".graphiql-horizontal-drag-bar").first().boundingBox();
    const y = (bar?.y ?? 0) + (bar?.height ?? 0) / 2;
    await page.mouse.move((bar?.x ?? 0) + (bar?.width ?? 0) / 2, y);
    await page.mouse.down();
    await page.mouse.move(980, y, { steps: 5 });
    await page.mouse.up();
    await expect.poll(share).toBeGreaterThan(0.6);

    // The documentation gets the width that the reader chose, and so does the tab when it opens again.
    await expect.poll(() => page.evaluate(() => localStorage.getItem("graphiql:docExplorerFlex"))).not.toBe(null);
    await page.getByRole("button", { name: "Show Documentation Explorer" }).click();
    await page.locator(".graphiql-doc-explorer").waitFor();
    await page.getByRole("button", { name: "Show Explain" }).click();
    await page.getByRole("region", { name: "Explain" }).waitFor();
    await expect.poll(share).toBeGreaterThan(0.6);
    await page.close();
  });

  test("leaves the documentation narrow", async () => {
    const { page } = await open(browser, nested, "light");
    await page.getByRole("button", { name: "Show Documentation Explorer" }).click();
    await page.locator(".graphiql-doc-explorer").waitFor();
    const panel = page.locator(".graphiql-plugin");
    await expect.poll(async () => ((await panel.boundingBox())?.width ?? 0) / 1400).toBeLessThan(0.3);
    await page.close();
  });

  test("runs a mutation only where it is told to, and rolls it back", async () => {
    const { page, problems } = await open(browser, mutation, "light");
    const tab = page.getByRole("region", { name: "Explain" });
    await tab.getByRole("button", { name: "Explain the operation" }).click();
    await tab.getByRole("alert").getByText("this is a mutation").waitFor();
    await tab.getByRole("button", { name: "Run it and roll back" }).click();
    await tab.getByText("Its SQL was rolled back.").waitFor();
    expect(await tab.locator(".puff-sql").first().textContent()).toMatch(/^INSERT INTO\n/);
    const { body } = await ask(serving, { body: { query: "{ post(id: 8) { comments { body } } }" } });
    expect(body).not.toContain("explained");
    // The browser's own line about the refusal's status is all.
    expect(problems.filter((problem) => !problem.includes("400"))).toEqual([]);
    await page.close();
  });

  test("says what is wrong with the operation", async () => {
    const { page } = await open(browser, "query { post }", "light");
    const tab = page.getByRole("region", { name: "Explain" });
    await tab.getByRole("button", { name: "Explain the operation" }).click();
    await tab.getByRole("alert").getByText('Field "post" of type "Post" must have a selection').waitFor();
    await page.close();
  });
});

test("where errors are masked, nothing is explained", async () => {
  const masked = await serveCommand(["--mask-errors"], { cwd: folder, environment: { DATABASE_URL: database.url } });
  const { status, body } = await ask(masked, { url: "/graphql/explain", body: { query: nested } });
  expect([status, JSON.parse(body).errors[0].extensions.code]).toEqual([404, "PUFF_NOT_FOUND"]);
  const page = await ask(masked, { url: "/graphql", headers: { accept: "text/html" } });
  expect(page.body).toContain('<meta name="puff-explain-url" content="" />');
  await masked.stop();
});

/** GraphiQL with an operation in its editor and the tab open. */
async function open(browser: Browser, query: string, colorScheme: "light" | "dark") {
  const page = await browser.newPage({ colorScheme, viewport: { width: 1400, height: 1000 } });
  const problems: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") {
      problems.push(`${message.type()}: ${message.text()}`);
    }
  });
  page.on("pageerror", (error) => problems.push(error.message));
  page.setDefaultTimeout(45_000);
  await page.goto(`${serving.url}/graphql`);
  await page.locator(".graphiql-query-editor .view-lines").click();
  await page.keyboard.press("Control+A");
  await page.keyboard.insertText(query); // the editor closes a brace that begins a text
  await page.getByRole("button", { name: "Show Explain" }).click();
  return { page, problems };
}
