/** `puff-gateway new NAME`: a project that runs. */
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { PuffError } from "../../../schema/index.ts";
import { print, style } from "../support/terminal.ts";
import { scaffold } from "./scaffold.ts";

/**
 * Writes a project into a new or empty folder, and prints what to do next.
 *
 * @throws PuffError `PUFF_CONFIG_INVALID` if the folder holds something, or its name can't be a project's.
 * @example await newCommand("blog");
 */
export async function newCommand(path: string): Promise<void> {
  const folder = resolve(path);
  const name = basename(folder);
  if (!/^[a-z0-9][a-z0-9._-]*$/.test(name)) {
    throw new PuffError("PUFF_CONFIG_INVALID", `"${name}" can't be the name of a project`, {
      remedy: "Begin it with a lower-case letter or a digit; letters, digits, dots, - and _ may follow.",
    });
  }
  await refuseFull(folder);
  const files = scaffold(name);
  for (const [file, content] of files) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), content);
  }
  print(
    `${style("green", "✓")} created ${path}: ${[...files.keys()].join(", ")}`,
    "",
    "Next:",
    ...[`cd ${path}`, "npm install", "npm start"].map((line) => `  ${style("bold", line)}`),
    "",
    "Then open http://127.0.0.1:7777/graphql in a browser. Edit schema.py: it is live when you save it.",
  );
}

async function refuseFull(folder: string): Promise<void> {
  let found: readonly string[];
  try {
    found = await readdir(folder);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : null;
    if (code === "ENOENT") {
      return;
    }
    throw new PuffError("PUFF_CONFIG_INVALID", `no project can be created there (${code})`, { place: folder });
  }
  if (found.length > 0) {
    throw new PuffError(
      "PUFF_CONFIG_INVALID",
      `the folder holds ${found.length === 1 ? "1 file" : `${found.length} files`} already`,
      {
        place: folder,
        remedy: "Choose another name, or empty it first.",
      },
    );
  }
}
