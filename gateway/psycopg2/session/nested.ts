/** Python's statements in a transaction of the planner: Python's own transactions are savepoints there. */
import type { StatementResult } from "./outcome.ts";
import { type Answer, never, type PythonSession, resultOf } from "./session.ts";

/** What psycopg2 begins and ends transactions with, and what that is here. */
const commands: readonly (readonly [pattern: RegExp, savepoint: Buffer, begins: boolean])[] = [
  [/^BEGIN\b/, Buffer.from("SAVEPOINT puff_python"), true],
  [/^COMMIT$/, Buffer.from("RELEASE SAVEPOINT puff_python"), false],
  [/^ROLLBACK$/, Buffer.from("ROLLBACK TO SAVEPOINT puff_python; RELEASE SAVEPOINT puff_python"), false],
];
/** Bytes of the longest of these: BEGIN with all its modes. */
const longest = 80;

export const rollback = Buffer.from("ROLLBACK");
const save = Buffer.from("SAVEPOINT puff_statement");
const keep = Buffer.from("RELEASE SAVEPOINT puff_statement");
const undo = Buffer.from("ROLLBACK TO SAVEPOINT puff_statement; RELEASE SAVEPOINT puff_statement");

/** One connection's. */
export class NestedTransactions {
  /** Whether one was begun and has not ended. */
  hasBegun = false;

  async query(session: PythonSession, texts: readonly Uint8Array[], signal: AbortSignal): Promise<Answer> {
    const wasOpen = this.hasBegun;
    const sent = texts.map((text) => this.#nest(text));
    if (wasOpen || this.hasBegun) {
      return await session.query(sent, signal).catch((error: unknown) => {
        this.hasBegun = wasOpen; // nothing was sent
        throw error;
      });
    }
    // With autocommit a statement that fails leaves the next ones be.
    const answer = await session.query([save, ...sent], signal);
    const result = resultOf(answer);
    if (result?.kind === "error") {
      await session.query([undo], never);
      return { ...answer, value: { result, ...answer.value, status: session.status } };
    }
    if (result?.kind === "rows" || result?.kind === "command") {
      void session.query([keep], never);
    }
    return answer;
  }

  #nest(text: Uint8Array): Uint8Array {
    const command = text.length > longest ? "" : Buffer.from(text).toString();
    const found = commands.find(([pattern]) => pattern.test(command));
    if (found === undefined) {
      return text;
    }
    const [, savepoint, begins] = found;
    this.hasBegun = begins;
    return savepoint;
  }
}

/** The answer to a statement whose transaction was rolled back behind its connection's back. */
export const interrupted: StatementResult = {
  kind: "error",
  fields: {
    S: "ERROR",
    V: "ERROR",
    C: "25P02",
    M: "the transaction was rolled back, because the calls into Python that used its connection have ended",
    H: "End a transaction in the call that began it.",
  },
};
