import type { ResolveResult } from "../../schema/index.ts";
import { asError, Failed, fromWireError } from "../layers/values.ts";
import type { SubscriptionAnswers } from "./subscription-answers.ts";

/**
 * Answers with what a generator in Python yields, for one subscriber. The next value is asked for when the reader asks for
 * the next answer, so a client that reads slowly slows its generator down and nothing piles up.
 */
export class GeneratorAnswers implements AsyncIterableIterator<Buffer> {
  readonly #left = new AbortController();
  readonly #results: AsyncIterator<ResolveResult>;
  readonly #answers: SubscriptionAnswers;
  #ended = false;

  /** `iterate` begins; its signal ends what it began. */
  constructor(
    iterate: (ended: AbortSignal) => AsyncIterator<ResolveResult>,
    answers: SubscriptionAnswers,
    signal: AbortSignal,
  ) {
    this.#results = iterate(AbortSignal.any([signal, this.#left.signal]));
    this.#answers = answers;
  }

  async next(): Promise<IteratorResult<Buffer>> {
    while (!this.#ended) {
      const result = await this.#nextResult();
      const answer = result === null ? null : await this.#answers.answerWith(result);
      if (answer !== null && !this.#left.signal.aborted) {
        return { done: false, value: answer };
      }
    }
    return { done: true, value: undefined };
  }

  async return(): Promise<IteratorResult<Buffer>> {
    this.#ended = true;
    this.#left.abort();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** A generator that fails has its failure as its last result. Null: there is no more. */
  async #nextResult(): Promise<ResolveResult | Failed | null> {
    try {
      const { done, value } = await this.#results.next();
      if (done === true) {
        this.#ended = true;
        return null;
      }
      return value.kind === "failure" ? new Failed(fromWireError(value.error)) : value;
    } catch (error) {
      this.#ended = true;
      return new Failed(asError(error));
    }
  }
}
