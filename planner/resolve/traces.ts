/**
 * Traces: plans of resolvers whose plan depends on their arguments alone, got by calling them once with symbols in
 * place of the arguments, and bound to each request's values without Python.
 *
 * What a trace takes for granted is its key: the field, the arguments' shape (which are absent, and the values of those
 * that are null, booleans or lists), and the values that the resolver looked at; where it asked who the caller is, the
 * same of the caller's claims.
 */
import { LRUCache } from "lru-cache";
import {
  type Arguments,
  type Claims,
  isExactNumber,
  type JsonValue,
  PuffError,
  parseExact,
  type ResolveResult,
  type SqlPlan,
  type TracedPlan,
} from "../../schema/index.ts";
import type { FieldStep } from "../contract/operation-plan.ts";
import { hasConstantArguments } from "../operation/field-arguments.ts";
import { OID } from "../types/oids.ts";
import { bindArguments, valueAt } from "./arguments.ts";

/** Traces kept for one schema. */
const MOST_TRACES = 5000;

/** Characters of their keys and statements: lists and texts that clients send are part of a key. */
const MOST_CHARACTERS = 10_000_000;

/** What a request brings to a resolver. */
export interface Given {
  readonly args: Arguments;
  /** Of the caller; null if they are not JSON, undefined while they are not known yet. */
  readonly claims: Claims | null | undefined;
}

/** What some call with arguments of one shape looked at. */
interface Looked {
  readonly args: ReadonlySet<string>;
  /** By path as JSON; null if none asked for claims. */
  readonly claims: ReadonlySet<string> | null;
}

export class Traces {
  /** By field and its arguments' shape. */
  readonly #looked = new LRUCache<string, Looked>({
    max: MOST_TRACES,
    maxSize: MOST_CHARACTERS,
    sizeCalculation: (_, shape) => shape.length,
  });
  readonly #plans = new LRUCache<string, TracedPlan>({
    max: MOST_TRACES,
    maxSize: MOST_CHARACTERS,
    sizeCalculation: ({ plan }, key) => key.length + plan.text.length,
  });
  /** Plans that ask for no claims, by a field whose arguments stand in the document: the same for every request. */
  readonly #settled = new WeakMap<FieldStep, SqlPlan>();
  /** Fields whose resolver gave another plan for the same arguments: never trusted again. */
  readonly #liars = new Set<string>();

  /** Whether a resolver's plans may be kept. */
  trusts(field: string): boolean {
    return !this.#liars.has(field);
  }

  /** The plan for these values; null if the resolver has to be called, `claims` where only they can tell. */
  find(step: FieldStep, given: Given): SqlPlan | "claims" | null {
    const settled = this.#settled.get(step);
    if (settled !== undefined) {
      return settled;
    }
    const shape = shapeOf(step.name, given.args);
    const looked = this.#looked.get(shape);
    if (looked === undefined) {
      return null;
    }
    if (looked.claims !== null && given.claims === undefined) {
      return "claims";
    }
    const traced = this.#plans.get(keyOf(shape, given, looked));
    if (traced === undefined) {
      return null;
    }
    const plan = bindArguments(traced.plan, given.args, given.claims ?? null);
    if (looked.claims === null && hasConstantArguments(step)) {
      this.#settled.set(step, plan);
    }
    return plan;
  }

  /** The values for which alone the plan that is kept for these is good, by path. */
  lookedAt(field: string, given: Given): Arguments {
    const looked = this.#looked.get(shapeOf(field, given.args));
    return Object.fromEntries([
      ...[...(looked?.args ?? [])].map((path) => [path, valueAt(given.args, path.split("."))]),
      ...[...(looked?.claims ?? [])].map((path) => [`auth${path}`, claimAt(given, path)]),
    ]);
  }

  /** Keeps what a resolver returned when it was called with symbols, and binds it. */
  keep(field: string, given: Given, traced: TracedPlan): SqlPlan {
    const seen = { ...given, args: asPythonSaw(given.args) };
    const shape = shapeOf(field, seen.args);
    const known = this.#looked.get(shape);
    const claims = [...(known?.claims ?? []), ...(traced.claims ?? []).map((path) => JSON.stringify(path))];
    const looked: Looked = {
      args: new Set([...(known?.args ?? []), ...traced.looked]),
      claims: traced.claims === null && (known?.claims ?? null) === null ? null : new Set(claims),
    };
    this.#looked.set(shape, looked);
    if (this.trusts(field)) {
      this.#plans.set(keyOf(shape, seen, looked), traced);
    }
    return bindArguments(traced.plan, given.args, given.claims ?? null);
  }

  /** Compares fresh answers with a kept one; where none is the same, the resolver's traces end. */
  verify(field: string, kept: SqlPlan, fresh: readonly ResolveResult[]): PuffError | null {
    if (fresh.length === 0 || fresh.some((answer) => samePlan(kept, answer))) {
      return null;
    }
    this.#liars.add(field);
    for (const key of this.#plans.keys()) {
      if (key.startsWith(`${field}(`)) {
        this.#plans.delete(key);
      }
    }
    return new PuffError("PUFF_RESOLVER_IMPURE", `${field} gave another plan for the same arguments`, {
      remedy: "Remove @graphql.pure: its plan depends on more than its arguments, such as the clock or a global.",
      extensions: { kept: JSON.stringify(kept), fresh: JSON.stringify(fresh[0]) },
    });
  }
}

/**
 * The arguments as they crossed the bridge. A trace is kept under these alone, so that a value that JSON would change
 * could never be served the plan of another.
 */
function asPythonSaw(args: Arguments): Arguments {
  return parseExact(JSON.stringify(args)) as Arguments;
}

/** Which values are there and can be symbols; the others themselves. */
function shapeOf(name: string, values: Arguments | Claims): string {
  const shape = Object.entries(values).map(
    ([key, value]) =>
      typeof value !== "object" || value === null || Array.isArray(value) || isExactNumber(value)
        ? `${JSON.stringify(key)}:${typeof value === "string" || typeof value === "number" ? typeof value : JSON.stringify(value)}`
        : shapeOf(JSON.stringify(key), value as Claims), // an object that is not an array
  );
  return `${name}(${shape.join()})`;
}

function keyOf(shape: string, given: Given, { args, claims }: Looked): string {
  const looked = [...args].map((path) => valueAt(given.args, path.split(".")));
  const key = looked.length === 0 ? shape : `${shape} ${JSON.stringify([...args, ...looked])}`;
  if (claims === null) {
    return key;
  }
  const claimed = [...claims].map((path) => claimAt(given, path));
  return `${key} ${shapeOf("auth", given.claims ?? {})} ${JSON.stringify([...claims, ...claimed])}`;
}

function claimAt({ claims }: Given, path: string): JsonValue {
  return valueAt(claims ?? null, JSON.parse(path) as string[]); // it was made of one
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
