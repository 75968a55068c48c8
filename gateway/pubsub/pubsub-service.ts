/** The host service `pubsub`: Python's connections, each a mailbox that the greenlets which have it receive from. */
import {
  type HostService,
  type HostSession,
  method,
  methods,
  nothing,
  optional,
  text,
} from "../../python-bridge/index.ts";
import { PuffError } from "../../schema/index.ts";
import type { Message, PubSub, Unsubscribe } from "./pubsub.ts";

/** Messages that wait to be received, and bytes of them where more than one does; past them the connection has failed. */
const mostWaiting = 1_000;
const mostBytes = 16_000_000;

export class PubSubService implements HostService {
  readonly #pubsub: () => PubSub;

  constructor(pubsub: () => PubSub) {
    this.#pubsub = pubsub;
  }

  open(): HostSession {
    const mailboxes = new Map<string, Mailbox>();
    return {
      call: methods("pubsub", {
        publish: method([text, text], async ([sender, channel], { buffers: [data = new Uint8Array()] }) => {
          await this.#pubsub().publish(channel, data, sender === "" ? null : sender);
          return { value: true };
        }),
        subscribe: method([text, text, optional(text)], async ([key, name, kind]) => {
          const mailbox = mailboxes.get(key) ?? new Mailbox(this.#pubsub());
          mailboxes.set(key, mailbox);
          return { value: await mailbox.subscribe(name, kind === "pattern") };
        }),
        unsubscribe: method([text, text], ([key, name]) => ({ value: mailboxes.get(key)?.unsubscribe(name) ?? false })),
        receive: method([text], async ([key], { signal }) => {
          const message = (await mailboxes.get(key)?.receive(signal)) ?? null;
          if (message === null) {
            return nothing;
          }
          return {
            value: [message.channel, message.sender],
            // A copy, since what is answered is given away, and others have the message, too.
            buffers: [Uint8Array.from(message.data)],
            unclaimed: () => mailboxes.get(key)?.putBack(message),
          };
        }),
        close: method([text], ([key]) => {
          mailboxes.get(key)?.close();
          mailboxes.delete(key);
          return nothing;
        }),
      }),
      close: () => {
        for (const mailbox of mailboxes.values()) {
          mailbox.close();
        }
      },
    };
  }
}

class Mailbox {
  readonly #pubsub: PubSub;
  /** By {@link keyOf}. */
  readonly #subscribed = new Map<string, Promise<Unsubscribe>>();
  #waiting: Message[] = [];
  #waitingBytes = 0;
  #overflowed = false;
  /** Greenlets that wait for a message, the first first. */
  readonly #receivers = new Set<(message: Message | null) => void>();

  constructor(pubsub: PubSub) {
    this.#pubsub = pubsub;
  }

  /** False if it was subscribed already; in either case, what is published from then on is received. */
  async subscribe(name: string, pattern: boolean): Promise<boolean> {
    const key = keyOf(name, pattern);
    const earlier = this.#subscribed.get(key);
    if (earlier !== undefined) {
      await earlier;
      return false;
    }
    const listener = { message: (message: Message) => this.#take(message), missed: () => undefined };
    const subscribing = pattern
      ? this.#pubsub.subscribePattern(name, listener)
      : this.#pubsub.subscribe(name, listener);
    this.#subscribed.set(key, subscribing);
    try {
      await subscribing;
    } catch (error) {
      if (this.#subscribed.get(key) === subscribing) {
        this.#leave(key);
      }
      throw error;
    }
    return true;
  }

  /** Leaves the channel and the pattern of that name. False if it was not subscribed to either. */
  unsubscribe(name: string): boolean {
    const left = [false, true].map((pattern) => this.#leave(keyOf(name, pattern)));
    return left.includes(true);
  }

  /** The next message; null if nothing more can come. */
  receive(signal: AbortSignal): Promise<Message | null> {
    const message = this.#waiting.shift();
    if (message !== undefined) {
      this.#waitingBytes -= message.data.length;
      return Promise.resolve(message);
    }
    if (this.#overflowed) {
      this.#overflowed = false;
      return Promise.reject(
        new PuffError(
          "PUFF_EVENTS_LOST",
          `more than ${mostWaiting} messages or ${mostBytes / 1e6} MB of them were waiting to be received: the others are lost`,
        ),
      );
    }
    if (this.#subscribed.size === 0) {
      return Promise.resolve(null);
    }
    return new Promise((resolve, reject) => {
      const abort = () => {
        this.#receivers.delete(receiver);
        reject(signal.reason);
      };
      const receiver = (received: Message | null) => {
        signal.removeEventListener("abort", abort);
        resolve(received);
      };
      signal.addEventListener("abort", abort, { once: true });
      this.#receivers.add(receiver);
    });
  }

  /** Its receiver has ended: the next one gets it. */
  putBack(message: Message): void {
    const [receiver] = this.#receivers;
    if (receiver === undefined) {
      this.#waiting.unshift(message);
      this.#waitingBytes += message.data.length;
    } else {
      this.#receivers.delete(receiver);
      receiver(message);
    }
  }

  close(): void {
    for (const key of [...this.#subscribed.keys()]) {
      this.#leave(key);
    }
    this.#waiting = [];
    this.#waitingBytes = 0;
  }

  #leave(key: string): boolean {
    const subscribing = this.#subscribed.get(key);
    this.#subscribed.delete(key);
    void subscribing?.then(
      (leave) => leave(),
      () => undefined, // it never was
    );
    if (this.#subscribed.size === 0) {
      this.#endReceivers();
    }
    return subscribing !== undefined;
  }

  #take(message: Message): void {
    const [receiver] = this.#receivers;
    if (receiver !== undefined) {
      this.#receivers.delete(receiver);
      receiver(message);
    } else if (!this.#overflowed && this.#hasRoomFor(message)) {
      this.#waiting.push(message);
      this.#waitingBytes += message.data.length;
    } else {
      this.#overflowed = true;
    }
  }

  #hasRoomFor({ data }: Message): boolean {
    const count = this.#waiting.length;
    return count < mostWaiting && (count === 0 || this.#waitingBytes + data.length <= mostBytes);
  }

  #endReceivers(): void {
    for (const receiver of this.#receivers) {
      receiver(null);
    }
    this.#receivers.clear();
  }
}

/** A channel and a pattern may have the same name. */
function keyOf(name: string, pattern: boolean): string {
  return `${pattern ? "pattern" : "channel"} ${name}`;
}
