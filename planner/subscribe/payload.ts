/** Events that subscriptions are answered at: where they come from, and what plans take from them. */
import {
  type EventPlan,
  isExactNumber,
  type JsonValue,
  PuffError,
  parseExact,
  type TypedText,
} from "../../schema/index.ts";
import { typeJson } from "../resolve/arguments.ts";

/** An event's payload: JSON, as its text and parsed. */
export interface Payload {
  readonly text: string;
  /** Its numbers have their digits, see {@link parseExact}. */
  readonly json: JsonValue;
}

/** A payload, read: JSON, or the text itself where it is none. */
export function readPayload(text: string): Payload {
  try {
    return { text, json: parseExact(text) as JsonValue }; // it makes no other
  } catch {
    return { text: JSON.stringify(text), json: text };
  }
}

/**
 * Puts an event's values in the places where the plan names them.
 *
 * @throws PuffError `PUFF_EVENT_INVALID` if the event has no such part.
 */
export function bindEvent(params: EventPlan["params"], { json }: Payload): TypedText[] {
  return params.map((param) => ("event" in param ? typeJson(partOf(json, param.event)) : param));
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
  return typeof value === "object" && value !== null && !isExactNumber(value);
}
