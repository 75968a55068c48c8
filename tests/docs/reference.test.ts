/** The reference of options says what the code does. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { settingKeys, settings } from "../../gateway/cli/config/settings.ts";
import { defaultLimits } from "../../gateway/options/options.ts";

const page = readFileSync(join(import.meta.dirname, "../../docs/reference.md"), "utf8");
const rows = page
  .split("\n")
  .filter((line) => line.startsWith("| `"))
  .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim()));

test.each(settingKeys)("the reference has %s as the command has it", (key) => {
  const { flag, environment, default: standard, inFile } = settings[key];
  const row = rows.find(([, cell]) => cell === `\`${flag.replace("|", "\\|")}\``) ?? [];
  expect(row[2]).toBe(environment.map((name) => `\`${name}\``).join(", "));
  if (inFile !== false) {
    expect(row[3]).toBe(`\`${key}\``);
  }
  if (standard !== null && !Array.isArray(standard)) {
    expect(row[4]).toBe(`\`${standard}\``);
  }
});

test("the reference has each limit with its default", () => {
  const documented = rows.filter((row) => /^\d+$/.test(row[3] ?? "")).map((row) => [row[1], row[2], Number(row[3])]);
  const limits = Object.entries(defaultLimits).map(([name, value]) => {
    const inFile = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    return [`\`${inFile}\``, `\`${name}\``, value];
  });
  expect(documented.sort()).toEqual(limits.sort());
});
