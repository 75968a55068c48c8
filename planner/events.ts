/** Events that subscriptions are answered at: where they come from, and what plans take from them. */
import { type EventPlan, type JsonValue, PuffError, type TypedText } from "../schema/index.ts";
import { typeJson } from "./arguments.ts";

/** Where events come from; the gateway implements it. */
export interface Events {
  /**
   * Resolves when events will be heard; the function it gives ends that.
   *
   * @throws PuffError where the channel can't be listened to.
   */
  listen(source: "channel" | "notify", channel: string, listener: EventListener): Promise<() => void>;
}

export interface EventListener {
  event(payload: string): void;
  /** Events may have been lost. */
  missed(): void;
}

/** A payload, read: JSON, or the text itself where it is none. */
export function readPayload(text: string): JsonValue {
  try {
    // Most payloads have no integer that a number can't hold, and a reviver is slow.
    return JSON.parse(text, /\d{16}/.test(text) ? keepBigInts : undefined) as JsonValue; // JSON.parse makes no other
  } catch {
    return text;
  }
}

/** Integers beyond 2^53 as texts, which is what BigInt and ID are in JSON. */
function keepBigInts(_key: string, value: unknown, { source }: { readonly source?: string } = {}): unknown {
  return typeof value === "number" && source !== undefined && /^-?\d+$/.test(source) && !Number.isSafeInteger(value)
    ? source
    : value;
}

/**
 * Puts an event's values in the places where the plan names them.
 *
 * @throws PuffError `PUFF_EVENT_INVALID` where the event has no such part.
 */
export function bindEvent(params: EventPlan["params"], payload: JsonValue): TypedText[] {
  return params.map((param) => ("event" in param ? typeJson(partOf(payload, param.event)) : param));
}

function partOf(payload: JsonValue, path: readonly (string | number)[]): JsonValue {
  let part: JsonValue | undefined = payload;
  for (const [depth, key] of path.entries()) {
    part =
      isContainer(part) && Object.hasOwn(part, key) ? (part as { readonly [key: string]: JsonValue })[key] : undefined;
    if (part === undefined) {
      const shown = path.slice(0, depth + 1).map((name) => `[${JSON.stringify(name)}]`);
      throw new PuffError("PUFF_EVENT_INVALID", `the event has no ctx.event${shown.join("")}`, {
        remedy: "Publish JSON that has it, or correct the plan.",
      });
    }
  }
  return part;
}

function isContainer(
  value: JsonValue | undefined,
): value is { readonly [key: string]: JsonValue } | readonly JsonValue[] {
  return typeof value === "object" && value !== null;
}
