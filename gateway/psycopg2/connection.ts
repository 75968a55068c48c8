/** One `psycopg2.connection` as the host sees it: a server connection that is there whenever Python needs it. */
import type { PooledClient, RawClient } from "../postgres/index.ts";
import { ConnectFailure } from "./connect-failure.ts";
import type { Guest, Lender } from "./lender.ts";
import { NestedTransactions, rollback } from "./nested.ts";
import type { News, StatementResult } from "./outcome.ts";
import { type Answer, PythonSession } from "./session.ts";

const never = new AbortController().signal;
const discard = Buffer.from("DISCARD ALL");

/**
 * A borrowed connection goes back to its pool when all greenlets that used it have ended, and is borrowed again when
 * another one uses it: a pool of SQLAlchemy's, say, keeps its connections over many requests. A connection of its own
 * stays until it is closed.
 */
export class PythonConnection implements Guest {
  readonly #lender: Lender | null;
  readonly #onLeftOpen: () => void;
  readonly #users = new Set<AbortSignal>();
  #session: PythonSession | null;
  #borrowing: Promise<PythonSession> | null = null;
  #closed = false;
  /** Whether the session is one that others use, too. */
  #isGuest = false;
  readonly #nested = new NestedTransactions();
  /** A transaction was rolled back behind Python's back, which has not been told. */
  #interrupted = false;

  static own(client: RawClient): PythonConnection {
    return new PythonConnection(new PythonSession(client), null, () => undefined);
  }

  static async borrowed(lender: Lender, signal: AbortSignal, onLeftOpen: () => void): Promise<PythonConnection> {
    const connection = new PythonConnection(null, lender, onLeftOpen);
    await connection.use(signal);
    return connection;
  }

  private constructor(session: PythonSession | null, lender: Lender | null, onLeftOpen: () => void) {
    this.#onLeftOpen = onLeftOpen;
    this.#session = session;
    this.#lender = lender;
  }

  /** The session for a call of the greenlet of `signal`. */
  async use(signal: AbortSignal): Promise<PythonSession> {
    this.#join(signal);
    if (this.#session !== null) {
      return this.#session;
    }
    if (this.#lender === null || this.#closed) {
      throw new ConnectFailure("the connection is closed\n");
    }
    const shared = this.#lender.shared.get(signal);
    if (shared !== undefined && this.#borrowing === null) {
      shared.add(this);
      this.#isGuest = true;
      this.#session = shared.session;
      return shared.session;
    }
    this.#borrowing ??= this.#borrow(this.#lender).finally(() => {
      this.#borrowing = null;
    });
    return await this.#borrowing;
  }

  async query(texts: readonly Uint8Array[], signal: AbortSignal): Promise<Answer> {
    if (this.#interrupted) {
      this.#interrupted = false;
      return { value: { result: interrupted, status: "I" }, buffers: [] };
    }
    const session = await this.use(signal);
    return session.nests ? await this.#nested.query(session, texts, signal) : await session.query(texts, signal);
  }

  async leaveShared(signal: AbortSignal): Promise<void> {
    if (this.#isGuest && this.#users.delete(signal) && this.#users.size === 0) {
      signal.removeEventListener("abort", this.#leave);
      await this.#goHome();
    }
  }

  endShared(): void {
    if (this.#isGuest) {
      this.#nested.hasBegun = false; // it has ended with all the rest
      void this.#goHome();
    }
  }

  /** What there is without borrowing anything. */
  poll(): { readonly value: News; readonly lost: boolean } {
    return this.#session === null
      ? { value: { status: "I" }, lost: this.#closed }
      : { value: this.#session.poll(), lost: this.#session.lost };
  }

  async cancel(): Promise<void> {
    await this.#session?.cancel();
  }

  /** Closes it, or gives it back. */
  close(): void {
    this.#closed = true;
    for (const signal of this.#users) {
      signal.removeEventListener("abort", this.#leave);
    }
    this.#users.clear();
    this.#release();
  }

  async #borrow(lender: Lender): Promise<PythonSession> {
    const session = new PythonSession(await lender.borrow());
    this.#session = session;
    if (this.#closed || this.#users.size === 0) {
      this.#release();
    }
    return session;
  }

  #join(signal: AbortSignal): void {
    if (!this.#users.has(signal) && !signal.aborted && !this.#closed) {
      this.#users.add(signal);
      signal.addEventListener("abort", this.#leave);
    }
  }

  readonly #leave = ({ target }: Event): void => {
    this.#users.delete(target as AbortSignal); // it listens to signals alone
    if (this.#isGuest && this.#users.size === 0) {
      void this.#goHome();
    } else if (this.#users.size === 0 && this.#lender !== null) {
      this.#interrupted = this.#session !== null && this.#session.status !== "I";
      if (this.#interrupted) {
        this.#onLeftOpen();
      }
      this.#release();
    }
  };

  /** Leaves a shared session as if a connection of its own went back: what was begun and not committed is undone. */
  async #goHome(): Promise<void> {
    const session = this.#session;
    this.#session = null;
    this.#isGuest = false;
    this.#interrupted = this.#nested.hasBegun && !this.#closed;
    if (this.#nested.hasBegun && session !== null) {
      this.#onLeftOpen();
      await this.#nested.query(session, [rollback], never);
    }
  }

  #release(): void {
    if (this.#isGuest) {
      void this.#goHome();
      return;
    }
    const session = this.#session;
    this.#session = null;
    if (session === null) {
      return;
    }
    if (this.#lender === null) {
      session.detach();
      session.client.end().catch(() => undefined);
      return;
    }
    // What a lender lends comes from its pool.
    this.#lender.giveBack(session.client as PooledClient, () => clean(session));
  }
}

/** Whether the next may find the session as new. */
export async function clean(session: PythonSession): Promise<boolean> {
  if (session.status === "A") {
    return false; // a statement or a COPY is under way: quicker ended than brought to an end
  }
  const last = session.status === "I" ? null : session.query([rollback], never);
  const answers = await Promise.all([last, session.query([discard], never)]);
  session.detach();
  return answers.every((answer) => answer === null || isCommand(answer)) && !session.lost;
}

function isCommand({ value }: Answer): boolean {
  return value !== null && "result" in value && value.result.kind === "command";
}

const interrupted: StatementResult = {
  kind: "error",
  fields: {
    S: "ERROR",
    V: "ERROR",
    C: "25P02",
    M: "the transaction was rolled back, because the calls into Python that used its connection have ended",
    H: "End a transaction in the call that began it.",
  },
};
