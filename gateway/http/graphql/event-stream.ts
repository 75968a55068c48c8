/**
 * GraphQL over server-sent events, in the mode of distinct connections: one operation a request, its answers as events
 * named `next`, and `complete` at the end.
 *
 * @see https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md
 */
import type { Caller, OperationResponse, PreparedOperation } from "../../../planner/index.ts";
import { PuffError } from "../../../schema/index.ts";
import { startDeadline } from "../../terminal/prompts.ts";
import { isHidden, shownTo } from "../messages/error-response.ts";
import type { HttpResponse } from "../messages/message.ts";
import { callAt } from "../sockets/expiry.ts";
import type { Endpoint } from "./endpoint.ts";

/** A stream that has begun, or the answer that refuses it as over plain HTTP. */
type Opened =
  | { readonly kind: "stream"; readonly response: HttpResponse }
  | { readonly kind: "refused"; readonly response: OperationResponse };

/**
 * Runs an operation and streams its answers.
 *
 * @param abort - aborted by the caller when the client is gone, and by this function for all other reasons to end
 * @throws PuffError `PUFF_TOO_MANY_SUBSCRIPTIONS`
 */
export async function openEventStream(
  operation: PreparedOperation,
  variables: { readonly [name: string]: unknown },
  asking: Caller,
  { planner, subscribers, queueLimit, deadline, report }: Endpoint,
  abort: AbortController,
): Promise<Opened> {
  const { signal } = abort;
  const cut = new AbortController();
  const leave = subscribers.add(() => abort.abort(new PuffError("PUFF_SHUTTING_DOWN", "the gateway stops")));
  const timer = startDeadline(deadline, () =>
    abort.abort(new PuffError("PUFF_REQUEST_DEADLINE", `the request took longer than ${deadline / 1000} s`)),
  );
  try {
    const authenticated = await planner.authenticate(asking, signal);
    if (authenticated.kind === "refused") {
      leave();
      return authenticated;
    }
    const { caller, expires } = authenticated;
    const answers = await begin(caller);
    if (answers.kind === "refused") {
      leave();
      return answers;
    }
    const endExpiry = callAt(expires, () => abort.abort());
    const ended = () => {
      leave();
      endExpiry();
    };
    const rest = new EventStream(answers.answers, { signal, ended, report });
    return { kind: "stream", response: { status: 200, headers, body: comment, rest, cut: cut.signal } };
  } finally {
    clearTimeout(timer);
  }

  async function begin(caller: Caller): ReturnType<typeof planner.subscribe> {
    if (operation.type === "subscription") {
      const behind = (error: PuffError) => cut.abort(error);
      return await planner.subscribe(operation, variables, caller, { signal, queueBytes: queueLimit, behind });
    }
    const response = await planner.execute(operation, variables, caller, { signal });
    return response.executed ? { kind: "stream", answers: once(response.body) } : { kind: "refused", response };
  }
}

async function* once(body: Buffer): AsyncGenerator<Buffer, undefined> {
  yield body;
}

/** Milliseconds of silence after which a comment shows proxies and clients that the stream lives. */
const keepAlive = 12_000;

const headers = Object.freeze({
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-store",
  // Nginx would hold events back.
  "x-accel-buffering": "no",
  vary: "accept",
});
const comment = Buffer.from(":\n\n");
const next = Buffer.from("event: next\ndata: ");
const endOfEvent = Buffer.from("\n\n");
const complete = Buffer.from("event: complete\ndata:\n\n");

/** An answer as an event. A line break ends a field of an event, and in JSON, which Postgres may have broken, it is a space. */
function eventOf(answer: Buffer): Buffer {
  const event = Buffer.concat([next, answer, endOfEvent]); // a copy: others may be sent the same answer
  const end = event.length - endOfEvent.length;
  for (const code of [0x0a, 0x0d]) {
    for (let at = event.indexOf(code, next.length); at !== -1 && at < end; at = event.indexOf(code, at + 1)) {
      event[at] = 0x20;
    }
  }
  return event;
}

interface StreamOptions extends Pick<Endpoint, "report"> {
  readonly signal: AbortSignal;
  ended(): void;
}

/**
 * The events of a stream, one for each answer, and comments while there is none. `complete` says that there is no more
 * to come: where this side has to end it before, it is left out, and clients connect again.
 */
class EventStream implements AsyncIterableIterator<Buffer> {
  readonly #answers: AsyncIterator<Buffer>;
  readonly #signal: AbortSignal;
  readonly #ended: () => void;
  readonly #report: Endpoint["report"];
  #state: "open" | "complete" | "ended" = "open";
  /** Whether an answer was asked for and has not come. */
  #asked = false;
  /** What came while nobody waited for it; null: the end. */
  #ready: Buffer | null | undefined;
  #give: ((event: Buffer | null) => void) | null = null;

  constructor(answers: AsyncIterator<Buffer>, { signal, ended, report }: StreamOptions) {
    this.#answers = answers;
    this.#signal = signal;
    this.#ended = ended;
    this.#report = report;
    signal.addEventListener("abort", () => void answers.return?.(), { once: true });
    if (signal.aborted) {
      void answers.return?.();
    }
  }

  async next(): Promise<IteratorResult<Buffer>> {
    const ready = this.#ready;
    this.#ready = undefined;
    const event = ready !== undefined ? ready : this.#state === "open" ? await this.#wait() : null;
    if (event === null) {
      this.#end();
      return { done: true, value: undefined };
    }
    return { done: false, value: event };
  }

  async return(): Promise<IteratorResult<Buffer>> {
    await this.#answers.return?.();
    this.#end();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #wait(): Promise<Buffer | null> {
    this.#ask();
    return new Promise((resolve) => {
      const timer = setTimeout(() => give(comment), keepAlive);
      const give = (event: Buffer | null) => {
        clearTimeout(timer);
        this.#give = null;
        resolve(event);
      };
      this.#give = give;
    });
  }

  #ask(): void {
    if (this.#asked) {
      return;
    }
    this.#asked = true;
    this.#answers.next().then(
      ({ done, value }) => {
        this.#asked = false;
        this.#deliver(done === true ? this.#complete() : eventOf(value));
      },
      (error: unknown) => {
        if (isHidden(error)) {
          this.#report(error);
        }
        const { code, message } = shownTo(error);
        const body = JSON.stringify({ errors: [{ message, extensions: { code } }] });
        this.#deliver(Buffer.concat([eventOf(Buffer.from(body)), this.#complete() ?? endOfEvent]));
      },
    );
  }

  #deliver(event: Buffer | null): void {
    if (this.#give === null) {
      this.#ready = event;
    } else {
      this.#give(event);
    }
  }

  #complete(): Buffer | null {
    if (this.#signal.aborted) {
      return null;
    }
    this.#state = "complete";
    return complete;
  }

  #end(): void {
    if (this.#state !== "ended") {
      this.#state = "ended";
      this.#ended();
    }
  }
}
