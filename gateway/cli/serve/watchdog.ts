/** Tells a process whose event loop has stopped from one that is busy. */

/** Milliseconds between looks. */
const interval = 1000;
/** Looks in a row that find a ping unanswered before the process is given up. */
export const patience = 10;

/**
 * Pings a process until it has been silent for {@link patience} looks, then calls `onSilent` once.
 *
 * It counts looks and not time: while a machine is suspended or its supervisor stands still, nobody looks, and between
 * two looks the supervisor reads what has arrived.
 *
 * @example
 * const watchdog = new Watchdog({ ping: () => worker.send("ping"), onSilent: () => worker.process.kill("SIGKILL") });
 * worker.on("message", () => watchdog.heard());
 * worker.once("exit", () => watchdog.stop());
 */
export class Watchdog {
  readonly #ping: () => void;
  readonly #onSilent: () => void;
  readonly #timer: NodeJS.Timeout;
  /** Looks since the last ping; null: it was answered. */
  #unanswered: number | null = null;

  constructor({ ping, onSilent }: { readonly ping: () => void; readonly onSilent: () => void }) {
    this.#ping = ping;
    this.#onSilent = onSilent;
    this.#timer = setInterval(() => this.#look(), interval);
  }

  /** The process has answered. */
  heard(): void {
    this.#unanswered = null;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    if (this.#unanswered === null) {
      this.#unanswered = 0;
      this.#ping();
    } else if (++this.#unanswered >= patience) {
      this.stop();
      this.#onSilent();
    }
  }
}
