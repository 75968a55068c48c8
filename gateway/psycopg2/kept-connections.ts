/** Connections that are lent to one at a time, and kept for a while in between. */
import { openClient, type RawClient, type RawClientConfig } from "../postgres/index.ts";

/** Milliseconds that a connection is kept while nobody has it. */
const idleLimit = 60_000;

/** How many are lent is bounded by who borrows them: nobody waits here. */
export class KeptConnections {
  readonly #config: RawClientConfig;
  readonly #tlsOptional: boolean;
  /** With what ends them in time; the one that was used last is lent first. */
  readonly #idle = new Map<RawClient, NodeJS.Timeout>();
  #lent = 0;
  #closing: PromiseWithResolvers<void> | null = null;

  constructor(config: RawClientConfig, tlsOptional: boolean) {
    this.#config = config;
    this.#tlsOptional = tlsOptional;
  }

  /** @throws what the server says, or a failure with a code. */
  async take(): Promise<RawClient> {
    this.#lent++;
    for (const client of [...this.#idle.keys()].toReversed()) {
      this.#forget(client);
      if (client.isAlive) {
        return client;
      }
      void client.end(); // lost meanwhile, with nothing sent on it
    }
    try {
      return await openClient(this.#config, this.#tlsOptional);
    } catch (error) {
      this.#return();
      throw error;
    }
  }

  /** @param keep Whether it may be lent again. */
  giveBack(client: RawClient, keep: boolean): void {
    if (keep && client.isAlive && this.#closing === null) {
      this.#idle.set(client, setTimeout(() => this.#end(client), idleLimit).unref());
    } else {
      void client.end();
    }
    this.#return();
  }

  /** Ends those that are idle, and waits for those that are lent. */
  async close(): Promise<void> {
    this.#closing ??= Promise.withResolvers();
    for (const client of [...this.#idle.keys()]) {
      this.#end(client);
    }
    if (this.#lent === 0) {
      this.#closing.resolve();
    }
    await this.#closing.promise;
  }

  #end(client: RawClient): void {
    this.#forget(client);
    void client.end();
  }

  #forget(client: RawClient): void {
    clearTimeout(this.#idle.get(client));
    this.#idle.delete(client);
  }

  #return(): void {
    this.#lent--;
    if (this.#lent === 0) {
      this.#closing?.resolve();
    }
  }
}
