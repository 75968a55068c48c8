/** Publish and subscribe: what it promises, wherever messages travel. */

/** One message of a channel. */
export interface Message {
  readonly channel: string;
  /** As it was published; texts are UTF-8. */
  readonly data: Buffer;
  /** Id of who sent it, where they gave one. */
  readonly sender: string | null;
}

/** A listener on a channel. Its methods must not throw. */
export interface Listener {
  message(message: Message): void;
  /** Messages may have been lost: the connection that brings them was gone for a while, and is back. */
  missed(): void;
  /** The connection that brings them is gone: from now on messages may be lost. Not each kind of connection tells. */
  lost?(): void;
}

/** Ends a subscription: its listener is not called again. */
export type Unsubscribe = () => void;

/**
 * Messages to all who listen at that time, on all nodes; none is kept. What one publisher sends to a channel arrives
 * everywhere in the order in which it was sent.
 */
export interface PubSub {
  /**
   * Resolves when the message is on its way to every node.
   *
   * @throws PuffError `PUFF_REDIS_UNAVAILABLE`: nobody gets it.
   * @example await app.puff.pubsub.publish("post", JSON.stringify({ post_id: 3 }));
   */
  publish(channel: string, data: string | Uint8Array, sender?: string | null): Promise<void>;
  /**
   * Resolves when what is published from now on will be heard. While Redis is gone it resolves at once, and the
   * listener's `missed` is called when it is back.
   */
  subscribe(channel: string, listener: Listener): Promise<Unsubscribe>;
  /** As {@link subscribe}, for all channels that match: `*` any text, `?` any character, `[ab]`, `\` before a plain one. */
  subscribePattern(pattern: string, listener: Listener): Promise<Unsubscribe>;
  close(): Promise<void>;
}
