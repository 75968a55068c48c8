/** Counts how much each client holds of something bounded, and decides which client may have more. */
import { type Client, nobody } from "./client.ts";

/** Whose further requests need not be looked at either: those of the connection, of the address, or of all. */
export type Refusal = "connection" | "address" | "all";

/**
 * Up to its share, a client takes whatever is free. Past it, an address leaves a share free for other addresses, and a
 * connection two: one for its address's other connections. So one client alone may use most of it, and newcomers find
 * room.
 */
export class Places {
  /** What a connection or an address may hold while anything is free. */
  readonly share: number;
  /** What stays free for others; nothing if there are too few places to part. */
  readonly #reserve: number;
  readonly #connections = new Map<object, number>();
  readonly #addresses = new Map<string, number>();

  /** @param percent The share, 1 to 100. */
  constructor(count: number, percent: number) {
    this.#reserve = Math.floor((count * percent) / 100);
    this.share = Math.max(this.#reserve, 1);
  }

  /** Whether a client is below its share, for which any free place will do. */
  isModest({ address }: Client): boolean {
    // An address has what its connections have, or more.
    return address === nobody.address || (this.#addresses.get(address) ?? 0) < this.share;
  }

  /** Why a client can't have one of the free places; null: it can. */
  refuse(client: Client, free: number): Refusal | null {
    if (free <= 0) {
      return "all";
    }
    if (this.isModest(client)) {
      return null;
    }
    if (free <= this.#reserve) {
      return "address";
    }
    const held = this.#connections.get(client.connection) ?? 0;
    return held < this.share || free > 2 * this.#reserve ? null : "connection";
  }

  take({ connection, address }: Client, count = 1): void {
    add(this.#connections, connection, count);
    add(this.#addresses, address, count);
  }

  leave({ connection, address }: Client, count = 1): void {
    add(this.#connections, connection, -count);
    add(this.#addresses, address, -count);
  }
}

function add<Key>(counts: Map<Key, number>, key: Key, change: number): void {
  const count = (counts.get(key) ?? 0) + change;
  if (count === 0) {
    counts.delete(key);
  } else {
    counts.set(key, count);
  }
}
