/** Publish and subscribe on a Redis Cluster, each channel on the node that has its slot: sharded pub/sub. */
import calculateSlot from "cluster-key-slot";
import { PuffError } from "../../schema/index.ts";
import {
  explainRedis,
  openRedis,
  type RedisAddress,
  type RedisConnection,
  readRedisUrl,
  readSlots,
} from "../redis/redis-connection.ts";
import { Listeners } from "./listeners.ts";
import type { Listener, PubSub, Unsubscribe } from "./pubsub.ts";
import { attemptOf, hasMoved, type OnConnection, RedisPubSub } from "./redis.ts";

/** Milliseconds between two looks at which node has which slots: a replica may have taken over. */
const lookInterval = 5_000;
/** Nodes hear of a slot's move one after another. */
const mostMoves = 5;

interface Held {
  readonly node: RedisPubSub;
  readonly leaving: Promise<Unsubscribe>;
}

/** Starts connecting when it is made. */
export class ClusterPubSub implements PubSub {
  /** Why the node that the URL names could not be reached at once; null if it could. */
  readonly firstAttempt: Promise<Error | null>;
  /** Resolves when that node has said who has which slots; never, where it is not there. */
  readonly connected: Promise<unknown>;
  readonly #address: RedisAddress;
  readonly #onConnection: OnConnection;
  /** To the node that the URL names, to ask it who else there is. */
  readonly #first: RedisConnection;
  /** By host and port. */
  readonly #nodes = new Map<string, RedisPubSub>();
  /** By slot, the name of the node that has it. */
  #owners: readonly string[] = [];
  readonly #channels: Listeners;
  /** Where each channel is listened to. */
  readonly #held = new Map<string, Held>();
  #looking: Promise<void> | null = null;
  /** The look for a channel's new owner that those who publish wait for. */
  #moving: Promise<void> | null = null;
  readonly #looks: NodeJS.Timeout;
  #closed = false;

  constructor(address: RedisAddress, onConnection: OnConnection) {
    this.#address = address;
    this.#onConnection = onConnection;
    this.#first = openRedis(address);
    this.#channels = new Listeners({ first: (channel) => this.#begin(channel), last: (channel) => this.#end(channel) });
    const attempt = attemptOf(this.#first);
    this.connected = new Promise<void>((resolve) => this.#first.once("ready", resolve)).then(() => this.#look());
    this.firstAttempt = attempt.then(async (failure) => {
      await (failure ?? this.connected);
      return failure;
    });
    this.#first.on("ready", () => void this.#look());
    this.#looks = setInterval(() => void this.#look(), lookInterval);
  }

  async publish(channel: string, data: string | Uint8Array, sender: string | null = null): Promise<void> {
    for (let moves = 0; ; moves++) {
      await this.#moving; // so that nobody publishes before those who wait for the new owner
      const node = this.#ownerOf(channel);
      if (node === undefined) {
        throw explainRedis(new Error("no node of the cluster is known for the channel"), this.#address.place);
      }
      try {
        return await node.publish(channel, data, sender);
      } catch (error) {
        if (moves === mostMoves || !hasMoved(error)) {
          throw error;
        }
        this.#moving ??= this.#look().finally(() => {
          this.#moving = null;
        });
      }
    }
  }

  subscribe: PubSub["subscribe"] = (channel, listener) => this.#channels.add(channel, listener);

  subscribePattern: PubSub["subscribePattern"] = async (pattern) => {
    throw new PuffError("PUFF_REDIS_COMMAND", `can't listen to ${pattern}: sharded pub/sub has no patterns`, {
      place: this.#address.place,
      remedy: "Subscribe to each channel, or name a node of the cluster by redis:// instead of redis+cluster://.",
    });
  };

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#looks);
    this.#first.disconnect();
    await Promise.all([...this.#nodes.values()].map((node) => node.close()));
  }

  #ownerOf(channel: string): RedisPubSub | undefined {
    return this.#nodes.get(this.#owners[calculateSlot(channel)] ?? "");
  }

  async #begin(channel: string): Promise<void> {
    for (let moves = 0; moves < mostMoves; moves++) {
      if (await this.#listen(channel)) {
        return;
      }
      await this.#look();
    } // else the next look finds it, and says that messages may have been missed
  }

  #end(channel: string): void {
    void this.#held.get(channel)?.leaving.then(
      (leave) => leave(),
      () => undefined, // it never was
    );
    this.#held.delete(channel);
  }

  /**
   * Listens on the node that has the channel, and no longer on another; false if no node has it.
   *
   * @throws PuffError if Redis refuses it.
   */
  async #listen(channel: string): Promise<boolean> {
    const node = this.#ownerOf(channel);
    if (node === undefined) {
      return true;
    }
    this.#end(channel);
    const relay: Listener = {
      message: (message) => this.#channels.tell(channel, message),
      missed: () => this.#channels.tellMissed([channel]),
    };
    const held = { node, leaving: node.subscribe(channel, relay) };
    this.#held.set(channel, held);
    try {
      await held.leaving;
      return true;
    } catch (error) {
      if (this.#held.get(channel) === held) {
        this.#held.delete(channel);
      }
      if (!hasMoved(error)) {
        throw error;
      }
      return false;
    }
  }

  /** One look at a time serves all who want one. */
  #look(): Promise<void> {
    this.#looking ??= this.#follow().finally(() => {
      this.#looking = null;
    });
    return this.#looking;
  }

  /** Asks who has which slots, and listens there. */
  async #follow(): Promise<void> {
    const owners = await this.#readOwners();
    if (owners === null || this.#closed) {
      return;
    }
    const names = new Set(owners);
    const added = [...names].filter((name) => !this.#nodes.has(name)).map((name) => this.#open(name));
    await Promise.all(added.map((node) => node.firstAttempt));
    this.#owners = owners;
    const astray = this.#channels.names.filter((channel) => this.#held.get(channel)?.node !== this.#ownerOf(channel));
    await Promise.allSettled(astray.map((channel) => this.#listen(channel)));
    this.#channels.tellMissed(astray);
    for (const [name, node] of this.#nodes) {
      if (!names.has(name)) {
        this.#nodes.delete(name);
        await node.close();
      }
    }
  }

  /** As the first node says that answers; null if none does. */
  async #readOwners(): Promise<readonly string[] | null> {
    const asked = [() => readSlots(this.#first), ...[...this.#nodes.values()].map((node) => () => node.readSlots())];
    for (const ask of asked) {
      const parts = await ask().catch(() => null);
      if (parts !== null && parts.length > 0) {
        const owners: string[] = [];
        for (const { first, last, host, port } of parts) {
          const name = host.includes(":") ? `[${host}]` : host || new URL(this.#address.url).hostname;
          for (let slot = first; slot <= last; slot++) {
            owners[slot] = `${name}:${port}`;
          }
        }
        return owners;
      }
    }
    return null;
  }

  #open(name: string): RedisPubSub {
    const url = new URL(this.#address.url);
    url.host = name;
    url.pathname = ""; // a cluster has one database
    const onConnection: OnConnection = (state, place) => {
      this.#onConnection(state, place);
      void this.#look();
    };
    const address = { ...readRedisUrl(url.href), cluster: true };
    const node = new RedisPubSub(address, onConnection, () => void this.#look());
    this.#nodes.set(name, node);
    return node;
  }
}
