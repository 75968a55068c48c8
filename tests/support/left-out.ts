/** Vitest's global setup: says loudly which tests this machine cannot run; in CI nothing may be left out. */
import { chromium } from "./chromium.ts";

const notice = `
  ┌─────────────────────────────────────────────────────────────────────────────┐
  │ LEFT OUT: the browser tests (GraphiQL), since no Chromium was found.        │
  │ To run them: \`apt-get install chromium\`, or set PUFF_CHROMIUM to its path.  │
  └─────────────────────────────────────────────────────────────────────────────┘
`;

export function setup(): void {
  if (chromium === null && process.env["CI"] === "true") {
    throw new Error("CI runs every test, but no Chromium was found. Install chromium or set PUFF_CHROMIUM.");
  }
}

export function teardown(): void {
  if (chromium === null) {
    process.stderr.write(notice);
  }
}
