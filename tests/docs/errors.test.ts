/** The catalogue of errors and the page that explains it say the same. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { errorCodes, isSecurityCode } from "../../schema/index.ts";

const page = readFileSync(join(import.meta.dirname, "../../docs/errors.md"), "utf8");
const deploying = readFileSync(join(import.meta.dirname, "../../docs/deploying.md"), "utf8");
const sections = page.split(/^### /m).slice(1);

test("each error code has a section in docs/errors.md, and each section a code", () => {
  expect(sections.map((section) => section.split("\n", 1)[0]).sort()).toEqual([...errorCodes].sort());
});

test("docs/deploying.md names the codes that are logged as security events", () => {
  const [, events = ""] = /^## Security events$(.*?)^## /ms.exec(deploying) ?? [];
  expect([...events.matchAll(/\[(PUFF_\w+)\]/g)].map(([, code]) => code).sort()).toEqual(
    errorCodes.filter(isSecurityCode).sort(),
  );
});

test("each section of docs/errors.md has a remedy", () => {
  expect(sections.filter((section) => !/\*\*Remedy:\*\*\s\S/.test(section))).toEqual([]);
});
