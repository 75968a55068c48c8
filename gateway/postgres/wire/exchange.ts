/** What a connection and the statements under way on it know of each other. */
import type { Column, Statement } from "../../../planner/index.ts";

/** A statement that Postgres has parsed for one connection. */
export interface PreparedStatement {
  /** What it is found by. */
  readonly key: string;
  readonly name: string;
  /** Null until Postgres has described them. It refuses to run the statement once they would differ. */
  columns: readonly Column[] | null;
  /** False if it has no result at all, which is less than one without columns. */
  yieldsRows: boolean;
  /** Types of the parameters that it wants; null until Postgres has said so. */
  parameterTypes: readonly number[] | null;
  /** Bytes that the rows of its last run took. */
  size: number;
}

/** A statement under way, as its connection sees it: Client makes further calls on the one whose answer comes next. */
export interface Exchange<Connection> {
  readonly statement: Statement;
  /** Milliseconds since the server came to it. */
  readonly elapsed: number;
  /** Milliseconds that the connection has waited for the reader of the rows. */
  readonly heldTime: number;
  readonly failed: boolean;
  /** Ends the connection where the server has said nothing for too long. */
  endIfSilent(): void;
  /** Sends the statement. Returns false if it can't be sent: it has failed, and the connection knows nothing of it. */
  send(connection: Connection): boolean;
  /** Whether it can be sent to the connection together with others: it only reads, and nothing else goes with it. */
  mayShare(connection: Connection): boolean;
  /** Sends it without a Sync, where {@link mayShare} says that it can be. */
  sendShared(connection: Connection): void;
  /** Fails it as stranded: its answer, which is still to come, is for nobody. */
  abandon(): void;
  /** The next answer is its own. */
  submit(connection: Connection): void;
  handleParameterDescription(types: readonly number[]): void;
  handleNoData(): void;
  handleBindComplete(): void;
  handleCommandComplete(message: { readonly text: string }, connection: Connection): void;
  handleReadyForQuery(connection: Connection): void;
  handleError(error: Error, connection: Connection): void;
}
