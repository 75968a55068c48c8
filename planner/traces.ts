/**
 * Traces: plans of resolvers whose plan depends on their arguments alone, got by calling them once with symbols in
 * place of the arguments, and bound to each request's values without Python.
 *
 * What a trace takes for granted is its key: the field, which arguments are absent, and the values of those that are
 * null, lists, objects, or that the resolver looked at.
 */
import { LRUCache } from "lru-cache";
import {
  type ArgumentKind,
  type Arguments,
  type JsonValue,
  PuffError,
  type ResolveResult,
  type SqlPlan,
  type TracedPlan,
  type TypedText,
} from "../schema/index.ts";
import { OID } from "./types.ts";

/** Traces kept for one schema. */
const MOST_TRACES = 5000;

/** Characters of their keys and statements: lists and texts that clients send are part of a key. */
const MOST_CHARACTERS = 10_000_000;

export class Traces {
  /** By field and which arguments could be symbols: arguments that some call of that shape had to look at. */
  readonly #looked = new LRUCache<string, ReadonlySet<string>>({
    max: MOST_TRACES,
    maxSize: MOST_CHARACTERS,
    sizeCalculation: (_, shape) => shape.length,
  });
  readonly #plans = new LRUCache<string, TracedPlan>({
    max: MOST_TRACES,
    maxSize: MOST_CHARACTERS,
    sizeCalculation: ({ plan }, key) => key.length + plan.text.length,
  });
  /** Fields whose resolver gave another plan for the same arguments: never trusted again. */
  readonly #liars = new Set<string>();

  /** Whether a resolver's plans may be kept. */
  trusts(field: string): boolean {
    return !this.#liars.has(field);
  }

  /** The plan for these arguments; null where the resolver has to be called. */
  find(field: string, args: Arguments): SqlPlan | null {
    const shape = shapeOf(field, args);
    const looked = this.#looked.get(shape);
    const traced = looked === undefined ? undefined : this.#plans.get(keyOf(shape, args, looked));
    return traced === undefined ? null : bindTrace(traced, args);
  }

  /** Keeps what a resolver returned when it was called with symbols, and binds it. */
  keep(field: string, args: Arguments, traced: TracedPlan): SqlPlan {
    const shape = shapeOf(field, args);
    const looked = new Set([...(this.#looked.get(shape) ?? []), ...traced.looked]);
    this.#looked.set(shape, looked);
    if (this.trusts(field)) {
      this.#plans.set(keyOf(shape, args, looked), traced);
    }
    return bindTrace(traced, args);
  }

  /** Compares a fresh answer with a kept one; the first that differs ends the resolver's traces. */
  verify(field: string, kept: SqlPlan, fresh: ResolveResult): PuffError | null {
    if (samePlan(kept, fresh)) {
      return null;
    }
    this.#liars.add(field);
    for (const key of this.#plans.keys()) {
      if (key.startsWith(`${field}(`)) {
        this.#plans.delete(key);
      }
    }
    return new PuffError("PUFF_RESOLVER_IMPURE", `${field} gave another plan for the same arguments`, {
      remedy: "Take @graphql.pure off: its plan depends on more than its arguments, such as the clock or a global.",
      extensions: { kept: JSON.stringify(kept), fresh: JSON.stringify(fresh) },
    });
  }
}

/** Puts the arguments' values in the places of their symbols. */
function bindTrace({ plan }: TracedPlan, args: Arguments): SqlPlan {
  return {
    ...plan,
    params: plan.params.map((param) => ("argument" in param ? typed(args[param.argument] ?? null, param.as) : param)),
  };
}

/** A value in Postgres's text format, typed as psycopg 3 types Python's. */
function typed(value: JsonValue, kind: ArgumentKind): TypedText {
  const text = String(value);
  switch (kind) {
    case "int": {
      const integer = BigInt(text);
      const oid = [OID.int2, OID.int4, OID.int8].find((_, index) => BigInt.asIntN(16 << index, integer) === integer);
      return [oid ?? OID.numeric, text];
    }
    case "float":
      return [OID.float8, text];
    case "decimal":
      return [OID.numeric, text];
    case "uuid":
      return [OID.uuid, text];
    case "str":
      if (text.includes("\0")) {
        throw new PuffError("PUFF_PLAN_INVALID", "Postgres's texts can't hold the character NUL");
      }
      return [0, text];
  }
}

/** Which arguments are there and can be symbols; the values of the others. */
function shapeOf(field: string, args: Arguments): string {
  const shape = Object.entries(args).map(([name, value]) =>
    typeof value === "object" ? `${name}=${JSON.stringify(value)}` : name,
  );
  return `${field}(${shape.join()})`;
}

function keyOf(shape: string, args: Arguments, looked: ReadonlySet<string>): string {
  return looked.size === 0 ? shape : `${shape} ${JSON.stringify([...looked].map((name) => [name, args[name]]))}`;
}

function samePlan(kept: SqlPlan, fresh: ResolveResult): boolean {
  return (
    fresh.kind === "sql" &&
    JSON.stringify({ ...kept, params: [] }) === JSON.stringify({ ...fresh, params: [] }) &&
    kept.params.length === fresh.params.length &&
    kept.params.every((param, index) => comparable(param) === comparable(fresh.params[index]))
  );
}

/** One value has one text here: Python and JavaScript print floats, and Python prints UUIDs, in their own ways. */
function comparable(param: SqlPlan["params"][number] | undefined): string {
  if (param === undefined || "parent" in param || param[1] === null) {
    return JSON.stringify(param);
  }
  const [oid, text] = param;
  return `${oid} ${oid === OID.float8 ? Number(text) : oid === OID.uuid ? text.replaceAll("-", "").toLowerCase() : text}`;
}
