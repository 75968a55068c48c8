/** Does beforehand what an operation's first request would have to wait for. */
import {
  type GraphQLInputType,
  type GraphQLSchema,
  getVariableValues,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isRequiredInputField,
  typeFromAST,
} from "graphql";
import type { ResolveBatch, ResolveBatchResult, ResolveResult, WireError } from "../schema/index.ts";
import type { Caller } from "./contract/caller.ts";
import type { Selection } from "./contract/operation-plan.ts";
import type { Planner, PreparedOperation, Resolver } from "./contract/planner.ts";
import { isTypeQuestion } from "./database/catalogue.ts";
import type { Database, Statement } from "./database/database.ts";
import { wrapDatabase } from "./database/wrap-database.ts";
import { type Explanation, explain } from "./explain.ts";
import { sampleOfScalar } from "./indexes/samples.ts";
import type { CompiledOperation } from "./operation/documents.ts";
import { borrowsDatabase, stepsBelow } from "./resolve/selections.ts";

export interface WarmTarget {
  readonly planner: Planner;
  readonly resolver: Pick<Resolver, "resolve">;
  readonly database: Database;
}

/**
 * Compiles an operation. If it is a query, also traces its pure resolvers for a caller and has Postgres describe its
 * statements: no other resolver is called, and no row is read. Variables are samples, once with the optional ones and once
 * without. Gives what each of the two would take.
 *
 * @throws PuffError `PUFF_TOO_MANY_FIELDS`, or a GraphQLError: why it can't be compiled.
 * @example const [explanation] = await warmOperation(target, operation, caller, signal);
 */
export async function warmOperation(
  { planner, resolver, database }: WarmTarget,
  operation: PreparedOperation,
  caller: Caller | null,
  signal: AbortSignal,
): Promise<Explanation[]> {
  const compiled = operation as CompiledOperation; // prepare() makes no other
  const inside = { resolve: tracesOnly(resolver), database: describingOnly(database) };
  const explanations: Explanation[] = [];
  for (const variables of samplesFor(planner.schema, compiled)) {
    const { variableValues } = getVariableValues(planner.schema, compiled.variableDefinitions, variables);
    if (variableValues === undefined) {
      continue; // a scalar of its own, of which no sample is known
    }
    const selection = compiled.plan(variableValues);
    if (caller !== null && operation.type === "query" && isHarmless(selection)) {
      explanations.push(await explain(planner, operation, variables, caller, signal, inside));
    }
  }
  return explanations;
}

/** Whether nothing runs but plans: resolvers in TypeScript may do anything, and some in Python want a transaction. */
function isHarmless(selection: Selection): boolean {
  return [...selection.byType.values()].every(({ steps }) =>
    steps.every(
      (step) =>
        step.source.kind !== "function" &&
        !borrowsDatabase(step) &&
        (stepsBelow(step).length === 0 || step.selection === null || isHarmless(step.selection)),
    ),
  );
}

/** Calls pure resolvers alone. */
function tracesOnly(resolver: Pick<Resolver, "resolve">): Resolver["resolve"] {
  return async (batch: ResolveBatch, signal: AbortSignal): Promise<ResolveBatchResult> => {
    const calls = batch.calls.filter(({ trace }) => trace === true);
    const answer =
      calls.length === 0 && batch.headers === null
        ? { results: [], auth: null, denied: null }
        : await resolver.resolve({ ...batch, calls }, signal);
    const results = answer.results[Symbol.iterator]();
    const next = (): ResolveResult => results.next().value ?? notCalled;
    return { ...answer, results: batch.calls.map(({ trace }) => (trace === true ? next() : notCalled)) };
  };
}

const error: WireError = {
  ...{ type: "RuntimeError", message: "not called", traceback: "", code: null, safe: false, extensions: null },
};
const notCalled: ResolveResult = { kind: "failure", error };

/** Gives each statement's columns, and no row. What it asks of types is asked as ever. */
function describingOnly(database: Database): Database {
  const describe = (statement: Statement): Statement =>
    isTypeQuestion(statement)
      ? statement
      : { ...statement, text: `SELECT * FROM (${statement.text}\n) AS described LIMIT 0` };
  return wrapDatabase(database, { statement: describe });
}

type Variables = { readonly [name: string]: unknown };

function samplesFor(schema: GraphQLSchema, { variableDefinitions }: CompiledOperation): Variables[] {
  const required: { [name: string]: unknown } = {};
  const all: { [name: string]: unknown } = {};
  for (const { variable, type: node, defaultValue } of variableDefinitions) {
    const name = variable.name.value;
    const type = (typeFromAST(schema, node) ?? null) as GraphQLInputType | null; // the document is valid
    const sample = type === null ? null : sampleFor(type);
    if (isNonNullType(type) && defaultValue === undefined) {
      required[name] = sample;
    }
    all[name] = sample;
  }
  return Object.keys(all).length === Object.keys(required).length ? [all] : [required, all];
}

function sampleFor(type: GraphQLInputType): unknown {
  if (isNonNullType(type)) {
    return sampleFor(type.ofType);
  }
  if (isListType(type)) {
    return [sampleFor(type.ofType)];
  }
  if (isEnumType(type)) {
    return type.getValues()[0]?.name;
  }
  if (isInputObjectType(type)) {
    const fields = Object.values(type.getFields());
    const wanted = type.isOneOf ? fields.slice(0, 1) : fields.filter(isRequiredInputField);
    return Object.fromEntries(wanted.map((field) => [field.name, sampleFor(field.type)]));
  }
  return sampleOfScalar(type.name);
}
