/** The collections of a schema with their plans, as far as those can be told without a request. */
import {
  type Arguments,
  type ExecutableSchema,
  type FieldDescription,
  type JsonValue,
  type ParametricPlan,
  PuffError,
  type RequestParameter,
  type ResolveResult,
  type SqlPlan,
} from "../../schema/index.ts";
import type { Resolver } from "../contract/planner.ts";
import { bindArguments } from "../resolve/arguments.ts";
import type { KnownCollection } from "./probes.ts";
import { put, sampleParameter } from "./samples.ts";

export interface Collections {
  readonly known: readonly KnownCollection[];
  /** Those whose plan can't be told, and why. */
  readonly unknown: readonly { readonly field: string; readonly why: string }[];
}

/** A plan that Python gives at each request is asked for once, on nobody's behalf, with symbols in place of all values. */
export async function collectionsOf(
  schema: ExecutableSchema,
  resolver: Pick<Resolver, "resolve">,
  signal: AbortSignal,
): Promise<Collections> {
  const known: KnownCollection[] = [];
  const unknown: { field: string; why: string }[] = [];
  for (const [field, description] of schema.fields) {
    const { collection, source } = description;
    if (collection === undefined || source.kind !== "resolver") {
      continue;
    }
    try {
      const plan = source.plan ?? (await askFor(field, description, schema, resolver, signal));
      known.push({ field, collection, plan: bindSamples(plan) });
    } catch (error) {
      unknown.push({ field, why: error instanceof Error ? error.message : String(error) });
    }
  }
  return { known, unknown };
}

async function askFor(
  field: string,
  { source }: FieldDescription,
  schema: ExecutableSchema,
  resolver: Pick<Resolver, "resolve">,
  signal: AbortSignal,
): Promise<ParametricPlan> {
  const isRoot = field.startsWith(`${schema.schema.getQueryType()?.name}.`);
  const trace = source.kind === "resolver" && source.pure;
  const batch = {
    ...{ schema: schema.name, authToken: null, headers: schema.hasAuth ? {} : null, auth: null, repeatable: true },
    calls: [{ field, args: {}, parents: isRoot ? ("root" as const) : ("symbols" as const), selection: null, trace }],
  };
  const { results, denied, authFailure } = await resolver.resolve(batch, signal);
  const why = denied?.message ?? authFailure?.message;
  if (why !== undefined) {
    throw new Error(`its resolver is asked on behalf of nobody, and auth refuses: ${why}`);
  }
  return planOf(results[0]);
}

function planOf(result: ResolveResult | undefined): ParametricPlan {
  switch (result?.kind) {
    case "sql":
      return result;
    case "traced":
      return result.plan;
    case "failure":
      throw new Error(`its resolver fails where it is asked on behalf of nobody: ${result.error.message}`);
    case "needs":
      throw new Error("its resolver looks at its parents' values");
    default:
      throw new PuffError("PUFF_PLAN_INVALID", "its resolver returns no plan of SQL");
  }
}

function bindSamples(plan: ParametricPlan): SqlPlan {
  let args: JsonValue = {};
  let claims: JsonValue = {};
  const sample = (parameter: RequestParameter): void => {
    const value = sampleParameter(parameter);
    if ("claim" in parameter) {
      claims = put(claims, parameter.claim, value);
    } else {
      args = put(args, parameter.argument.split("."), value);
    }
  };
  for (const param of plan.params) {
    for (const item of "items" in param ? param.items : [param]) {
      if ("as" in item) {
        sample(item);
      }
    }
  }
  return bindArguments(plan, args as Arguments, claims as Arguments); // put keeps objects
}
