/**
 * Makes the README's pictures anew: GraphiQL with Explain over the quickstart, in a Chromium, and the chart of the
 * figures that docs/benchmarks.md gives. `npm run docs:images`
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { chromium as chromiumType } from "playwright-core";
import { type Bar, chartHeading, drawChart } from "../bench/compare/chart.ts";
import { workloads } from "../bench/compare/workloads.ts";
import { chromium } from "../tests/support/servers/chromium.ts";
import { freePort, ServingProcess } from "./process.ts";

const root = join(import.meta.dirname, "..");
const folder = join(root, "docs/images");
const startDeadline = 120_000;

const query = `{
  posts(limit: 3) {
    title
    author {
      name
    }
    comments {
      body
      author {
        name
      }
    }
  }
}
`;

mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, "benchmarks.svg"), drawBenchmarks(readFileSync(join(root, "docs/benchmarks.md"), "utf8")));
await takeScreenshot(join(folder, "graphiql-explain.png"));

/** The chart of the first table of requests a second: a row a server, a column a workload, and nothing if it is lacking. */
function drawBenchmarks(page: string): string {
  const table = /^\| requests\/s .*\n\|[-| ]+\n(?:\|.*\n)+/m.exec(page)?.[0];
  const [[, ...names] = [], , ...rows] = (table ?? "")
    .trim()
    .split("\n")
    .map((row) =>
      row
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  if (rows.length === 0) {
    throw new Error("docs/benchmarks.md has no table of requests/s");
  }
  return drawChart(
    chartHeading,
    names.map((name, column) => ({
      title: `${name}: ${workloads.find((workload) => workload.name === name)?.title}`,
      bars: rows.flatMap(([label = "", ...cells]): Bar[] => {
        const cell = cells[column] ?? "";
        const value = Number(cell.replaceAll(",", ""));
        if (!(value > 0 || cell === "")) {
          throw new Error(`docs/benchmarks.md gives no figure of ${label} for ${name}`);
        }
        return cell === "" ? [] : [{ label, value, highlighted: label.startsWith("puff-gateway") }];
      }),
    })),
  );
}

async function takeScreenshot(file: string): Promise<void> {
  if (chromium === null) {
    throw new Error("no Chromium on PATH: apt-get install chromium, or name one by PUFF_CHROMIUM");
  }
  execFileSync("npm", ["run", "--silent", "build:graphiql"], { cwd: root, stdio: "inherit" });
  const { DATABASE_URL: _, PUFF_DATABASE_URL: __, ...env } = process.env;
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/graphql`;
  await using gateway = new ServingProcess("npm", ["start", "--silent", "--", "--port", String(port)], {
    cwd: root,
    env,
    stdio: ["ignore", "ignore", "inherit"],
  });
  await gateway.until(async () => (await fetch(new URL("/readyz", url))).ok, startDeadline);
  const browser = await chromiumType.launch({ executablePath: chromium, args: ["--no-sandbox", "--disable-gpu"] });
  try {
    const page = await browser.newPage({ viewport: { width: 1400, height: 800 }, colorScheme: "light" });
    page.setDefaultTimeout(startDeadline);
    await page.goto(`${url}?${new URLSearchParams({ query })}`);
    await page.getByRole("button", { name: /^Execute query/ }).click();
    await page.locator(".graphiql-response .view-lines").getByText('"posts"').waitFor();
    await page.getByRole("button", { name: "Show Explain" }).click();
    const tab = page.getByRole("region", { name: "Explain" });
    // A warm gateway, whose plans are kept.
    for (let time = 0; time < 6; time++) {
      await tab.getByRole("button", { name: "Explain the operation" }).click();
      await tab.and(page.locator("[aria-busy=false]")).getByText("Steps", { exact: true }).waitFor();
    }
    await page.mouse.move(0, 0);
    await page.waitForFunction("document.fonts.status === 'loaded'");
    await page.screenshot({ path: file, animations: "disabled" });
  } finally {
    await browser.close();
    await gateway.stop(); // with its Postgres, which a kill would leave behind
  }
}
