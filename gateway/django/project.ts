/** Finds a Django project's settings, as its manage.py and wsgi.py name them. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * The settings module that `manage.py` in this folder names, or a `wsgi.py` one folder deeper; null: there is none.
 *
 * @example findDjangoSettings("/app"); // "config.settings"
 */
export function findDjangoSettings(folder: string): string | null {
  for (const file of [join(folder, "manage.py"), ...wsgiFiles(folder)]) {
    const found = /DJANGO_SETTINGS_MODULE["']\s*,\s*["']([\w.]+)["']/.exec(readText(file));
    if (found?.[1] !== undefined) {
      return found[1];
    }
  }
  return null;
}

/**
 * The settings module that pytest-django would run tests with: of `--ds`, the environment, or pytest's file in this folder;
 * null: none names one.
 *
 * @example findTestSettings("/app", ["--ds=config.testing"], process.env); // "config.testing"
 */
export function findTestSettings(
  folder: string,
  given: readonly string[],
  environment: { readonly [name: string]: string | undefined },
): string | null {
  const option = given.findLast((word, index) => word.startsWith("--ds=") || given[index - 1] === "--ds");
  const named = option?.replace("--ds=", "") ?? environment["DJANGO_SETTINGS_MODULE"];
  const inFiles = pytestFiles.map(
    (name) => /^DJANGO_SETTINGS_MODULE\s*=\s*["']?([\w.]+)/m.exec(readText(join(folder, name)))?.[1],
  );
  return named ?? inFiles.find((found) => found !== undefined) ?? null;
}

/** In the order in which pytest looks for its options. */
const pytestFiles = ["pytest.ini", ".pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg"];

function wsgiFiles(folder: string): string[] {
  try {
    const folders = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    return folders.map(({ name }) => join(folder, name, "wsgi.py"));
  } catch {
    return [];
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
