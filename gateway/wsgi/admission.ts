/** Lets a bounded number of requests in at a time, and a bounded number wait. */
import { PuffError } from "../../schema/index.ts";

export class Admission {
  readonly #places: number;
  readonly #queueLimit: number;
  readonly #queue: (() => void)[] = [];
  #taken = 0;

  constructor(places: number, queueLimit: number) {
    this.#places = places;
    this.#queueLimit = queueLimit;
  }

  /**
   * Runs `work` when there is a place for it.
   *
   * @throws PuffError `PUFF_WSGI_BUSY` where too many wait already, or the signal's reason where it aborts first
   */
  async run<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    if (this.#taken < this.#places) {
      this.#taken++;
    } else {
      await this.#wait(signal);
    }
    try {
      return await work();
    } finally {
      const next = this.#queue.shift();
      if (next === undefined) {
        this.#taken--;
      } else {
        next();
      }
    }
  }

  async #wait(signal: AbortSignal): Promise<void> {
    if (this.#queue.length >= this.#queueLimit) {
      throw new PuffError("PUFF_WSGI_BUSY", `${this.#queue.length} requests wait for the application already`, {
        remedy: "Try again in a moment.",
      });
    }
    await new Promise<void>((resolve, reject) => {
      const enter = () => {
        signal.removeEventListener("abort", leave);
        resolve();
      };
      const leave = () => {
        this.#queue.splice(this.#queue.indexOf(enter), 1);
        reject(signal.reason);
      };
      this.#queue.push(enter);
      signal.addEventListener("abort", leave, { once: true });
    });
  }
}
