/** Pub/sub as it is configured: through Redis, or within this process. */
import { setTimeout as sleep } from "node:timers/promises";
import { describeError } from "../../schema/index.ts";
import { explainRedis, readRedisUrl } from "../redis/redis-connection.ts";
import { ClusterPubSub } from "./cluster.ts";
import { createMemoryPubSub } from "./memory.ts";
import type { PubSub } from "./pubsub.ts";
import { type OnConnection, RedisPubSub } from "./redis.ts";

export interface PubSubOptions {
  /** Null: within this process. */
  readonly redisUrl: string | null;
  /** Whether to fail where Redis can't be reached. */
  readonly required: boolean;
  /** Milliseconds in which it must be reached, where it is required. */
  readonly connectDeadline: number;
  readonly log: { warn(message: string): void; info(message: string): void };
}

/**
 * Opens pub/sub. Where Redis can't be reached it says so and goes on: the connection comes when Redis does.
 *
 * @throws PuffError `PUFF_CONFIG_INVALID` for the URL, `PUFF_REDIS_UNAVAILABLE` if Redis is required.
 * @example const pubsub = await openPubSub({ redisUrl: null, required: false, connectDeadline: 0, log: app.log });
 */
export async function openPubSub({ redisUrl, required, connectDeadline, log }: PubSubOptions): Promise<PubSub> {
  if (redisUrl === null) {
    return createMemoryPubSub();
  }
  const address = readRedisUrl(redisUrl);
  const onConnection: OnConnection = (state, place) =>
    state === "lost"
      ? log.warn(`the connection to Redis at ${place} is lost: reconnecting`)
      : log.info(`connected to Redis at ${place}`);
  const pubsub = address.cluster ? new ClusterPubSub(address, onConnection) : new RedisPubSub(address, onConnection);
  const failure = await pubsub.firstAttempt;
  if (failure === null) {
    return pubsub;
  }
  const explained = explainRedis(failure, address.place);
  if (!required) {
    log.warn(describeError(explained));
    return pubsub;
  }
  const giveUp = new AbortController();
  const connected = await Promise.race([
    pubsub.connected.then(() => true),
    sleep(connectDeadline, false, { signal: giveUp.signal }),
  ]);
  giveUp.abort();
  if (!connected) {
    await pubsub.close();
    throw explained;
  }
  return pubsub;
}
