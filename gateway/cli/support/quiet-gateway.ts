/** A gateway for a command that ends: it listens where nobody asks, and says nothing. */
import { PuffError } from "../../../schema/index.ts";
import type { DatabaseSource, GatewayOptions } from "../../options/options.ts";
import { type RunningServer, startServer } from "../../server/server.ts";
import type { Configuration } from "../config/config.ts";
import { toGatewayOptions } from "../config/gateway-options.ts";
import { createLogger } from "./logs.ts";

/**
 * Runs `work` with a gateway and stops it. What signals do is left to the command: `exitOnSignals`.
 *
 * @param databases - none, where the schema alone is needed
 * @example const sdl = await withGateway(config, [], async ({ app }) => printSchema(app.puff.planners.get("default").schema));
 */
export async function withGateway<T>(
  config: Configuration,
  databases: readonly DatabaseSource[],
  work: (server: RunningServer) => Promise<T>,
  changes: Partial<GatewayOptions> = {},
): Promise<T> {
  const options = toGatewayOptions(config, databases);
  const server = await startServer({
    ...options,
    // It serves nobody, and one that does not fit keeps no command from saying so.
    schemas: options.schemas.map((schema) => ({ ...schema, documents: null, documentsOnly: false })),
    workers: 1,
    ...changes,
    port: 0,
    // Nobody has a request in flight: a command that is stopped ends at once, with the status of one that was.
    signals: false,
    // On stdout stands the command's answer: only what goes wrong is worth a line beside it.
    logger: createLogger(config.values.log_level === "info" ? "silent" : config.values.log_level, 2),
  });
  try {
    return await work(server);
  } finally {
    await server.close();
  }
}

/** Name of the schema that `--name` chooses; without it the only one, or the one named `default`. */
export function chooseSchema(config: Configuration, name: string | null): string {
  const names = toGatewayOptions(config, []).schemas.map((schema) => schema.name ?? "default");
  const wanted = name ?? (names.length === 1 ? names[0] : "default");
  if (wanted === undefined || !names.includes(wanted)) {
    const problem = name === null ? `there are ${names.length} schemas` : `there is no schema "${name}"`;
    throw new PuffError("PUFF_CONFIG_INVALID", problem, { remedy: `Name one with --name: ${names.join(", ")}.` });
  }
  return wanted;
}
