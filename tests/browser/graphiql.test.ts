/** GraphiQL in a real Chromium: it opens, runs a query, shows the docs, and loads nothing from elsewhere. */
import { type Browser, chromium as chromiumType, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findGraphiql } from "../../gateway/http/graphiql.ts";
import type { RunningServer } from "../../gateway/server/server.ts";
import { chromium } from "../support/servers/chromium.ts";
import { silences, startReferenceServer } from "../support/servers/http.ts";

describe.skipIf(chromium === null)("GraphiQL", () => {
  let server: RunningServer;
  let browser: Browser;

  beforeAll(async () => {
    expect(findGraphiql(), "GraphiQL is not built: run `npm run build:graphiql`").not.toBe(null);
    server = await startReferenceServer();
    browser = await chromiumType.launch({
      executablePath: chromium ?? "",
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    });
  });

  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  test.each(["/graphql", "/playground"])("at %s runs a query, completes and explains types", async (url) => {
    const page = await browser.newPage();
    const { foreign, problems } = watch(page, server.url);
    await page.goto(server.url + url);
    expect(await page.title()).toBe("puff-gateway");

    const editor = page.locator(".graphiql-query-editor .view-lines");
    await editor.click();
    await page.keyboard.press("Control+A");
    await page.keyboard.type("{ post { id title ");
    await page.keyboard.press("Control+Enter");
    const result = page.locator(".graphiql-response .view-lines");
    await expect.poll(() => textOf(result)).toContain('"title": "First"');

    await page.getByRole("button", { name: "Show Documentation Explorer" }).click();
    await page.locator(".graphiql-doc-explorer").getByRole("link", { name: "Query" }).click();
    await page.locator(".graphiql-doc-explorer").getByRole("link", { name: "Post", exact: true }).first().click();
    await page.getByText("A post, as the docs panel describes it.").waitFor();
    const screenshot = process.env["PUFF_SCREENSHOT"];
    if (screenshot !== undefined) {
      await page.screenshot({ path: screenshot });
    }
    expect(foreign).toEqual([]);
    expect(problems).toEqual([]);
    await page.close();
  });

  test("runs a subscription until it is stopped", async () => {
    const page = await browser.newPage();
    const { problems } = watch(page, server.url);
    const execute = async (operation: string) => {
      await page.goto(`${server.url}/playground?query=${encodeURIComponent(operation)}`);
      const editor = page.locator(".graphiql-query-editor .view-lines");
      await expect.poll(() => textOf(editor)).toContain(operation);
      await editor.click();
      await page.keyboard.press("Control+Enter");
    };
    await execute("subscription { ticks(count: 3) }");
    const result = page.locator(".graphiql-response .view-lines");
    await expect.poll(() => textOf(result)).toContain('"ticks": 3');
    // On a busy machine the stream is at times given up between its last event and its end.
    expect(problems.filter((problem) => !problem.includes("ERR_ABORTED"))).toEqual([]);

    const before = silences;
    await execute("subscription { silence }");
    await page.getByRole("button", { name: /Stop/ }).click();
    await expect.poll(() => silences).toBe(before + 1);
    await page.close();
  });

  test.each(["/graphql", "/playground"])("a link to %s fills the editors, and runs nothing", async (url) => {
    const page = await browser.newPage();
    const { problems } = watch(page, server.url);
    const operations: string[] = [];
    page.on("request", (request) => {
      const body = request.postData() ?? "";
      if (body !== "" && !body.includes("IntrospectionQuery")) {
        operations.push(body);
      }
    });
    const query = "query First { begun } query Named($name: String) { hello(name: $name) }";
    const link = new URLSearchParams({ query, variables: '{"name":"Böb"}', operationName: "Named" });
    await page.goto(`${server.url}${url}?${link}`);
    await expect.poll(() => textOf(page.locator(".graphiql-query-editor .view-lines"))).toContain(query);
    await expect.poll(() => textOf(page.locator(".graphiql-editor-tool .view-lines").first())).toContain("Böb");
    expect(operations).toEqual([]);

    // The link's operation is the one that runs, while the cursor is in none.
    await page.locator(".graphiql-editor-tool .view-lines").first().click();
    await page.keyboard.press("Control+Enter");
    const result = page.locator(".graphiql-response .view-lines");
    await expect.poll(() => textOf(result)).toContain("Hello, Böb!");
    expect(operations.map((body) => JSON.parse(body).operationName)).toEqual(["Named"]);
    expect(problems).toEqual([]);
    await page.close();
  });

  test("offers a first query that the schema answers, and leaves what a reader has written", async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    const { problems } = watch(page, server.url);
    await page.goto(`${server.url}/graphql`);
    const editor = page.locator(".graphiql-query-editor .view-lines");
    await expect.poll(() => textOf(editor)).toMatch(/\{\s*posts \{\s*id\s*title\s*\}\s*\}/);
    await page.getByRole("button", { name: /^Execute query/ }).click();
    const result = page.locator(".graphiql-response .view-lines");
    await expect.poll(() => textOf(result)).toContain('"title": "First"');

    await editor.click();
    await page.keyboard.press("Control+A");
    await page.keyboard.insertText("query { hello }"); // the editor closes a brace that begins a text
    await expect.poll(() => page.evaluate(() => localStorage.getItem("graphiql:query"))).toBe("query { hello }");
    expect(problems).toEqual([]); // a reload breaks off what still loads
    await page.reload();
    await expect.poll(() => textOf(editor)).toContain("query { hello }");
    await page.getByRole("button", { name: "Show Documentation Explorer" }).click();
    await page.locator(".graphiql-doc-explorer").getByRole("link", { name: "Query" }).waitFor();
    expect(await textOf(editor)).toContain("query { hello }");
    await context.close();
  });
});

/** Requests that leave the origin, and whatever the console holds against the page. */
function watch(page: Page, origin: string): { readonly foreign: string[]; readonly problems: string[] } {
  const foreign: string[] = [];
  const problems: string[] = [];
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(origin) && !url.startsWith("data:") && !url.startsWith("blob:")) {
      foreign.push(url);
    }
  });
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") {
      problems.push(`${message.type()}: ${message.text()}`);
    }
  });
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("requestfailed", (request) =>
    problems.push(`failed: ${request.url()} ${request.failure()?.errorText} ${request.postData()}`),
  );
  return { foreign, problems };
}

/** Monaco writes spaces as no-break spaces. */
async function textOf(locator: ReturnType<Page["locator"]>): Promise<string> {
  return ((await locator.textContent()) ?? "").replaceAll("\u00a0", " ");
}
