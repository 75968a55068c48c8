/** `puff-gateway documents build`: a manifest of trusted documents from a front end's files. */
import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { buildManifest } from "../../documents/build.ts";
import { print } from "../support/terminal.ts";

export interface BuildCommandOptions {
  readonly patterns: readonly string[];
  /** The manifest's file, relative to the working folder. */
  readonly output: string;
  readonly typenames: boolean;
}

/**
 * Writes the manifest.
 *
 * @throws PuffError `PUFF_DOCUMENTS_INVALID`: a file is of no use.
 */
export async function documentsBuildCommand({ patterns, output, typenames }: BuildCommandOptions): Promise<void> {
  const manifest = await buildManifest({ patterns, cwd: process.cwd(), typenames });
  await writeFile(resolve(output), `${JSON.stringify(manifest, null, 2)}\n`);
  const { length } = manifest.operations;
  print(`${output}: ${length} ${length === 1 ? "operation" : "operations"}`);
}
