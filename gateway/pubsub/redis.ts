/** Publish and subscribe through Redis: one connection a node listens for all of it, another publishes. */
import {
  explainRedis,
  isRefusal,
  openRedis,
  type RedisAddress,
  type RedisConnection,
  readSlots,
  refusalCode,
} from "../redis/redis-connection.ts";
import { seal, unseal } from "./envelope.ts";
import { Listeners } from "./listeners.ts";
import type { PubSub } from "./pubsub.ts";

/** Milliseconds between two looks at whether the connection that listens still answers. */
const pingInterval = 5_000;

/** Told when a connection that listens is lost, and when it is back. */
export type OnConnection = (state: "lost" | "back", place: string) => void;

const classic = { publish: "publish", subscribe: "subscribe", unsubscribe: "unsubscribe" } as const;
/** On a node of a cluster, for the channels whose slots it has. */
const sharded = { publish: "spublish", subscribe: "ssubscribe", unsubscribe: "sunsubscribe" } as const;

/** Starts connecting when it is made; see {@link PubSub} for what happens while there is no connection. */
export class RedisPubSub implements PubSub {
  /** Why the first attempt to connect failed; null if it succeeded. */
  readonly firstAttempt: Promise<Error | null>;
  /** Resolves with the first connection; never, where there is none. */
  readonly connected: Promise<unknown>;
  readonly #address: RedisAddress;
  readonly #onConnection: OnConnection;
  readonly #commands: typeof classic | typeof sharded;
  readonly #publisher: RedisConnection;
  readonly #subscriber: RedisConnection;
  readonly #channels: Listeners;
  readonly #patterns: Listeners;
  readonly #pings: NodeJS.Timeout;
  /** Whether messages may have been lost since the listeners last knew that all is well. */
  #lost = false;
  #wasReady = false;
  #closed = false;

  /**
   * @param onMoved Of a node of a cluster: called when a channel has turned out to be another node's. To publish to such
   *   a channel, and to subscribe to it, fails with {@link hasMoved}.
   */
  constructor(address: RedisAddress, onConnection: OnConnection, onMoved?: () => void) {
    this.#address = address;
    this.#onConnection = onConnection;
    this.#commands = onMoved === undefined ? classic : sharded;
    this.#publisher = openRedis(address);
    this.#subscriber = openRedis(address);
    this.#channels = new Listeners({
      first: (channel) => this.#send(this.#commands.subscribe, [channel]),
      last: (channel) => void this.#send(this.#commands.unsubscribe, [channel]).catch(() => undefined),
    });
    this.#patterns = new Listeners({
      first: (pattern) => this.#send("psubscribe", [pattern]),
      last: (pattern) => void this.#send("punsubscribe", [pattern]).catch(() => undefined),
    });
    for (const event of ["messageBuffer", "smessageBuffer"]) {
      this.#subscriber.on(event, (channel: Buffer, data: Buffer) => {
        const name = channel.toString();
        this.#channels.tell(name, { channel: name, ...unseal(data) });
      });
    }
    this.#subscriber.on("pmessageBuffer", (pattern: string | Buffer, channel: Buffer, data: Buffer) => {
      this.#patterns.tell(pattern.toString(), { channel: channel.toString(), ...unseal(data) });
    });
    this.#subscriber.on("moved", () => onMoved?.());
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
      await this.#publisher[this.#commands.publish](channel, seal(sender, Buffer.from(data)));
    } catch (error) {
      throw explainRedis(error, this.#address.place, this.#publisher);
    }
  }

  subscribe: PubSub["subscribe"] = (channel, listener) => this.#channels.add(channel, listener);

  subscribePattern: PubSub["subscribePattern"] = (pattern, listener) => this.#patterns.add(pattern, listener);

  /** The node that has each slot, as a node of the cluster knows it. */
  readSlots(): ReturnType<typeof readSlots> {
    return readSlots(this.#publisher);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#pings);
    this.#subscriber.disconnect();
    this.#publisher.disconnect();
  }

  /**
   * Commands of one connection are answered in their order, so the last one about a channel wins.
   *
   * @throws PuffError if Redis refuses it.
   */
  async #send(
    command: "subscribe" | "unsubscribe" | "ssubscribe" | "sunsubscribe" | "psubscribe" | "punsubscribe",
    names: readonly string[],
  ): Promise<void> {
    if (names.length === 0 || this.#subscriber.status !== "ready") {
      return; // listenAgain sends what is wanted by then
    }
    // Channels of one sharded command must share their slot.
    const batches = this.#commands === sharded ? names.map((name) => [name]) : [names];
    try {
      await Promise.all(batches.map((batch) => this.#subscriber[command](...batch)));
    } catch (error) {
      if (isRefusal(error)) {
        throw explainRedis(error, this.#address.place);
      }
      if (!this.#closed) {
        this.#subscriber.disconnect(true); // whatever it was, a new connection begins with what is wanted
      }
    }
  }

  async #listenAgain(): Promise<void> {
    this.#wasReady = true;
    await Promise.all([
      this.#sendAgain(this.#commands.subscribe, this.#channels.names),
      this.#sendAgain("psubscribe", this.#patterns.names),
    ]);
    if (this.#lost && this.#subscriber.status === "ready") {
      this.#lost = false;
      this.#onConnection("back", this.#address.place);
      this.#channels.tellMissed();
      this.#patterns.tellMissed();
    }
  }

  /** One that is refused must not keep the others from being heard. */
  async #sendAgain(command: "subscribe" | "ssubscribe" | "psubscribe", names: readonly string[]): Promise<void> {
    try {
      await this.#send(command, names);
    } catch {
      await Promise.allSettled(names.map((name) => this.#send(command, [name])));
    }
  }

  #noteLoss(): void {
    if (!this.#lost && !this.#closed) {
      this.#lost = true;
      if (this.#wasReady) {
        this.#onConnection("lost", this.#address.place);
      }
    }
  }

  /** A network that drops what is sent says nothing of it: a connection ends where it does not answer in time. */
  #checkAlive(): void {
    if (this.#subscriber.status === "ready") {
      this.#subscriber.ping().catch(() => undefined);
    }
  }
}

/** Whether a node of a cluster says that another one has the channel. */
export function hasMoved(error: unknown): boolean {
  return refusalCode(error) === "MOVED" || (error instanceof Error && hasMoved(error.cause));
}

/** Why it could not connect at once; null if it could. */
export function attemptOf(connection: RedisConnection): Promise<Error | null> {
  return new Promise((resolve) => {
    connection.once("ready", () => resolve(null));
    connection.once("error", (error: Error) => resolve(error));
  });
}
