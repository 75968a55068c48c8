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
  let telling = false;
  const tell = (message: Message) => {
    channels.tell(message.channel, message);
    for (const [pattern, matches] of matchers) {
      if (matches(message.channel)) {
        patterns.tell(pattern, message);
      }
    }
  };
  return {
    async publish(channel, data, sender = null) {
      waiting.push({ channel, data: Buffer.from(data), sender });
      if (telling) {
        return; // a listener publishes: all hear the message before, before any hears this one
      }
      telling = true;
      try {
        for (let message = waiting.shift(); message !== undefined; message = waiting.shift()) {
          tell(message);
        }
      } finally {
        telling = false; // a listener may throw though it must not
      }
    },
    subscribe: (channel, listener) => channels.add(channel, listener),
    subscribePattern: (pattern, listener) => patterns.add(pattern, listener),
    close: async () => undefined,
  };
}
