/** What an operation asks of Python while Python waits for the operation: each question is an answer to its call. */
import { type JsonValue, PuffError, type ResolveBatch } from "../../schema/index.ts";

export type Question =
  /** Call these resolvers: a ResolveBatchResult as text. */
  | { readonly kind: "resolve"; readonly batch: ResolveBatch }
  /** On which connection to this database are statements run: its handle, or null for the pool's. */
  | { readonly kind: "connection"; readonly database: string };

export type Step<Result> = Question | { readonly kind: "answer"; readonly answer: Result };

/** Questions come one at a time, in the order in which they were asked. */
export class Conversation<Result> {
  readonly #questions: { readonly question: Question; readonly settle: Settle }[] = [];
  readonly #result: Promise<Step<Result>>;
  #asked: { readonly settle: Settle } | null = null;
  #wake: () => void = () => undefined;
  #ended: PuffError | null = null;

  constructor(run: (ask: (question: Question) => Promise<JsonValue>) => Promise<Result>) {
    this.#result = run((question) => this.#ask(question)).then((answer) => ({ kind: "answer", answer }));
    this.#result.catch(() => undefined); // the next step reports it
  }

  /** What Python is to do now: answer a question by {@link reply}, or take the result. */
  async next(): Promise<Step<Result>> {
    while (this.#asked === null) {
      const first = this.#questions.shift();
      if (first !== undefined) {
        this.#asked = first;
        return first.question;
      }
      const { promise, resolve } = Promise.withResolvers<null>();
      this.#wake = () => resolve(null);
      const step = await Promise.race([this.#result, promise]);
      if (step !== null) {
        return step;
      }
    }
    throw new PuffError("PUFF_INTERNAL", "the last question has not been answered");
  }

  reply(value: JsonValue): void {
    this.#asked?.settle.resolve(value);
    this.#asked = null;
  }

  /** Nobody answers any more. */
  end(): void {
    this.#ended = new PuffError("PUFF_REQUEST_INVALID", "the caller of the operation has left");
    for (const { settle } of [...(this.#asked === null ? [] : [this.#asked]), ...this.#questions.splice(0)]) {
      settle.reject(this.#ended);
    }
  }

  async #ask(question: Question): Promise<JsonValue> {
    if (this.#ended !== null) {
      throw this.#ended;
    }
    const { promise, ...settle } = Promise.withResolvers<JsonValue>();
    this.#questions.push({ question, settle });
    this.#wake();
    return await promise;
  }
}

interface Settle {
  resolve(value: JsonValue): void;
  reject(error: PuffError): void;
}
