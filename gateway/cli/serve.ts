/** `puff-gateway`: serves until it is told to stop. */
import type { Logger } from "pino";
import { type RunningServer, startServer } from "../http/server.ts";
import { announce } from "./banner.ts";
import type { Configuration } from "./config.ts";
import { type Databases, startDatabases } from "./databases.ts";
import { toGatewayOptions } from "./gateway-options.ts";
import { runInitSql } from "./init-sql.ts";
import { createLogger } from "./logs.ts";
import { requireFreePort } from "./port.ts";
import { exitOnSignals } from "./signals.ts";
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
  let server: RunningServer;
  try {
    server = await start(config, databases, log);
  } catch (error) {
    await databases.stop();
    throw error;
  }
  release();
  announce(config, databases, server, log);
}

async function start(config: Configuration, databases: Databases, log: Logger): Promise<RunningServer> {
  const { init_sql: initSql, bind, port, watch } = config.values;
  const target = databases.sources.find(({ name }) => name === "default") ?? databases.sources[0];
  if (initSql !== null && target !== undefined) {
    const outcome = await runInitSql(target.url, initSql, config.limits);
    log[outcome === "ran" ? "info" : "debug"](`${initSql}: ${outcome === "ran" ? "run" : "known to this database"}`);
  }
  let stopWatching = async () => {};
  const server = await startServer({
    ...toGatewayOptions(config, databases.sources),
    address: bind,
    port,
    logger: log,
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
