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
