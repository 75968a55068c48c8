/**
 * Subscribers that are answered together: the same operation at the same events, whose plans differ in parameters
 * alone. Those of equal parameters get the same bytes; the others share statements.
 */
import { hash } from "node:crypto";
import { PuffError } from "../../schema/index.ts";
import type { Events } from "../contract/events.ts";
import { EventQueue, type QueueOptions } from "./event-queue.ts";
import { type Payload, readPayload } from "./payload.ts";
import type { Parameters, SubscriptionAnswers } from "./subscription-answers.ts";

/** Of a live query, whose plan takes nothing from events. */
const nothing: Payload = { text: "null", json: null };

export interface SubscriptionGroupOptions {
  readonly events: Events;
  readonly source: "channel" | "notify";
  readonly channel: string;
  readonly live: boolean;
  readonly latest: boolean;
  readonly answers: SubscriptionAnswers;
  /** Called when the last subscriber has left. */
  empty(): void;
}

interface Subscriber {
  readonly queue: EventQueue;
  /** The last event that came before it. */
  readonly since: number;
  /** Of a live query: what it was sent last. */
  sent: string | null;
}

/** Subscribers with equal parameters. */
interface Member {
  readonly params: Parameters;
  readonly subscribers: Set<Subscriber>;
}

interface PendingEvent {
  readonly number: number;
  /** Characters of the payload. */
  readonly size: number;
  readonly payload: Payload;
}

/** Sets of parameters that one statement answers. */
const MOST_SETS = 500;

/** Events that wait while earlier ones are answered, and characters of them where more than one does. */
const MOST_EVENTS = 1000;
const MOST_CHARACTERS = 16_000_000;

export class SubscriptionGroup {
  readonly #options: SubscriptionGroupOptions;
  readonly #members = new Map<string, Member>();
  readonly #stop: Promise<() => void>;
  #pending: PendingEvent[] = [];
  #pendingSize = 0;
  #lastEvent = 0;
  /** Members of a live query whose answer may have changed. */
  readonly #due = new Set<Member>();
  #working = false;

  constructor(options: SubscriptionGroupOptions) {
    this.#options = options;
    const { events, source, channel, live } = options;
    this.#stop = events.listen(source, channel, {
      event: (payload) => this.#take(payload),
      missed: () => (live ? this.#answerAllAgain() : undefined),
    });
  }

  /**
   * Adds a subscriber; resolves when events will reach it.
   *
   * @throws PuffError if the channel can't be listened to.
   */
  async join(params: Parameters, options: Pick<QueueOptions, "limit" | "behind">): Promise<EventQueue> {
    const { live, latest } = this.#options;
    const key = JSON.stringify(params);
    const member = this.#members.get(key) ?? { params, subscribers: new Set() };
    this.#members.set(key, member);
    const queue = new EventQueue({ ...options, latest, left: () => this.#leave(key, member, subscriber) });
    const subscriber: Subscriber = { queue, since: this.#lastEvent, sent: null };
    member.subscribers.add(subscriber);
    try {
      await this.#stop;
    } catch (error) {
      await queue.return();
      throw error;
    }
    if (live) {
      this.#due.add(member);
      this.#startWork();
    }
    return queue;
  }

  #leave(key: string, member: Member, subscriber: Subscriber): void {
    member.subscribers.delete(subscriber);
    if (member.subscribers.size > 0) {
      return;
    }
    this.#due.delete(member);
    this.#members.delete(key);
    if (this.#members.size === 0) {
      this.#options.empty();
      this.#stop.then(
        (stop) => stop(),
        () => undefined, // who wanted to join knows
      );
    }
  }

  #take(payload: string): void {
    if (this.#options.live) {
      this.#answerAllAgain();
      return;
    }
    this.#lastEvent++;
    const event = { number: this.#lastEvent, size: payload.length, payload: readPayload(payload) };
    if (this.#options.latest) {
      this.#dropPending();
    }
    this.#pending.push(event);
    this.#pendingSize += event.size;
    const count = this.#pending.length;
    if (count > MOST_EVENTS || (count > 1 && this.#pendingSize > MOST_CHARACTERS)) {
      this.#dropPending();
      const most = `${MOST_EVENTS} events or ${MOST_CHARACTERS / 1e6} MB of them`;
      this.#fail(
        new PuffError("PUFF_EVENTS_LOST", `more than ${most} are waiting: the stream has ended`, {
          remedy: "Subscribe again; if it happens often, make the statement faster or publish less.",
        }),
      );
    }
    this.#startWork();
  }

  #dropPending(): void {
    this.#pending = [];
    this.#pendingSize = 0;
  }

  #answerAllAgain(): void {
    for (const member of this.#members.values()) {
      this.#due.add(member);
    }
    this.#startWork();
  }

  #fail(error: PuffError): void {
    for (const { subscribers } of [...this.#members.values()]) {
      for (const { queue } of [...subscribers]) {
        queue.fail(error);
      }
    }
  }

  #startWork(): void {
    if (!this.#working) {
      this.#working = true;
      void this.#work();
    }
  }

  /** One event after the other, so that each subscriber gets its answers in the events' order. */
  async #work(): Promise<void> {
    await null; // those who subscribe in the same moment are answered together
    for (;;) {
      if (this.#due.size > 0) {
        const due = [...this.#due];
        this.#due.clear();
        await this.#answer(due, null);
        continue;
      }
      const event = this.#pending.shift();
      if (event === undefined) {
        break;
      }
      this.#pendingSize -= event.size;
      await this.#answer([...this.#members.values()], event);
    }
    this.#working = false;
  }

  async #answer(members: readonly Member[], event: PendingEvent | null): Promise<void> {
    for (let from = 0; from < members.length; from += MOST_SETS) {
      const chunk = members.slice(from, from + MOST_SETS);
      const answers = await this.#options.answers.answer(
        chunk.map(({ params }) => params),
        event?.payload ?? nothing,
      );
      for (const [index, { subscribers }] of chunk.entries()) {
        const answer = answers[index] ?? null;
        if (answer !== null) {
          send(subscribers, answer, event);
        }
      }
    }
  }
}

function send(subscribers: ReadonlySet<Subscriber>, answer: Buffer, event: PendingEvent | null): void {
  const digest = event === null ? hash("sha1", answer, "base64") : null;
  for (const subscriber of subscribers) {
    if (event === null ? subscriber.sent === digest : event.number <= subscriber.since) {
      continue;
    }
    subscriber.sent = digest;
    subscriber.queue.push(answer);
  }
}
