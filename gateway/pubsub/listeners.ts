/** The listeners of each channel on this node, counted, so that the first and the last are known. */
import type { Listener, Message, Unsubscribe } from "./pubsub.ts";

/** Told when a channel gets its first listener and when it has lost its last one. */
export interface Changes {
  /** Resolves when messages will come; fails where they can't, and nobody listens then. */
  first(name: string): Promise<void>;
  last(name: string): void;
}

interface Heard {
  readonly listeners: Set<Listener>;
  readonly ready: Promise<void>;
}

/** The listeners of channels, or of patterns, by name. */
export class Listeners {
  readonly #heard = new Map<string, Heard>();
  readonly #changes: Changes;

  constructor(changes: Changes) {
    this.#changes = changes;
  }

  get names(): string[] {
    return [...this.#heard.keys()];
  }

  async add(name: string, listener: Listener): Promise<Unsubscribe> {
    // One of its own for each call, so that a listener which is given twice is called twice and removed once.
    const own: Listener = {
      message: (message) => listener.message(message),
      missed: () => listener.missed(),
      lost: () => listener.lost?.(),
    };
    let heard = this.#heard.get(name);
    if (heard === undefined) {
      heard = { listeners: new Set(), ready: this.#changes.first(name) };
      this.#heard.set(name, heard);
    }
    heard.listeners.add(own);
    const leave = () => this.#remove(name, own);
    try {
      await heard.ready;
    } catch (error) {
      leave();
      throw error;
    }
    return leave;
  }

  tell(name: string, message: Message): void {
    for (const listener of this.#heard.get(name)?.listeners ?? []) {
      listener.message(message);
    }
  }

  tellMissed(names: readonly string[] = this.names): void {
    for (const name of names) {
      for (const listener of this.#heard.get(name)?.listeners ?? []) {
        listener.missed();
      }
    }
  }

  tellLost(): void {
    for (const { listeners } of this.#heard.values()) {
      for (const listener of listeners) {
        listener.lost?.();
      }
    }
  }

  #remove(name: string, listener: Listener): void {
    const heard = this.#heard.get(name);
    if (heard?.listeners.delete(listener) === true && heard.listeners.size === 0) {
      this.#heard.delete(name);
      this.#changes.last(name);
    }
  }
}
