import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { findTestSettings } from "./project.ts";

const ini = { "pytest.ini": "[pytest]\nDJANGO_SETTINGS_MODULE = of.ini\n" };
const toml = { "pyproject.toml": '[tool.pytest.ini_options]\nDJANGO_SETTINGS_MODULE = "of.toml"\n' };
const tox = { "tox.ini": "[testenv]\nsetenv =\n    DJANGO_SETTINGS_MODULE=of.tox\n[pytest]\naddopts = -q\n" };
const environment = { DJANGO_SETTINGS_MODULE: "of.environment" };

test.each<[string | null, { readonly [file: string]: string }, readonly string[], NodeJS.ProcessEnv]>([
  [null, {}, [], {}],
  [null, tox, ["-q"], {}],
  ["of.ini", ini, [], {}],
  ["of.toml", toml, [], {}],
  ["of.ini", { ...toml, ...ini }, [], {}],
  ["of.environment", ini, [], environment],
  ["of.option", ini, ["--ds=of.option"], environment],
  ["of.option", ini, ["-q", "--ds", "of.option", "tests"], environment],
])("%s", (expected, files, given, env) => {
  const folder = mkdtempSync(join(tmpdir(), "puff-settings-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(folder, name), text);
  }
  expect(findTestSettings(folder, given, env)).toBe(expected);
});
