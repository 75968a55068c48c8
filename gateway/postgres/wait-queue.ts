/** Those who wait for a connection, in their order, each for the same time at most. */

export interface Waiter<T> {
  start(granted: T): void;
  fail(error: Error): void;
}

/** Since all wait equally long, one timer suffices: that of the first. */
export class WaitQueue<W extends Waiter<unknown>> {
  readonly #patience: number;
  readonly #overdue: () => Error;
  readonly #waiting: { readonly waiter: W; readonly deadline: number }[] = [];
  #timer: NodeJS.Timeout | null = null;

  /**
   * @param patience Milliseconds that each waits at most.
   * @param overdue The error for those who waited that long.
   */
  constructor(patience: number, overdue: () => Error) {
    this.#patience = patience;
    this.#overdue = overdue;
  }

  get length(): number {
    return this.#waiting.length;
  }

  get first(): W | undefined {
    return this.#waiting[0]?.waiter;
  }

  push(waiter: W): void {
    this.#waiting.push({ waiter, deadline: performance.now() + this.#patience });
    this.#timer ??= setTimeout(() => this.#endOverdue(), this.#patience);
  }

  shift(): W | undefined {
    const first = this.#waiting.shift();
    this.#rest();
    return first?.waiter;
  }

  /** Takes those out that are not to wait any more. */
  drop(isOver: (waiter: W) => boolean): W[] {
    const over = this.#waiting.filter(({ waiter }) => isOver(waiter));
    for (const one of over) {
      this.#waiting.splice(this.#waiting.indexOf(one), 1);
    }
    this.#rest();
    return over.map(({ waiter }) => waiter);
  }

  failAll(error: Error): void {
    while (this.#waiting.length > 0) {
      this.shift()?.fail(error);
    }
  }

  #rest(): void {
    if (this.#waiting.length === 0 && this.#timer !== null) {
      clearTimeout(this.#timer);
      this.#timer = null;
    }
  }

  #endOverdue(): void {
    this.#timer = null;
    const now = performance.now();
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      if (first.deadline > now) {
        this.#timer = setTimeout(() => this.#endOverdue(), first.deadline - now);
        return;
      }
      this.shift()?.fail(this.#overdue());
    }
  }
}
