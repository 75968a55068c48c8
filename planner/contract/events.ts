/** Where the events of subscriptions come from. */

/** Where events come from; the gateway implements it. */
export interface Events {
  /**
   * Resolves when events will be heard; the function it gives ends that.
   *
   * @throws PuffError if the channel can't be listened to.
   */
  listen(source: "channel" | "notify", channel: string, listener: EventListener): Promise<() => void>;
}

export interface EventListener {
  event(payload: string): void;
  /** Events may have been lost. */
  missed(): void;
}
