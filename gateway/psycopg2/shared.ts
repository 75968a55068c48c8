/** Transactions of the planner's that Python's connections come into. */
import type { Share } from "../../planner/index.ts";
import type { RawClient } from "../postgres/index.ts";
import { ConnectFailure } from "./connect/connect-failure.ts";
import type { Guest, Lender, Shared } from "./lender.ts";
import { PlannerDatabase, type StatementOptions, unavailable } from "./planner-database.ts";
import { clean } from "./python-connection.ts";
import { PythonSession } from "./session/session.ts";

/** A transaction's connection, and who uses it. */
class SharedSession implements Shared {
  readonly ticket: string;
  readonly session: PythonSession;
  readonly lender: Lender;
  readonly #guests = new Set<Guest>();
  ended = false;

  constructor(ticket: string, client: RawClient, lender: Lender) {
    this.ticket = ticket;
    this.session = new PythonSession(client);
    this.lender = lender;
  }

  add(guest: Guest): void {
    this.#guests.add(guest);
  }

  async leave(signal: AbortSignal): Promise<void> {
    this.lender.shared.delete(signal);
    await Promise.all([...this.#guests].map((guest) => guest.leaveShared(signal)));
  }

  /** Gives the connection back to its pool. */
  end(client: RawClient): void {
    this.ended = true;
    for (const guest of this.#guests) {
      guest.endShared();
    }
    this.lender.giveBack(client, () => clean(this.session));
  }
}

/** Those of all interpreters, by ticket. */
export class SharedSessions {
  readonly #open = new Map<string, SharedSession>();
  readonly #lenders = new Set<Lender>();
  #last = 0;

  /** Connections of the greenlet of `signal` come into the transaction. */
  join(ticket: string, signal: AbortSignal): void {
    const shared = this.#open.get(ticket);
    if (shared === undefined) {
      throw new Error("the transaction that the call should join has ended");
    }
    shared.lender.shared.set(signal, shared);
  }

  /** They leave it, which may have ended before: what they have begun and not committed is undone. */
  async leave(ticket: string, signal: AbortSignal): Promise<void> {
    for (const { shared } of this.#lenders) {
      const joined = shared.get(signal);
      if (joined?.ticket === ticket) {
        await joined.leave(signal);
      }
    }
  }

  /** Such transactions, on connections of the pool that Python borrows from. */
  sharing(lender: Lender, options: StatementOptions): Share {
    this.#lenders.add(lender);
    return async (access, work, settings) => {
      const ticket = String(++this.#last);
      const client = await lender.borrow().catch((error: unknown) => {
        throw error instanceof ConnectFailure ? unavailable(error, lender.name) : error;
      });
      const shared = new SharedSession(ticket, client, lender);
      this.#open.set(ticket, shared);
      try {
        const own = new PlannerDatabase((act) => shared.session.lend(act), { ...options, place: lender.name, ticket });
        return await own.share(access, work, settings);
      } finally {
        this.#open.delete(ticket);
        shared.end(client);
      }
    };
  }
}
