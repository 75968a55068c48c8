/** `puff-gateway pip …`: pip in the gateway's Python, which takes the builds of packages that this Python can load. */
import { mkdir } from "node:fs/promises";
import { installFolder } from "../../../python-bridge/index.ts";
import { PuffError } from "../../../schema/index.ts";
import type { Configuration } from "../config/config.ts";
import { exitOnSignals } from "../support/signals.ts";
import { callAlone } from "./python-command.ts";

/**
 * Runs pip, which installs into `.puff/site-packages` of the working folder, and sets the process's exit status to its own.
 *
 * @param given - pip's arguments
 * @throws PuffError if the gateway does not start.
 */
export async function pipCommand(config: Configuration, given: readonly string[]): Promise<void> {
  if (config.values.engine === "cpython") {
    throw new PuffError("PUFF_CONFIG_INVALID", "puff-gateway pip installs packages for the engine pyodide alone", {
      place: config.origins.engine,
      remedy: "With cpython use that Python's own pip, such as .venv/bin/pip install.",
    });
  }
  exitOnSignals();
  const folder = installFolder(process.cwd());
  await mkdir(folder, { recursive: true });
  process.exitCode = Number(await callAlone(config, "puff._packages.pip:run", [folder, [...given]]));
}
