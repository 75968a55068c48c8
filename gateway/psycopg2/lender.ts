/** The gateway's connections as Python borrows them: bounded, and clean whenever they change hands. */
import { Admission, type Place } from "../fairness/admission.ts";
import { type RawClient, readUrl } from "../postgres/index.ts";
import { asConnectFailure } from "./connect/connect.ts";
import { ConnectFailure } from "./connect/connect-failure.ts";
import { KeptConnections } from "./kept-connections.ts";
import type { PythonSession } from "./session/session.ts";

export interface LenderOptions {
  readonly name: string;
  /** `postgres://…` */
  readonly url: string;
  /** Connections that Python may hold at once. */
  readonly size: number;
  /** Greenlets that may wait for one. */
  readonly queueLimit: number;
  /** Milliseconds one may wait. */
  readonly acquireTimeout: number;
  /** Percent of both that one client may hold while others want them. */
  readonly clientShare: number;
}

/** A session that several Python connections share. */
export interface Shared {
  readonly ticket: string;
  readonly session: PythonSession;
  /** Whether the session is another's by now. */
  readonly ended: boolean;
  add(guest: Guest): void;
  /** The greenlet of the signal uses it no more. */
  leave(signal: AbortSignal): Promise<void>;
}

/** A connection that uses a shared session. */
export interface Guest {
  /** The greenlet of the signal uses it no more. */
  leaveShared(signal: AbortSignal): Promise<void>;
  /** The session is not shared any more. */
  endShared(): void;
}

/** A connection that keeps a session which nobody uses for the time being. */
export interface Resting {
  /** Gives the session back. */
  surrender(): void;
}

export class Lender {
  /** What greenlets use in the place of a connection of their own, by their signal. */
  readonly shared = new WeakMap<AbortSignal, Shared>();
  readonly #options: LenderOptions;
  readonly #connections: KeptConnections;
  /** What is let in has a connection, and waits for none. */
  readonly #admission: Admission;
  readonly #places = new WeakMap<RawClient, Place>();
  /** The one that has rested longest first. */
  readonly #resting = new Set<Resting>();
  /** Releases under way. */
  readonly #cleaning = new Set<Promise<void>>();

  constructor(options: LenderOptions) {
    this.#options = options;
    const { name, size, queueLimit, acquireTimeout: patience, clientShare: share } = options;
    const failure = (message: string) => new ConnectFailure(`${message}\n`, "PUFF_POOL_BUSY");
    this.#admission = new Admission({
      places: size,
      queueLimit,
      share,
      patience,
      busy: (waiting) =>
        failure(`all ${size} connections of pool "${name}" are in use and ${waiting} callers are waiting for one`),
      overdue: () =>
        failure(
          `none of the ${size} connections of pool "${name}" became free within ${patience / 1000} s: ` +
            "close connections that are no longer used, or make the pool larger",
        ),
    });
    const { config, tlsOptional } = readUrl(options.url);
    const settings = { application_name: "puff-gateway python", DateStyle: "ISO" };
    this.#connections = new KeptConnections(
      { ...config, settings, keepsStatements: false, connectionTimeoutMillis: patience },
      tlsOptional,
    );
  }

  get name(): string {
    return this.#options.name;
  }

  /** @throws ConnectFailure if none becomes free in time, or it can't connect. */
  async borrow(): Promise<RawClient> {
    const entering = this.#admission.enter();
    if (this.#admission.waiting > 0) {
      const [first] = this.#resting;
      if (first !== undefined) {
        this.#resting.delete(first);
        first.surrender();
      }
    }
    return await this.#connect(await entering);
  }

  async #connect(place: Place): Promise<RawClient> {
    try {
      const client = await this.#connections.take();
      this.#places.set(client, place);
      return client;
    } catch (error) {
      this.#admission.leave(place);
      const { host, port } = readUrl(this.#options.url);
      throw asConnectFailure(error, host, port);
    }
  }

  /** Whether a connection may keep its session while it rests: nobody waits for one. */
  mayRest(connection: Resting): boolean {
    const may = this.#admission.waiting === 0;
    if (may) {
      this.#resting.add(connection);
    }
    return may;
  }

  /** It is used again, or closed. */
  wake(connection: Resting): void {
    this.#resting.delete(connection);
  }

  /** Takes a connection back once `clean` has made it as new, or ends it. */
  giveBack(client: RawClient, clean: () => Promise<boolean>): void {
    const cleaning = clean()
      .catch(() => false)
      .then((isClean) => {
        this.#connections.giveBack(client, isClean);
        const place = this.#places.get(client);
        if (place !== undefined) {
          this.#places.delete(client);
          this.#admission.leave(place);
        }
      })
      .finally(() => this.#cleaning.delete(cleaning));
    this.#cleaning.add(cleaning);
  }

  async close(): Promise<void> {
    for (const connection of this.#resting) {
      connection.surrender();
    }
    await Promise.all(this.#cleaning);
    await this.#connections.close();
  }
}
