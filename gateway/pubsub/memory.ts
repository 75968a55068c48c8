/** Publish and subscribe within one process, for a gateway that runs alone. */
import { Listeners } from "./listeners.ts";
import { matcherOf } from "./patterns.ts";
import type { Message, PubSub } from "./pubsub.ts";

/** @example const pubsub = createMemoryPubSub(); */
export function createMemoryPubSub(): PubSub {
  const matchers = new Map<string, (channel: string) => boolean>();
  const channels = new Listeners({ first: async () => undefined, last: () => undefined });
  const patterns = new Listeners({
    first: async (pattern) => void matchers.set(pattern, matcherOf(pattern)),
    last: (pattern) => void matchers.delete(pattern),
  });
  const waiting: Message[] = [];
  return {
    async publish(channel, data, sender = null) {
      waiting.push({ channel, data: Buffer.from(data), sender });
      if (waiting.length > 1) {
        return; // a listener publishes: all hear the message before, before any hears this one
      }
      for (let message = waiting[0]; message !== undefined; message = waiting[0]) {
        channels.tell(message.channel, message);
        for (const [pattern, matches] of matchers) {
          if (matches(message.channel)) {
            patterns.tell(pattern, message);
          }
        }
        waiting.shift();
      }
    },
    subscribe: (channel, listener) => channels.add(channel, listener),
    subscribePattern: (pattern, listener) => patterns.add(pattern, listener),
    close: async () => undefined,
  };
}
