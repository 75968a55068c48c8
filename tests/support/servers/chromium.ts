/** Where the browser tests find their browser. */
import { accessSync, constants } from "node:fs";
import { join } from "node:path";

const macApplication = "/Applications/Chromium.app/Contents/MacOS/Chromium";
const names = ["chromium", "chromium-browser", "google-chrome"];

/**
 * Path of a Chromium: `PUFF_CHROMIUM`, else the first on PATH; null if there is none. Browser tests are then left
 * out, which {@link ../left-out.ts} says at the end of the run; in CI it is an error.
 *
 * @example describe.skipIf(chromium === null)("GraphiQL", () => { … });
 */
export const chromium: string | null = find();

function find(): string | null {
  const configured = process.env["PUFF_CHROMIUM"];
  const folders = (process.env["PATH"] ?? "").split(":").filter((folder) => folder !== "");
  const places = folders.flatMap((folder) => names.map((name) => join(folder, name)));
  const candidates = configured === undefined || configured === "" ? [...places, macApplication] : [configured];
  return candidates.find(isExecutable) ?? null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
