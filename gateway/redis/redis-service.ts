/**
 * The host service `redis`, which `puff.redis` stands on: commands share one connection, and those that block have one of
 * their own for as long as they do.
 */
import {
  type HostAnswer,
  type HostService,
  type HostSession,
  methods,
  number,
  variadic,
} from "../../python-bridge/index.ts";
import { type JsonValue, PuffError } from "../../schema/index.ts";
import {
  explainRedis,
  isRefusal,
  openRedis,
  type RedisAddress,
  type RedisConnection,
  readRedisUrl,
} from "./redis-connection.ts";

/** Commands that may block at a time. */
const blockedBound = 100;

/** Commands after which a connection is not what it was: others use it, too. */
const refused = new Set(
  (
    "AUTH CLIENT DISCARD EXEC HELLO MONITOR MULTI PSUBSCRIBE PSYNC PUNSUBSCRIBE QUIT REPLCONF RESET SELECT SSUBSCRIBE " +
    "SUBSCRIBE SUNSUBSCRIBE SYNC UNSUBSCRIBE UNWATCH WAIT WAITAOF WATCH"
  ).split(" "),
);
const blocking = new Set("BLMOVE BLMPOP BLPOP BRPOP BRPOPLPUSH BZMPOP BZPOPMAX BZPOPMIN".split(" "));
const blockingWithOption = new Set(["XREAD", "XREADGROUP"]);

interface Command {
  /** In capitals, for which ioredis has no special treatment. */
  readonly name: string;
  readonly args: readonly Buffer[];
}

export class RedisService implements HostService {
  readonly #address: RedisAddress | null;
  #shared: RedisConnection | null = null;
  readonly #blocked = new Set<RedisConnection>();

  /** @param url Null: there is none, which commands say. */
  constructor(url: string | null) {
    this.#address = url === null ? null : readRedisUrl(url);
  }

  open(): HostSession {
    return {
      call: methods("redis", {
        /** Sends commands, in one go; the numbers say how many parts each has. */
        run: variadic(number, async (lengths, { buffers, signal }) => {
          const commands = split(lengths, buffers);
          const replies = commands.some(blocks)
            ? await this.#runAlone(this.#openBlocking(), commands, signal)
            : await this.#runShared(commands, signal);
          return answer(replies);
        }),
      }),
      close: () => undefined,
    };
  }

  close(): void {
    for (const connection of [this.#shared, ...this.#blocked]) {
      connection?.disconnect();
    }
  }

  /** On the connection that who uses it first opens. */
  async #runShared(commands: readonly Command[], signal: AbortSignal): Promise<readonly unknown[]> {
    this.#shared ??= openRedis(this.#place(), "values");
    await firstAttempt(this.#shared);
    signal.throwIfAborted(); // a greenlet that has ended meanwhile is to change nothing any more
    return await this.#run(this.#shared, commands);
  }

  #openBlocking(): RedisConnection {
    if (this.#blocked.size >= blockedBound) {
      throw new PuffError("PUFF_REDIS_BUSY", `${blockedBound} blocking commands are already waiting for Redis`);
    }
    const connection = openRedis(this.#place(), "blocking");
    this.#blocked.add(connection);
    return connection;
  }

  async #runAlone(
    connection: RedisConnection,
    commands: readonly Command[],
    signal: AbortSignal,
  ): Promise<readonly unknown[]> {
    const leave = () => connection.disconnect();
    signal.addEventListener("abort", leave, { once: true });
    try {
      await firstAttempt(connection);
      return await this.#run(connection, commands);
    } finally {
      signal.removeEventListener("abort", leave);
      this.#blocked.delete(connection);
      leave();
    }
  }

  async #run(connection: RedisConnection, commands: readonly Command[]): Promise<readonly unknown[]> {
    const replies = await Promise.allSettled(commands.map(({ name, args }) => connection.callBuffer(name, [...args])));
    const failed = replies.find((reply) => reply.status === "rejected");
    if (failed !== undefined) {
      const error: unknown = failed.reason;
      throw isRefusal(error)
        ? new Error(error.message) // as Redis words it
        : explainRedis(error, this.#place().place, connection);
    }
    return replies.map((reply) => (reply.status === "fulfilled" ? reply.value : null));
  }

  #place(): RedisAddress {
    if (this.#address === null) {
      throw new PuffError("PUFF_REDIS_UNAVAILABLE", "no Redis is configured: name one with --redis-url");
    }
    return this.#address;
  }
}

/** Resolves when it is connected, or could not be at once: commands fail then. */
function firstAttempt(connection: RedisConnection): Promise<void> {
  if (connection.status !== "connecting" && connection.status !== "connect") {
    return Promise.resolve();
  }
  return new Promise((resolve) => {
    // "end" comes alone where it was given up before it had a socket.
    for (const event of ["ready", "close", "end"]) {
      connection.once(event, resolve);
    }
  });
}

function split(lengths: readonly number[], parts: readonly Uint8Array[]): readonly Command[] {
  let end = 0;
  return lengths.map((length) => {
    const start = end;
    end += length;
    const [first = new Uint8Array(), ...rest] = parts.slice(start, end);
    const name = Buffer.from(first).toString("latin1").toUpperCase();
    if (refused.has(name)) {
      throw new PuffError(
        "PUFF_REDIS_COMMAND",
        `${name} changes the shared connection to Redis: send it with redis-py`,
      );
    }
    return { name, args: rest.map((part) => Buffer.from(part)) };
  });
}

function blocks({ name, args }: Command): boolean {
  return (
    blocking.has(name) ||
    (blockingWithOption.has(name) && args.some((arg) => arg.toString("latin1").toUpperCase() === "BLOCK"))
  );
}

/**
 * The replies as JSON, all their bytes in one buffer: a number is a count of the next bytes, a text is an integer, since
 * Redis's have 64 bits.
 */
function answer(replies: readonly unknown[]): HostAnswer {
  const bytes: Buffer[] = [];
  const write = (reply: unknown): JsonValue => {
    if (Buffer.isBuffer(reply)) {
      bytes.push(reply);
      return reply.length;
    }
    if (Array.isArray(reply)) {
      return reply.map(write);
    }
    return reply === null || reply === undefined ? null : String(reply);
  };
  const value = replies.map(write);
  return { value, buffers: [Buffer.concat(bytes)] };
}
