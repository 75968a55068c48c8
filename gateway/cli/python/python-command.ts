/** Runs a Python function on the terminal, in a gateway of its own: management commands, tests. */
import { longestTimer } from "../../../python-bridge/index.ts";
import type { JsonValue } from "../../../schema/index.ts";
import type { DatabaseSource, DjangoOptions } from "../../options/options.ts";
import type { Configuration } from "../config/config.ts";
import { startDatabases } from "../support/databases.ts";
import { withGateway } from "../support/quiet-gateway.ts";
import { exitOnSignals } from "../support/signals.ts";

export interface PythonCommand {
  /** `module:function`, which takes the arguments as one list and gives the exit status. */
  readonly target: string;
  readonly given: readonly string[];
  readonly django: DjangoOptions;
  /** Whether GraphQL is there. */
  readonly schemas: boolean;
}

/**
 * Starts the databases, calls `run` with what runs a {@link PythonCommand}, and sets the process's exit status.
 *
 * @throws PuffError if the gateway does not start; what Python has to say is on the terminal.
 */
export async function commandInPython(
  config: Configuration,
  run: (call: (command: PythonCommand) => Promise<number>, databases: readonly DatabaseSource[]) => Promise<number>,
): Promise<void> {
  exitOnSignals();
  const { sources, stop } = await startDatabases(config, () => {});
  try {
    process.exitCode = await run((command) => callPython(config, sources, command), sources);
  } finally {
    await stop();
  }
}

/**
 * Calls a function of `puff` that needs nothing of the project but its packages: no schema, database or Redis.
 *
 * @example await callAlone(config, "puff._packages.compiled:survey", []);
 */
export async function callAlone(config: Configuration, target: string, args: readonly JsonValue[]): Promise<JsonValue> {
  const values = { ...config.values, redis_url: null, require_redis: false };
  const command = { target, given: [], django: { settings: "", start: "nothing" }, schemas: false } as const;
  return withPython({ ...config, values, hostModule: null }, [], command, args);
}

function callPython(
  config: Configuration,
  databases: readonly DatabaseSource[],
  command: PythonCommand,
): Promise<number> {
  return withPython(config, databases, command, [[...command.given]]).then(Number);
}

function withPython(
  config: Configuration,
  databases: readonly DatabaseSource[],
  { target, django, schemas }: PythonCommand,
  args: readonly JsonValue[],
): Promise<JsonValue> {
  return withGateway(
    {
      ...config,
      schemas: schemas ? config.schemas : [],
      values: { ...config.values, wsgi: null, django: django.settings },
    },
    databases,
    async ({ app }) => {
      const { value } = await app.puff.python.call(target, args, {
        deadline: null,
        signal: new AbortController().signal,
      });
      return value;
    },
    // It may compute for as long as it needs.
    { django, limits: { ...config.limits, pythonDeadline: longestTimer } },
  );
}
