/** Statements of one turn of the event loop that go to Postgres in one write, with one Sync. */
import type { Exchange } from "./exchange.ts";

/**
 * Several statements as one query of pg's Client. Postgres sends what it has to say of all of them when it has run the last,
 * or when there is much of it, so they have to be quick. Postgres answers them one after another, and skips those that follow on
 * an error: they fail as stranded, so that they are run again. So they may only read.
 */
export class Flight<Connection> {
  readonly #queries: readonly Exchange<Connection>[];
  readonly #answered: (query: Exchange<Connection>) => void;
  /** The one whose answer comes next. */
  #at = 0;
  #told = 0;

  /** `answered` is called with each that has ended but for the last, which ends with the flight. */
  constructor(queries: readonly Exchange<Connection>[], answered: (query: Exchange<Connection>) => void) {
    this.#queries = queries;
    this.#answered = answered;
  }

  /** Those that `answered` was not called with. */
  get left(): readonly Exchange<Connection>[] {
    return this.#queries.slice(this.#told);
  }

  /** Fails all but the one whose answer comes. */
  abandonFollowing(): void {
    for (const query of this.#queries.slice(this.#at + 1)) {
      query.abandon();
    }
  }

  abandon(): void {
    for (const query of this.#queries.slice(this.#at)) {
      query.abandon();
    }
  }

  submit(connection: Connection): void {
    this.#queries[this.#at]?.submit(connection);
  }

  handleCommandComplete(message: { text: string }, connection: Connection): void {
    const query = this.#queries[this.#at];
    query?.handleCommandComplete(message, connection);
    this.#endCurrent(connection);
  }

  /** What the server says is of the one whose answer came; the end of the connection is of all. */
  handleError(error: Error, connection: Connection): void {
    const [current, ...following] = this.#queries.slice(this.#at);
    this.#at = this.#queries.length;
    current?.handleError(error, connection);
    for (const query of following) {
      query.abandon();
    }
  }

  handleReadyForQuery(): void {
    // Each has ended with its CommandComplete.
  }

  #endCurrent(connection: Connection): void {
    const query = this.#queries[this.#at];
    this.#at++;
    query?.handleReadyForQuery(connection);
    const next = this.#queries[this.#at];
    next?.submit(connection);
    if (query !== undefined && next !== undefined) {
      this.#told++;
      this.#answered(query);
    }
  }
}
