/** GraphQL over a response that goes on: one operation a request, its answers one after the other. */
import type { Caller, OperationResponse, PreparedOperation } from "../../../planner/index.ts";
import { PuffError } from "../../../schema/index.ts";
import { startDeadline } from "../../terminal/prompts.ts";
import { isHidden, shownTo } from "../messages/error-response.ts";
import type { HttpResponse } from "../messages/message.ts";
import { callAt } from "../sockets/expiry.ts";
import type { Endpoint } from "./endpoint.ts";
import type { StreamForm } from "./stream-forms.ts";

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
  form: StreamForm,
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
    const rest = new EventStream(answers.answers, { signal, ended, report, form });
    const { headers, beginning: body } = form;
    return { kind: "stream", response: { status: 200, headers, body, rest, cut: cut.signal } };
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

/** Milliseconds without an answer after which the stream shows that it lives. */
const keepAlive = 12_000;

interface StreamOptions extends Pick<Endpoint, "report"> {
  readonly signal: AbortSignal;
  readonly form: StreamForm;
  ended(): void;
}

/**
 * The pieces of a stream, one for each answer, and signs of life while there is none. `complete` says that there is no more
 * to come: where this side has to end it before, it is left out, and clients connect again.
 */
class EventStream implements AsyncIterableIterator<Buffer> {
  readonly #answers: AsyncIterator<Buffer>;
  readonly #signal: AbortSignal;
  readonly #ended: () => void;
  readonly #report: Endpoint["report"];
  readonly #form: StreamForm;
  #state: "open" | "complete" | "ended" = "open";
  /** Whether an answer was asked for and has not come. */
  #asked = false;
  /** What came while nobody waited for it; null: the end. */
  #ready: Buffer | null | undefined;
  #give: ((event: Buffer | null) => void) | null = null;

  constructor(answers: AsyncIterator<Buffer>, { signal, ended, report, form }: StreamOptions) {
    this.#answers = answers;
    this.#signal = signal;
    this.#ended = ended;
    this.#report = report;
    this.#form = form;
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
      const timer = setTimeout(() => give(this.#form.silence), keepAlive);
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
        this.#deliver(done === true ? this.#complete() : this.#form.answer(value));
      },
      (error: unknown) => {
        if (isHidden(error)) {
          this.#report(error);
        }
        const { code, message } = shownTo(error);
        const failure = this.#form.failure(JSON.stringify([{ message, extensions: { code } }]));
        this.#deliver(Buffer.concat([failure, this.#complete() ?? Buffer.alloc(0)]));
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
    return this.#form.complete;
  }

  #end(): void {
    if (this.#state !== "ended") {
      this.#state = "ended";
      this.#ended();
    }
  }
}
