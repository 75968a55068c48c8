/** `puff-gateway django …`: Django's management commands, on the terminal. */
import { PuffError } from "../../schema/index.ts";
import type { DatabaseSource } from "../options.ts";
import type { Configuration } from "./config.ts";
import { startDatabases } from "./databases.ts";
import { nameDjangoSettings } from "./gateway-options.ts";
import { withGateway } from "./quiet-gateway.ts";
import { exitOnSignals } from "./signals.ts";

/**
 * Runs a management command and sets the process's exit status to its own.
 *
 * @param given - what follows `manage.py`
 * @throws PuffError where the gateway does not start; what Django has to say is on the terminal.
 */
export async function djangoCommand(config: Configuration, given: readonly string[]): Promise<void> {
  const release = exitOnSignals();
  const { sources, stop } = await startDatabases(config, () => {});
  try {
    process.exitCode = await manage(config, sources, given, release);
  } finally {
    await stop();
  }
}

async function manage(
  config: Configuration,
  databases: readonly DatabaseSource[],
  given: readonly string[],
  onStarted: () => void,
): Promise<number> {
  const run = (start: "setup" | "nothing") => runWith(config, databases, given, onStarted, start);
  if (given.some((word) => /^--(settings|pythonpath)\b/.test(word))) {
    return await run("nothing");
  }
  try {
    // From a snapshot, where there is one: importing Django and the project takes seconds.
    return await run("setup");
  } catch (error) {
    if (error instanceof PuffError && loadCodes.includes(error.code)) {
      return await run("nothing");
    }
    throw error;
  }
}

/** With these the start fails where the project does not load, which Django tells in its own way. */
const loadCodes = ["PUFF_DJANGO_SETTINGS", "PUFF_SCHEMA_SYNTAX", "PUFF_COMPILED_PACKAGE"];

function runWith(
  config: Configuration,
  databases: readonly DatabaseSource[],
  given: readonly string[],
  onStarted: () => void,
  start: "setup" | "nothing",
): Promise<number> {
  const { folder, values, environment, limits } = config;
  // Without settings Django says itself what is missing, where a command needs them.
  const settings = nameDjangoSettings(values.django, folder, environment) ?? "";
  return withGateway(
    { ...config, schemas: [], values: { ...values, wsgi: null, django: settings } },
    databases,
    async ({ app }) => {
      onStarted();
      const { value } = await app.puff.python.call("puff._django:manage", [[...given]], {
        deadline: null,
        signal: new AbortController().signal,
      });
      return Number(value);
    },
    {
      django: { settings, folder, start: settings === "" ? "nothing" : start },
      // A command may compute for as long as it needs.
      limits: { ...limits, pythonDeadline: 2 ** 31 - 1 },
    },
  );
}
