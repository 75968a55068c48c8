/** One of several gateway processes, started by the supervisor ({@link ./processes.ts}). */
import { settleBeforeExit } from "../../server/exit.ts";
import { stopSignals } from "../../server/stop.ts";
import { createLogger } from "../support/logs.ts";
import { reportFailure } from "../support/terminal.ts";
import { announce } from "./banner.ts";
import type { FromProcess, ToProcess } from "./process-messages.ts";
import { startGateway } from "./serve.ts";

/** On other systems node:cluster shares one listening socket among the processes. */
const sharing = { signals: false, reusePort: process.platform === "linux" };

type Start = Extract<ToProcess, { kind: "start" }>;

/** Stops gracefully; before the gateway serves, there is nothing to wait for. */
let stop = async (): Promise<void> => process.exit(0);

// A terminal sends SIGINT, and systemd SIGTERM, to all processes of the group at once: the supervisor stops them.
for (const signal of stopSignals) {
  process.on(signal, () => void (signal === "SIGTERM" ? stop() : undefined));
}
process.on("message", (message: ToProcess) => {
  switch (message.kind) {
    case "start":
      void run(message);
      break;
    case "ping":
      tell({ kind: "alive" });
      break;
    case "stop":
      void stop();
      break;
  }
});

async function run(start: Start): Promise<void> {
  const { config, sources, embeddedFolder, number } = start;
  const databases = { sources, embeddedFolder, stop: async () => undefined }; // the supervisor's own
  const log = createLogger(config.values.log_level, 1, number);
  try {
    const server = await startGateway(config, databases, log, sharing);
    let stopping = false;
    stop = async () => {
      if (!stopping) {
        stopping = true;
        await server.close();
        await settleBeforeExit();
        process.exit(0);
      }
    };
    tell({ kind: "ready" });
    if (start.announce) {
      announce(config, databases, server, log);
    }
  } catch (error) {
    reportFailure(error, config.values.log_level === "debug" || config.values.log_level === "trace");
    await settleBeforeExit();
    process.exit(1);
  }
}

function tell(message: FromProcess): void {
  process.send?.(message);
}
