/**
 * `--processes`: several gateways on one port. This process supervises them: it owns the embedded Postgres and the init
 * SQL, and replaces those that die or whose event loop stands still.
 */
import cluster, { type Worker } from "node:cluster";
import { once } from "node:events";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import type { Logger } from "pino";
import { type Backoff, pauseAfter } from "../../../schema/index.ts";
import { defaultLimits } from "../../options/options.ts";
import { settleBeforeExit } from "../../server/exit.ts";
import { stopSignals } from "../../server/stop.ts";
import type { Configuration } from "../config/config.ts";
import type { Databases } from "../support/databases.ts";
import type { FromProcess, ToProcess } from "./process-messages.ts";
import { patience, Watchdog } from "./watchdog.ts";

/**
 * Starts the first process, and the others once it serves: what it found wrong is said once, and the snapshot of the
 * interpreter that it made is there for all. From then on they are stopped by SIGTERM, SIGINT, SIGQUIT and SIGHUP; a
 * second signal ends them at once.
 *
 * @returns null once the first serves, else the exit code with which it ended, having said why.
 */
export async function superviseProcesses(
  config: Configuration,
  databases: Databases,
  log: Logger,
): Promise<number | null> {
  // Each process accepts by itself: a connection that another accepted for it would hang where it dies meanwhile.
  cluster.schedulingPolicy = cluster.SCHED_NONE;
  cluster.setupPrimary({
    exec: fileURLToPath(new URL(`./process${extname(import.meta.filename)}`, import.meta.url)),
    args: [],
  });
  return await new Supervisor(config, databases, log).start();
}

/** Milliseconds of service after which a death does not continue a series, so that the next process starts at once. */
const stableTime = 10_000;
/** Milliseconds between the second death of a series and the next start; twice as long after each further one. */
const restart: Backoff = { first: 500, longest: 30_000 };
/** Milliseconds beyond the deadline of a request that processes have to stop before they are killed. */
const stopMargin = 7_000;

class Supervisor {
  readonly #config: Configuration;
  readonly #databases: Databases;
  readonly #log: Logger;
  readonly #alive = new Set<Worker>();
  /** Deaths in a row, by the process's number. */
  readonly #deaths = new Map<number, number>();
  #serving = false;
  #stopping = false;

  constructor(config: Configuration, databases: Databases, log: Logger) {
    this.#config = config;
    this.#databases = databases;
    this.#log = log;
  }

  async start(): Promise<number | null> {
    for (const signal of stopSignals) {
      process.on(signal, () => void this.#stop(signal));
    }
    const first = this.#keep(1);
    const code = await new Promise<number | null>((resolve) => {
      first.once("message", () => resolve(null));
      first.once("exit", (exitCode: number | null) => resolve(exitCode ?? 1));
    });
    if (code === null) {
      this.#serving = true;
      for (let number = 2; number <= this.#config.values.processes; number++) {
        this.#keep(number);
      }
    }
    return this.#stopping ? null : code; // the signal that stops it ends this process, too
  }

  /** Starts a process, and another in its place whenever it ends. */
  #keep(number: number): Worker {
    const worker = cluster.fork();
    this.#alive.add(worker);
    let servedSince: number | null = null;
    let silent = false;
    // Not while it starts: imports may keep its event loop from turning for long.
    let watchdog: Watchdog | null = null;
    worker.on("message", (message: FromProcess) => {
      if (message.kind === "alive") {
        watchdog?.heard();
        return;
      }
      servedSince = performance.now();
      this.#log.info({ process: number }, `process ${number} (${worker.process.pid}) serves`);
      watchdog = new Watchdog({
        ping: () => tell(worker, { kind: "ping" }),
        onSilent: () => {
          silent = true;
          worker.process.kill("SIGKILL"); // whatever blocks it would keep it from stopping, too
        },
      });
    });
    worker.once("exit", (code: number | null, signal: string | null) => {
      watchdog?.stop();
      this.#alive.delete(worker);
      if (this.#serving && !this.#stopping) {
        const ended = signal === null ? `ended with code ${code}` : `was ended by ${signal}`;
        const how = silent ? `did not answer for ${patience} s and ${ended}` : ended;
        const wasStable = servedSince !== null && performance.now() - servedSince >= stableTime;
        this.#replace(number, `process ${number} (${worker.process.pid}) ${how}`, wasStable);
      }
    });
    const { sources, embeddedFolder } = this.#databases;
    const announce = !this.#serving;
    tell(worker, { kind: "start", number, config: this.#config, sources, embeddedFolder, announce });
    return worker;
  }

  #replace(number: number, what: string, wasStable: boolean): void {
    const deaths = wasStable ? 1 : (this.#deaths.get(number) ?? 0) + 1;
    this.#deaths.set(number, deaths);
    const pause = deaths === 1 ? 0 : pauseAfter(deaths - 1, restart);
    const next = pause === 0 ? "starting another" : `starting another in ${pause / 1000} s`;
    this.#log.error({ process: number }, `${what}: ${next}`);
    setTimeout(() => {
      if (!this.#stopping) {
        this.#keep(number);
      }
    }, pause);
  }

  async #stop(signal: string): Promise<void> {
    if (this.#stopping) {
      this.#killAll();
      process.exit(1); // by way of the exit handlers, which end the embedded Postgres
    }
    this.#stopping = true;
    this.#log.info({ signal }, "stopping: finishing the requests in flight");
    const { requestDeadline = defaultLimits.requestDeadline } = this.#config.limits;
    let killed = false;
    const kill = () => {
      killed = true;
      this.#killAll();
    };
    const timer = setTimeout(kill, requestDeadline + stopMargin);
    const ends = [...this.#alive].map((worker) => once(worker, "exit"));
    for (const worker of this.#alive) {
      tell(worker, { kind: "stop" });
    }
    await Promise.all(ends);
    clearTimeout(timer);
    await this.#databases.stop();
    await settleBeforeExit();
    process.exit(killed ? 1 : 0);
  }

  #killAll(): void {
    for (const worker of this.#alive) {
      worker.process.kill("SIGKILL");
    }
  }
}

function tell(worker: Worker, message: ToProcess): void {
  // A process that is gone can't be told: its end is heard of anyway.
  worker.send(message, () => undefined);
}
