/** What the host does for Python: services, and the main thread's end of one interpreter's calls of them. */
import { setMaxListeners } from "node:events";
import type { JsonValue } from "../../schema/index.ts";
import type { LogRecord, Receipt, ServiceAnswer, ServiceCall } from "../protocol/messages.ts";
import { wholeBuffers } from "../protocol/transfer.ts";

/** Something the host does for Python; each interpreter opens its own session, at its first call. */
export interface HostService {
  open(): HostSession;
}

/** One interpreter's use of a {@link HostService}. */
export interface HostSession {
  /**
   * Answers `puff._runtime.services.call(service, method, *args, buffers=…)`.
   *
   * @param signal One for each greenlet: it aborts when the greenlet that asked has ended, or its interpreter. So it
   *   is also where to give back what the greenlet holds.
   * @returns The answer. Its buffers are given away: they are transferred where they are an ArrayBuffer's whole.
   * @throws What is raised in Python as `ServiceError`, with `message`, and with `code` and `data` (JSON) if it has them.
   */
  call(
    method: string,
    args: readonly JsonValue[],
    buffers: readonly Uint8Array[],
    signal: AbortSignal,
  ): Promise<HostAnswer>;
  /** The interpreter has ended: give back everything. */
  close(): void;
}

export interface HostAnswer {
  readonly value: JsonValue;
  readonly buffers?: readonly Uint8Array[];
  /**
   * Called where the answer reaches nobody, since the greenlet that asked was told to end: gives back what it hands over,
   * such as a connection that outlives the greenlet.
   */
  readonly unclaimed?: () => void;
}

/** The sessions of one interpreter. */
export class Sessions {
  readonly #services: ReadonlyMap<string, HostService>;
  readonly #onLog: (record: LogRecord) => void;
  readonly #open = new Map<string, HostSession>();
  /** By the id of a greenlet that has called a service and has not ended. */
  readonly #greenlets = new Map<number, AbortController>();
  /** What gives back the answers on their way, by the numbers of their calls. */
  readonly #handedOver = new Map<number, () => void>();
  #closed = false;

  constructor(services: ReadonlyMap<string, HostService>, onLog: (record: LogRecord) => void) {
    this.#services = services;
    this.#onLog = onLog;
  }

  /** Never fails: what goes wrong is the answer, or goes to the log if Python does not wait for one. */
  async call({ call, greenlet, service, method, args, buffers }: ServiceCall): Promise<ServiceAnswer> {
    try {
      const session = this.#session(service);
      // JSON of an array, as puff._runtime.services writes it.
      const values = JSON.parse(args) as JsonValue[];
      const answer = await session.call(method, values, buffers, this.#signal(greenlet));
      const json = JSON.stringify({ value: answer.value ?? null });
      const { unclaimed } = answer;
      if (unclaimed !== undefined) {
        this.#closed || call === 0 ? unclaimed() : this.#handedOver.set(call, unclaimed);
      }
      return { call, json, buffers: wholeBuffers(answer.buffers ?? []), wantsReceipt: unclaimed !== undefined };
    } catch (error) {
      if (call === 0 && !this.#closed) {
        const message = `${service}.${method} failed, and Python does not wait for its answer: ${wireError(error).message}`;
        this.#onLog({ level: "error", logger: "puff.services", message });
      }
      return { call, json: JSON.stringify({ error: wireError(error) }), buffers: [], wantsReceipt: false };
    }
  }

  /** Answers that handed something over have arrived. */
  arrived(receipts: readonly Receipt[]): void {
    for (const { call, claimed } of receipts) {
      const giveBack = this.#handedOver.get(call);
      this.#handedOver.delete(call);
      if (!claimed) {
        giveBack?.();
      }
    }
  }

  /** These greenlets have ended. */
  end(greenlets: readonly number[]): void {
    for (const greenlet of greenlets) {
      this.#greenlets.get(greenlet)?.abort(ended);
      this.#greenlets.delete(greenlet);
    }
  }

  close(): void {
    this.#closed = true;
    this.end([...this.#greenlets.keys()]);
    for (const session of this.#open.values()) {
      session.close();
    }
    this.#open.clear();
  }

  #session(name: string): HostSession {
    const service = this.#services.get(name);
    if (service === undefined || this.#closed) {
      throw new Error(`this host has no service ${name}`);
    }
    const session = this.#open.get(name) ?? service.open();
    this.#open.set(name, session);
    return session;
  }

  #signal(greenlet: number): AbortSignal {
    let controller = this.#greenlets.get(greenlet);
    if (controller === undefined) {
      controller = new AbortController();
      // Whatever a greenlet holds may listen.
      setMaxListeners(0, controller.signal);
      this.#greenlets.set(greenlet, controller);
    }
    return controller.signal;
  }
}

/** One for all: to make an error for each costs more than all else of a greenlet's end. */
const ended = new Error("the greenlet has ended");

function wireError(error: unknown): { readonly code: string | null; readonly message: string; readonly data: unknown } {
  if (!(error instanceof Error)) {
    return { code: null, message: String(error), data: null };
  }
  const { code, data } = error as { readonly code?: unknown; readonly data?: unknown }; // they may be there
  return { code: typeof code === "string" ? code : null, message: error.message, data: data ?? null };
}
