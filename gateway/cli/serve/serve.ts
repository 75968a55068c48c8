/** `puff-gateway`: serves until it is told to stop. */
import type { Logger } from "pino";
import { type ListenOptions, type RunningServer, startServer } from "../../server/server.ts";
import type { Configuration } from "../config/config.ts";
import { toGatewayOptions } from "../config/gateway-options.ts";
import { type Databases, startDatabases } from "../support/databases.ts";
import { prepareDatabase } from "../support/init-sql.ts";
import { createLogger } from "../support/logs.ts";
import { freePort, requireFreePort } from "../support/port.ts";
import { exitOnSignals } from "../support/signals.ts";
import { announce } from "./banner.ts";
import { watchFiles } from "./watch.ts";

/**
 * Starts the gateway with what it needs, and says where it is. It stops on SIGTERM and SIGINT.
 *
 * @throws PuffError for a user's mistake; nothing that was started is left running.
 */
export async function serveCommand(config: Configuration): Promise<void> {
  const log = createLogger(config.values.log_level);
  toGatewayOptions(config, []); // what is wrong with the schemas is said before anything starts
  await requireFreePort(config.values.bind, config.values.port);
  const release = exitOnSignals();
  const databases = await startDatabases(config, (message) => log.debug({ logger: "postgres" }, message));
  try {
    const prepared = await prepareDatabase(config, databases.sources);
    if (prepared !== null) {
      log[prepared === "ran" ? "info" : "debug"](
        `${config.values.init_sql}: ${prepared === "ran" ? "run" : "known to this database"}`,
      );
    }
    if (config.values.processes === 1) {
      const server = await startGateway(config, databases, log);
      release();
      announce(config, databases, server, log);
      return;
    }
    const { superviseProcesses } = await import("./processes.ts");
    const chosen = await choosePort(config);
    release();
    const code = await superviseProcesses(chosen, databases, log);
    if (code !== null) {
      await databases.stop();
      process.exit(code);
    }
  } catch (error) {
    await databases.stop();
    throw error;
  }
}

/** Starts the server, alone or as one of several that share a port. */
export async function startGateway(
  config: Configuration,
  databases: Databases,
  log: Logger,
  sharing: Pick<ListenOptions, "signals" | "reusePort"> = {},
): Promise<RunningServer> {
  const { bind, port, watch } = config.values;
  let stopWatching = async () => {};
  const server = await startServer({
    ...toGatewayOptions(config, databases.sources),
    address: bind,
    port,
    logger: log,
    ...sharing,
    async onStopped() {
      await stopWatching();
      await databases.stop();
    },
  });
  if (watch) {
    stopWatching = await watchFiles(config, server.app.puff, log);
  }
  return server;
}

/** A free port in the place of 0, so that a process that replaces another listens on the same. */
async function choosePort(config: Configuration): Promise<Configuration> {
  const { bind, port } = config.values;
  return port !== 0 ? config : { ...config, values: { ...config.values, port: await freePort(bind) } };
}
