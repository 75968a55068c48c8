/** Events for planners in tests: a pub/sub within the process, which can also be made to lose its connection. */
import { openPubSub } from "../../../gateway/pubsub/index.ts";
import type { EventListener, Events } from "../../../planner/index.ts";

export interface TestEvents extends Events {
  publish(channel: string, payload: unknown): Promise<void>;
  /** As though the connection had been lost for a while. */
  lose(): void;
  /** Channels that are listened to, once for each listener. */
  readonly listened: readonly string[];
}

export async function createEvents(): Promise<TestEvents> {
  const pubsub = await openPubSub({ redisUrl: null, required: false, connectDeadline: 0, log: console });
  const listeners = new Map<EventListener, string>();
  return {
    async listen(source, channel, listener) {
      const name = `${source} ${channel}`;
      const { event, missed } = listener;
      const stop = await pubsub.subscribe(name, { message: ({ data }) => event(data.toString()), missed });
      listeners.set(listener, name);
      return () => {
        listeners.delete(listener);
        stop();
      };
    },
    publish: (channel, payload) =>
      pubsub.publish(`channel ${channel}`, typeof payload === "string" ? payload : JSON.stringify(payload)),
    lose() {
      for (const { missed } of listeners.keys()) {
        missed();
      }
    },
    get listened() {
      return [...listeners.values()];
    },
  };
}
