/** One `psycopg2.connection` as the host sees it: a server connection that is there whenever Python needs it. */
import type { RawClient } from "../postgres/index.ts";
import { ConnectFailure, checkNotEnded } from "./connect/connect-failure.ts";
import type { Guest, Lender, Resting } from "./lender.ts";
import { interrupted, NestedTransactions, rollback } from "./session/nested.ts";
import type { News } from "./session/outcome.ts";
import { type Answer, never, PythonSession, resultOf } from "./session/session.ts";
import { mayChangeSession, readState, restoreState, type Settings, stateOf } from "./session/session-state.ts";

const discard = Buffer.from("DISCARD ALL");

/**
 * A borrowed connection rests when all greenlets that used it have ended: it keeps its session, as a thread's of Django or
 * one in a SQLAlchemy pool has to, until others wait for a connection. Then the session goes back to the lender's pool, and
 * another one is made like it when it is next used. A connection of its own stays until it is closed.
 */
export class PythonConnection implements Guest, Resting {
  readonly #lender: Lender | null;
  readonly #onLeftOpen: () => void;
  readonly #onUse: (signal: AbortSignal) => void;
  readonly #users = new Set<AbortSignal>();
  #session: PythonSession | null;
  #borrowing: Promise<PythonSession> | null = null;
  #closed = false;
  /** One that others use, too, in the place of its own. */
  #shared: PythonSession | null = null;
  readonly #nested = new NestedTransactions();
  /** A transaction was rolled back behind Python's back, which has not been told. */
  #interrupted = false;
  /** What another session is made like this one with, as it was when it last rested; null: none can be. */
  #state: string | null;
  #mayHaveChanged = false;
  /** It is being made ready to rest. */
  #tidying = false;
  readonly #ownSettings = new Set<string>();

  /** @param onUse - is called before each query, with the signal of its greenlet. */
  static own(client: RawClient, onUse: (signal: AbortSignal) => void): PythonConnection {
    return new PythonConnection(new PythonSession(client), null, { onLeftOpen: () => undefined, onUse, settings: [] });
  }

  /** @param settings - what its session is to have from the start. */
  static async borrowed(
    lender: Lender,
    settings: Settings,
    { signal, onLeftOpen }: { readonly signal: AbortSignal; readonly onLeftOpen: () => void },
  ): Promise<PythonConnection> {
    const connection = new PythonConnection(null, lender, { onLeftOpen, onUse: () => undefined, settings });
    try {
      await connection.use(signal);
    } catch (error) {
      connection.close();
      throw error;
    }
    return connection;
  }

  private constructor(
    session: PythonSession | null,
    lender: Lender | null,
    {
      onLeftOpen,
      onUse,
      settings,
    }: {
      readonly onLeftOpen: () => void;
      readonly onUse: (signal: AbortSignal) => void;
      readonly settings: Settings;
    },
  ) {
    this.#state = stateOf(settings);
    for (const [name] of settings.filter(([one]) => one.includes("."))) {
      this.#ownSettings.add(name);
    }
    this.#onLeftOpen = onLeftOpen;
    this.#onUse = onUse;
    this.#session = session;
    this.#lender = lender;
  }

  /** The session for a call of the greenlet of `signal`. */
  async use(signal: AbortSignal): Promise<PythonSession> {
    const rested = this.#users.size === 0;
    this.#join(signal);
    if (this.#lender === null || this.#closed) {
      return this.#session ?? fail("the connection is closed\n");
    }
    if (rested) {
      checkNotEnded(signal); // what it has left open ends without it
    }
    const shared = this.#lender.shared.get(signal);
    if (shared?.ended === true) {
      fail("the transaction that the call should join has ended\n"); // not beside it, as if it were done
    }
    if (shared !== undefined && rested && this.#borrowing === null) {
      shared.add(this);
      this.#shared = shared.session;
    }
    if (this.#shared !== null) {
      return this.#shared;
    }
    if (this.#session !== null) {
      this.#lender.wake(this);
      if (!rested || !this.#session.lost) {
        return this.#session;
      }
      this.surrender(); // Postgres was started again, say
    }
    this.#borrowing ??= this.#borrow(this.#lender).finally(() => {
      this.#borrowing = null;
    });
    const session = await this.#borrowing;
    checkNotEnded(signal);
    return session;
  }

  async query(texts: readonly Uint8Array[], signal: AbortSignal): Promise<Answer> {
    this.#onUse(signal);
    if (this.#interrupted) {
      this.#interrupted = false;
      return { value: { result: interrupted, status: "I" }, buffers: [] };
    }
    const session = await this.use(signal);
    for (const text of texts) {
      const mayChange = mayChangeSession(text, this.#ownSettings);
      this.#mayHaveChanged ||= mayChange;
    }
    return session.nests ? await this.#nested.query(session, texts, signal) : await session.query(texts, signal);
  }

  async leaveShared(signal: AbortSignal): Promise<void> {
    if (this.#shared !== null && this.#users.delete(signal) && this.#users.size === 0) {
      signal.removeEventListener("abort", this.#leave);
      await this.#goHome(this.#shared);
    }
  }

  endShared(): void {
    if (this.#shared !== null) {
      this.#nested.hasBegun = false; // it has ended with all the rest
      void this.#goHome(this.#shared);
    }
  }

  /** What there is without borrowing anything. */
  poll(): { readonly value: News; readonly lost: boolean } {
    const session = this.#shared ?? this.#session;
    return session === null
      ? { value: { status: "I" }, lost: this.#closed }
      : { value: session.poll(), lost: session.lost };
  }

  async cancel(): Promise<void> {
    await (this.#shared ?? this.#session)?.cancel();
  }

  /** Closes it, or gives it back. */
  close(): void {
    this.#closed = true;
    for (const signal of this.#users) {
      signal.removeEventListener("abort", this.#leave);
    }
    this.#users.clear();
    if (this.#shared !== null) {
      void this.#goHome(this.#shared);
    }
    const session = this.#session;
    this.#session = null;
    if (session !== null && this.#lender !== null) {
      this.#lender.wake(this);
      this.#giveBack(session, this.#lender);
    } else if (session !== null && isBroken(session)) {
      session.giveUp();
    } else if (session !== null) {
      session.detach();
      session.client.end().catch(() => undefined);
    }
  }

  surrender(): void {
    const session = this.#session;
    if (session !== null && this.#lender !== null) {
      this.#session = null;
      this.#giveBack(session, this.#lender);
    }
  }

  async #borrow(lender: Lender): Promise<PythonSession> {
    if (this.#state === null) {
      throw new ConnectFailure("the session returned to its pool or ended, and its state is lost\n");
    }
    const session = new PythonSession(await lender.borrow());
    this.#session = session;
    const refused = await restoreState(session, this.#state);
    if (refused !== null) {
      this.close();
      throw new ConnectFailure(`the settings of the connection could not be restored: ${refused}\n`);
    }
    if (this.#closed) {
      this.close();
    } else if (this.#users.size === 0) {
      void this.#rest(session, lender);
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
    if (this.#users.size > 0) {
      return;
    }
    if (this.#shared !== null) {
      void this.#goHome(this.#shared);
    } else if (this.#session !== null && this.#lender !== null) {
      void this.#rest(this.#session, this.#lender);
    }
  };

  /** Nobody uses the session for the time being. */
  async #rest(session: PythonSession, lender: Lender): Promise<void> {
    if (this.#tidying) {
      return; // another caller has used it meanwhile
    }
    this.#tidying = true;
    const isUnused = (): boolean => this.#users.size === 0 && this.#session === session;
    while (isUnused() && (session.status !== "I" || this.#mayHaveChanged)) {
      await this.#tidy(session);
    }
    this.#tidying = false;
    if (isUnused() && !lender.mayRest(this)) {
      this.surrender();
    }
  }

  async #tidy(session: PythonSession): Promise<void> {
    if (session.status !== "I") {
      this.#interrupted = true;
      this.#onLeftOpen();
    }
    if (isBroken(session)) {
      this.#state = null;
      this.surrender();
    } else if (session.status !== "I") {
      session.endNesting();
      await session.query([rollback], never);
    } else {
      this.#mayHaveChanged = false;
      this.#state = await readState(session, this.#ownSettings);
    }
  }

  /** Leaves a shared session as if a connection of its own went back: what was begun and not committed is undone. */
  async #goHome(shared: PythonSession): Promise<void> {
    this.#shared = null;
    this.#interrupted = this.#nested.hasBegun && !this.#closed;
    if (this.#nested.hasBegun) {
      this.#onLeftOpen();
      await this.#nested.query(shared, [rollback], never);
    }
  }

  #giveBack(session: PythonSession, lender: Lender): void {
    lender.giveBack(session.client, () => clean(session));
  }
}

/** Whether its connection is quicker ended than brought to an end: a statement or a COPY is under way, or it is lost. */
function isBroken(session: PythonSession): boolean {
  return session.status === "A" || session.lost;
}

function fail(message: string): never {
  throw new ConnectFailure(message);
}

/** Whether the next may find the session as new. */
export async function clean(session: PythonSession): Promise<boolean> {
  if (isBroken(session)) {
    session.giveUp();
    return false;
  }
  const last = session.status === "I" ? null : session.query([rollback], never);
  const answers = await Promise.all([last, session.query([discard], never)]);
  session.detach();
  return answers.every((answer) => answer === null || resultOf(answer)?.kind === "command") && !session.lost;
}
