/** How many bytes of requests' bodies may wait at a time, in all and for one client. */
import type { Client } from "./client.ts";
import { Places } from "./places.ts";

export class BodyRoom {
  readonly #places: Places;
  #free: number;

  /**
   * @param share Percent that a client may always have, see {@link Places}.
   * @example const room = new BodyRoom(67_108_864, 25);
   */
  constructor(bytes: number, share: number) {
    this.#free = bytes;
    this.#places = new Places(bytes, share);
  }

  /** Takes room for a piece; the caller then calls {@link leave}. False if there is none for the client. */
  take(client: Client, bytes: number): boolean {
    if (this.#places.refuse(client, this.#free - bytes + 1) !== null) {
      return false;
    }
    this.#free -= bytes;
    this.#places.take(client, bytes);
    return true;
  }

  leave(client: Client, bytes: number): void {
    this.#free += bytes;
    this.#places.leave(client, bytes);
  }

  get free(): number {
    return this.#free;
  }
}
