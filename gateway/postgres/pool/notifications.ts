/** Postgres's NOTIFY: one connection a database listens to all channels that are wanted, and comes back by itself. */
import { setTimeout as sleep } from "node:timers/promises";
import { PuffError, pauseAfter, reconnect } from "../../../schema/index.ts";
import { Listeners } from "../../pubsub/listeners.ts";
import type { Listener, Unsubscribe } from "../../pubsub/pubsub.ts";
import { asPuffError } from "../errors/errors.ts";
import { RawClient, type RawClientConfig } from "../wire/raw-client.ts";

/** Milliseconds between two looks at whether the connection still answers, and how long an answer may take. */
const pingInterval = 10_000;
const answerDeadline = 5_000;
/** Bytes of a channel's name: Postgres would cut a longer one off, and notify nobody of that name. */
const longestName = 63;

export class Notifications {
  readonly #config: RawClientConfig;
  readonly #place: string;
  readonly #listeners: Listeners;
  #client: RawClient | null = null;
  /** The connection's attempts, from the first listener on. */
  #running: Promise<void> | null = null;
  /** Resolves when the first of them has ended, whatever came of it. */
  readonly #attempted = Promise.withResolvers<void>();
  readonly #closing = new AbortController();
  /** The last command: pg wants them one after the other. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(config: RawClientConfig, place: string) {
    this.#config = config;
    this.#place = place;
    this.#listeners = new Listeners({
      first: async (channel) => {
        this.#running ??= this.#run();
        await this.#attempted.promise;
        await this.#send("LISTEN", channel);
      },
      last: (channel) => void this.#send("UNLISTEN", channel).catch(() => undefined),
    });
  }

  /**
   * Resolves when notifications of the channel will be heard; while Postgres can't be reached at once, and the
   * listener's `missed` is called when it can.
   *
   * @throws PuffError `PUFF_PLAN_INVALID` if no channel can have that name, or why Postgres refuses to listen.
   */
  async listen(channel: string, listener: Listener): Promise<Unsubscribe> {
    if (channel.includes("\0") || Buffer.byteLength(channel) > longestName) {
      const message = `a Postgres channel can't have the name ${JSON.stringify(channel)}`;
      throw new PuffError("PUFF_PLAN_INVALID", message, {
        remedy: `Use a name of at most ${longestName} bytes, without the character NUL.`,
      });
    }
    return await this.#listeners.add(channel, listener);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#client?.end();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    let lost = false;
    for (let failures = 1; !signal.aborted; failures++) {
      const client = new RawClient(this.#config);
      const ended = new Promise<void>((resolve) => client.once("end", () => resolve()));
      client.on("notification", ({ channel, payload = "" }) =>
        this.#listeners.tell(channel, { channel, data: Buffer.from(payload), sender: null }),
      );
      try {
        await client.connect();
        signal.throwIfAborted(); // closed meanwhile, when there was no connection to end
        this.#client = client;
        failures = 1;
        // One that is refused must not keep the others from being heard: who wants it is told by its own command.
        await Promise.allSettled(this.#listeners.names.map((channel) => this.#send("LISTEN", channel)));
        if (lost) {
          this.#listeners.tellMissed();
        }
        this.#attempted.resolve();
        await this.#watch(client, ended);
      } catch {
        await client.end();
      }
      this.#client = null;
      this.#listeners.tellLost();
      lost = true;
      this.#attempted.resolve();
      await sleep(pauseAfter(failures, reconnect), null, { signal }).catch(() => undefined);
    }
  }

  /** Resolves when the connection is gone: a network that drops what is sent says nothing of it. */
  async #watch(client: RawClient, ended: Promise<void>): Promise<void> {
    const pings = setInterval(() => {
      const deadline = setTimeout(() => client.connection.giveUp(new Error("no answer to a ping")), answerDeadline);
      this.#query(client, "SELECT")
        .catch(() => undefined)
        .finally(() => clearTimeout(deadline));
    }, pingInterval);
    await ended;
    clearInterval(pings);
  }

  async #send(command: "LISTEN" | "UNLISTEN", channel: string): Promise<void> {
    const client = this.#client;
    try {
      if (client !== null) {
        await this.#query(client, `${command} ${client.escapeIdentifier(channel)}`);
      }
    } catch (error) {
      const failure = asPuffError(error, this.#place);
      if (failure.code !== "PUFF_DATABASE_UNAVAILABLE") {
        throw failure;
      } // else the connection is lost, and the next one begins with what is wanted
    }
  }

  #query(client: RawClient, text: string): Promise<unknown> {
    const answer = this.#last.then(() => client.command(text));
    this.#last = answer.catch(() => undefined);
    return answer;
  }
}
