/** Publish and subscribe through Redis: one connection a node listens for all of it, another publishes. */
import { explainRedis, openRedis, type RedisAddress, type RedisConnection } from "../redis/connection.ts";
import { seal, unseal } from "./envelope.ts";
import { Listeners } from "./listeners.ts";
import type { PubSub } from "./pubsub.ts";

/** Milliseconds between two looks at whether the connection that listens still answers. */
const pingInterval = 5_000;

/** Starts connecting when it is made; see {@link PubSub} for what happens while there is no connection. */
export class RedisPubSub implements PubSub {
  /** Why the first attempt to connect failed; null where it succeeded. */
  readonly firstAttempt: Promise<Error | null>;
  /** Resolves with the first connection; never, where there is none. */
  readonly connected: Promise<unknown>;
  readonly #address: RedisAddress;
  readonly #onConnection: (state: "lost" | "back") => void;
  readonly #publisher: RedisConnection;
  readonly #subscriber: RedisConnection;
  readonly #channels: Listeners;
  readonly #patterns: Listeners;
  readonly #pings: NodeJS.Timeout;
  /** Whether messages may have been lost since the listeners last knew that all is well. */
  #lost = false;
  #wasReady = false;
  #closed = false;

  /** `onConnection` is told when the connection that listens is lost, and when it is back. */
  constructor(address: RedisAddress, onConnection: (state: "lost" | "back") => void) {
    this.#address = address;
    this.#onConnection = onConnection;
    this.#publisher = openRedis(address);
    this.#subscriber = openRedis(address);
    this.#channels = new Listeners({
      first: (channel) => this.#send("subscribe", [channel]),
      last: (channel) => void this.#send("unsubscribe", [channel]),
    });
    this.#patterns = new Listeners({
      first: (pattern) => this.#send("psubscribe", [pattern]),
      last: (pattern) => void this.#send("punsubscribe", [pattern]),
    });
    this.#subscriber.on("messageBuffer", (channel: Buffer, data: Buffer) => {
      const name = channel.toString();
      this.#channels.tell(name, { channel: name, ...unseal(data) });
    });
    this.#subscriber.on("pmessageBuffer", (pattern: string | Buffer, channel: Buffer, data: Buffer) => {
      this.#patterns.tell(pattern.toString(), { channel: channel.toString(), ...unseal(data) });
    });
    this.#subscriber.on("ready", () => void this.#listenAgain());
    this.#subscriber.on("close", () => this.#noteLoss());
    this.#pings = setInterval(() => this.#checkAlive(), pingInterval);
    const both = [this.#publisher, this.#subscriber];
    this.firstAttempt = Promise.all(both.map(attemptOf)).then(
      (failures) => failures.find((one) => one !== null) ?? null,
    );
    this.connected = Promise.all(
      both.map((connection) => new Promise<void>((resolve) => connection.once("ready", resolve))),
    );
  }

  async publish(channel: string, data: string | Uint8Array, sender: string | null = null): Promise<void> {
    try {
      await this.#publisher.publish(channel, seal(sender, Buffer.from(data)));
    } catch (error) {
      throw explainRedis(error, this.#address.place);
    }
  }

  subscribe: PubSub["subscribe"] = (channel, listener) => this.#channels.add(channel, listener);

  subscribePattern: PubSub["subscribePattern"] = (pattern, listener) => this.#patterns.add(pattern, listener);

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#pings);
    this.#subscriber.disconnect();
    this.#publisher.disconnect();
  }

  /** Commands of one connection are answered in their order, so the last one about a channel wins. */
  async #send(
    command: "subscribe" | "unsubscribe" | "psubscribe" | "punsubscribe",
    names: readonly string[],
  ): Promise<void> {
    if (names.length === 0 || this.#subscriber.status !== "ready") {
      return; // listenAgain sends what is wanted by then
    }
    try {
      await this.#subscriber[command](...names);
    } catch {
      if (!this.#closed) {
        this.#subscriber.disconnect(true); // whatever it was, a new connection begins with what is wanted
      }
    }
  }

  async #listenAgain(): Promise<void> {
    this.#wasReady = true;
    await Promise.all([this.#send("subscribe", this.#channels.names), this.#send("psubscribe", this.#patterns.names)]);
    if (this.#lost && this.#subscriber.status === "ready") {
      this.#lost = false;
      this.#onConnection("back");
      this.#channels.tellMissed();
      this.#patterns.tellMissed();
    }
  }

  #noteLoss(): void {
    if (!this.#lost && !this.#closed) {
      this.#lost = true;
      if (this.#wasReady) {
        this.#onConnection("lost");
      }
    }
  }

  /** A network that drops what is sent says nothing of it. */
  #checkAlive(): void {
    if (this.#subscriber.status === "ready") {
      this.#subscriber.ping().catch(() => this.#closed || this.#subscriber.disconnect(true));
    }
  }
}

function attemptOf(connection: RedisConnection): Promise<Error | null> {
  return new Promise((resolve) => {
    connection.once("ready", () => resolve(null));
    connection.once("error", (error: Error) => resolve(error));
  });
}
