/** The one file that imports `ioredis`: connections that come back by themselves. */
import { Redis } from "ioredis";
import { PuffError, pauseAfter, reconnect } from "../../schema/index.ts";

export type RedisConnection = Redis;

/** A Redis server's URL, read. */
export interface RedisAddress {
  readonly url: string;
  /** The URL without its password, for messages. */
  readonly place: string;
  /** Whether it is one node of a Redis Cluster, by `redis+cluster://`, which says so of itself. */
  readonly cluster: boolean;
}

/**
 * Reads `redis://user:password@host:6379/0`, or `rediss://` for TLS; `redis+cluster://` and `rediss+cluster://` name a
 * node of a cluster.
 *
 * @throws PuffError `PUFF_CONFIG_INVALID`
 */
export function readRedisUrl(url: string): RedisAddress {
  const parsed = URL.parse(url);
  if (parsed === null || !/^rediss?(\+cluster)?:$/.test(parsed.protocol) || parsed.hostname === "") {
    throw new PuffError("PUFF_CONFIG_INVALID", "the Redis URL can't be used: it is not a redis:// or rediss:// URL", {
      remedy: "Write it as redis://user:password@host:6379/0, with special characters in the password percent-encoded.",
    });
  }
  const user = parsed.username === "" ? "" : `${parsed.username}@`;
  return {
    url: plainRedisUrl(url),
    place: `${parsed.protocol}//${user}${parsed.host}${parsed.pathname === "/" ? "" : parsed.pathname}`,
    cluster: parsed.protocol.endsWith("+cluster:"),
  };
}

/** The URL as other Redis clients know it. */
export function plainRedisUrl(url: string): string {
  return url.replace(/^(rediss?)\+cluster:/, "$1:");
}

/** Milliseconds that an answer may take: past it the connection is dead, though nothing said so. */
const answerDeadline = 5_000;

/**
 * Opens a connection without waiting for it. While there is none, commands fail at once: what waits here would come
 * too late, and could grow without bound.
 *
 * @param use For `values`, integers are texts, since they have 64 bits; likewise for `blocking`, and commands may take
 *   as long as they want.
 */
export function openRedis({ url }: RedisAddress, use: "events" | "values" | "blocking" = "events"): RedisConnection {
  const connection = new Redis(url, {
    protocol: 2, // which every server of the kind speaks
    enableOfflineQueue: false,
    autoResubscribe: false,
    maxRetriesPerRequest: 0,
    stringNumbers: use !== "events",
    connectTimeout: answerDeadline,
    // The command fails, and the connection ends: a network may have forgotten it, and takes another.
    ...(use === "blocking" ? {} : { commandTimeout: answerDeadline, socketTimeout: answerDeadline }),
    retryStrategy: (attempts) => pauseAfter(attempts, reconnect),
  });
  // Each command fails with it; an error event that nobody hears would be printed.
  connection.on("error", () => undefined);
  return connection;
}

/** The slots of a Redis Cluster, each part with the place of the node that has it. */
export async function readSlots(
  connection: RedisConnection,
): Promise<readonly { readonly first: number; readonly last: number; readonly host: string; readonly port: number }[]> {
  const parts = await connection.cluster("SLOTS");
  return parts.flatMap(([first, last, node]) =>
    node === undefined ? [] : [{ first, last, host: node[0], port: node[1] }],
  );
}

/** Whether Redis has answered, and it was no. */
export function isRefusal(error: unknown): error is Error {
  return error instanceof Error && error.name === "ReplyError";
}

/** The first word of a refusal, such as MOVED or NOAUTH, is its code; null: Redis did not refuse. */
export function refusalCode(error: unknown): string | null {
  return isRefusal(error) ? (/^[A-Z]+/.exec(error.message)?.[0] ?? null) : null;
}

/**
 * A failure of Redis or of the way to it, as a user meets it.
 *
 * @param connection What it happened on.
 */
export function explainRedis(error: unknown, place: string, connection?: RedisConnection): PuffError {
  if (isRefusal(error)) {
    return new PuffError("PUFF_REDIS_UNAVAILABLE", `Redis refuses: ${error.message}`, {
      place,
      remedy: "Correct the user and password in the URL, or what Redis allows that user.",
      cause: error,
    });
  }
  return new PuffError("PUFF_REDIS_UNAVAILABLE", `Redis can't be reached: ${describeLoss(error, connection)}`, {
    place,
    remedy: "Check that it runs and that the URL is right; the gateway keeps trying.",
    cause: error,
  });
}

function describeLoss(error: unknown, connection: RedisConnection | undefined): string {
  if (!(error instanceof Error)) {
    return String(error);
  }
  if (error.name === "MaxRetriesPerRequestError") {
    return "the connection was lost before it answered";
  }
  // ioredis has only words for a command that it could not send.
  const wasSent = "code" in error || connection === undefined || connection.status === "ready";
  return wasSent ? error.message : "there is no connection";
}
