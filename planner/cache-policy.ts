/** Whether an operation's responses may be kept: what `@graphql.cache` says of all its resolvers together. */
import { getVariableValues } from "graphql";
import type { CachePolicy, ExecutableSchema } from "../schema/index.ts";
import type { FieldStep, Selection } from "./contract/operation-plan.ts";
import type { PreparedOperation } from "./contract/planner.ts";
import type { CompiledOperation } from "./operation/documents.ts";
import { readInputs } from "./operation/exact-inputs.ts";

export interface CachedOperation extends CachePolicy {
  /** Tells the operation from all others of its schema. */
  readonly key: string;
}

/**
 * The shortest time of all resolvers, and for the caller alone unless all are public; null: one of them has no policy, or
 * nothing has. Undefined: the operation has to be compiled to tell, and `mayCompile` is false, since that is done for those
 * alone whom `Schema.auth` lets in.
 *
 * @throws PuffError `PUFF_TOO_MANY_FIELDS`; a GraphQLError: a variable that decides has no value.
 * @example cachePolicyOf(schema, operation, { limit: 20 }, true); // { key: "…", seconds: 60, scope: "public" }
 */
export function cachePolicyOf(
  schema: ExecutableSchema,
  operation: PreparedOperation,
  variables: { readonly [name: string]: unknown },
  mayCompile: boolean,
): CachedOperation | null | undefined {
  const compiled = operation as CompiledOperation; // prepare() makes no other
  if (operation.type !== "query") {
    return null;
  }
  const definitions = compiled.variableDefinitions;
  const { variableValues } = getVariableValues(schema.schema, definitions, readInputs(schema, definitions, variables));
  if (variableValues === undefined) {
    return null;
  }
  const selection = mayCompile ? compiled.plan(variableValues) : compiled.known(variableValues);
  if (selection === undefined) {
    return undefined;
  }
  const policy = policyOf(schema, selection);
  return policy === null ? null : { ...policy, key: `${operation.name ?? ""} ${compiled.text}` };
}

/** A selection belongs to one schema. */
const policies = new WeakMap<Selection, CachePolicy | null>();

function policyOf(schema: ExecutableSchema, selection: Selection): CachePolicy | null {
  let policy = policies.get(selection);
  if (policy === undefined) {
    policy = shortest(schema, selection);
    policies.set(selection, policy);
  }
  return policy;
}

function shortest(schema: ExecutableSchema, selection: Selection): CachePolicy | null {
  let seconds = Number.POSITIVE_INFINITY;
  let scope: CachePolicy["scope"] = "public";
  let callsTypeScript = false;
  const pending = [selection];
  for (const { byType } of pending) {
    for (const step of [...byType.values()].flatMap(({ steps }) => steps)) {
      const own = ownPolicy(schema, step);
      if (own === null) {
        return null;
      }
      seconds = Math.min(seconds, own.seconds);
      scope = own.scope === "caller" ? "caller" : scope;
      callsTypeScript ||= step.source.kind === "function";
      if (step.selection !== null) {
        pending.push(step.selection); // and is visited by this very loop
      }
    }
  }
  // TypeScript's resolvers are given all headers: no key tells callers apart as they may.
  const known = seconds > 0 && seconds < Number.POSITIVE_INFINITY && !(callsTypeScript && scope === "caller");
  return known ? { seconds, scope } : null;
}

const asItsParent: CachePolicy = { seconds: Number.POSITIVE_INFINITY, scope: "public" };

/** Null: it may not be kept. */
function ownPolicy(schema: ExecutableSchema, { name, source }: FieldStep): CachePolicy | null {
  switch (source.kind) {
    case "column":
    case "page":
    case "typename":
      return asItsParent;
    case "introspection":
      return null;
    default:
      return schema.fields.get(name)?.cache ?? schema.cache;
  }
}
