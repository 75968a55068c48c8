/** What the jobs of an interpreter come to, each told once. */
import type { JobOutcome } from "../protocol/messages.ts";
import { wholeBuffers } from "../protocol/transfer.ts";
import type { Greenlet } from "./greenlet.ts";
import type { Outbox } from "./outbox.ts";

/** What a job's answer is: JSON, or an array of it and buffers. */
export type Answer = string | [json: string, ...buffers: Uint8Array[]];

/** A batch that an interrupt meant for another hit is entered again, this often. */
const victimBound = 3;

export class JobAnswers {
  readonly #outbox: Outbox;
  readonly #limit: number;

  /** @param limit Milliseconds that Python may compute. */
  constructor(outbox: Outbox, limit: number) {
    this.#outbox = outbox;
    this.#limit = limit;
  }

  /** Whether the piece of Python that runs has computed for about as long as it may. */
  overruns({ since }: Greenlet): boolean {
    return performance.now() - since > this.#limit * 0.9;
  }

  /** It returned. */
  finish(greenlet: Greenlet, answer: Answer): void {
    const [json, ...buffers] = typeof answer === "string" ? [answer] : answer;
    if (json === "") {
      this.tell(greenlet, { failure: "raised", message: "GreenletExit was raised in it" }); // by itself, or too late
      return;
    }
    this.tell(greenlet, buffers.length === 0 ? { json } : { json, buffers: wholeBuffers(buffers) });
  }

  /** It raised. True: an interrupt that was meant for another has hit it, and it is to be entered again. */
  fail(greenlet: Greenlet, error: { readonly type: string; readonly message: string }): boolean {
    const { job } = greenlet;
    if (error.type !== "KeyboardInterrupt" || job === null) {
      this.tell(greenlet, { failure: "raised", message: error.message });
    } else if (greenlet.overran || this.overruns(greenlet)) {
      this.tell(greenlet, { failure: "computed", limit: this.#limit });
    } else if (greenlet.interrupts >= victimBound || !job.repeatable) {
      // By itself, or by an interrupt that came too late.
      this.tell(greenlet, { failure: "raised", message: "KeyboardInterrupt was raised in it" });
    } else {
      return !greenlet.answered;
    }
    return false;
  }

  tell(greenlet: Greenlet, outcome: OutcomeOf<JobOutcome>): void {
    const { job } = greenlet;
    if (greenlet.answered || job === null) {
      return;
    }
    greenlet.answered = true;
    this.#outbox.result({ id: job.id, ...outcome });
    if (!job.repeatable) {
      // What it did can't be done again, should the interpreter die of what comes next.
      this.#outbox.flush();
    }
  }
}

type OutcomeOf<T> = T extends unknown ? Omit<T, "id"> : never;
