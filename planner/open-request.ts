import { getVariableValues } from "graphql";
import type { Caller } from "./contract/caller.ts";
import type { Selection } from "./contract/operation-plan.ts";
import type { ExecuteOptions, PlannerOptions, PreparedOperation } from "./contract/planner.ts";
import type { Catalogue } from "./database/catalogue.ts";
import type { Execution } from "./fetch/execution.ts";
import type { Fuser } from "./fuse/fuse.ts";
import type { Narrower } from "./fuse/narrow.ts";
import type { Equality } from "./layers/equality.ts";
import type { CompiledOperation } from "./operation/documents.ts";
import { readInputs } from "./operation/exact-inputs.ts";
import { introspect } from "./operation/introspection.ts";
import { checkVariables } from "./operation/limits.ts";
import { Request } from "./request.ts";
import { PythonCalls, type PythonCallsOptions } from "./resolve/python-calls.ts";
import type { Traces } from "./resolve/traces.ts";

/** What a planner keeps from one request to the next. */
export interface Kept {
  readonly fuser: Fuser | null;
  readonly narrower: Narrower | null;
  readonly traces: Traces;
  readonly catalogue: Catalogue;
  readonly equality: Equality;
}

/**
 * Begins an operation.
 *
 * @throws PuffError or GraphQLErrors: its variables can't be.
 */
export function openRequest(
  own: PlannerOptions,
  { fuser, narrower, traces, catalogue, equality }: Kept,
  operation: PreparedOperation,
  sent: { readonly [name: string]: unknown },
  caller: Caller,
  { signal, observe, rollBack = false, stream = false, inside }: ExecuteOptions,
): Request | Promise<Request> {
  const options =
    inside === undefined
      ? own
      : { ...own, resolver: { ...own.resolver, resolve: inside.resolve }, database: inside.database };
  const compiled = operation as CompiledOperation; // prepare() makes no other
  checkVariables(sent, options.limits);
  const inputs = readInputs(options.schema, compiled.variableDefinitions, sent);
  const { variableValues: variables, errors } = getVariableValues(
    options.schema.schema,
    compiled.variableDefinitions,
    inputs,
    { maxErrors: 20, hideSuggestions: !options.suggestions },
  );
  if (errors !== undefined) {
    throw errors;
  }
  const python = openPython(options, { traces, catalogue }, caller, { signal, observe });
  const execution: Execution = {
    variables,
    python,
    context: { caller, signal },
    observe,
    catalogue,
    fuser,
    narrower,
    equality,
    effects: null,
    introspect: (step) => introspect(options.schema.schema, step, variables),
  };
  const begin = (selection: Selection) => {
    observe?.({ kind: "operation", selection });
    return new Request(options, compiled, execution, selection, { rollBack, stream });
  };
  const known = compiled.known(variables);
  // Compiling takes time: nobody whom Schema.auth refuses may have it. From then on one call does both.
  return known === undefined && python.needsAuth
    ? python.authenticate().then(() => begin(compiled.plan(variables)))
    : begin(known ?? compiled.plan(variables));
}

/** Calls into Python as this caller. */
export function openPython(
  options: PlannerOptions,
  { traces, catalogue }: Pick<Kept, "traces" | "catalogue">,
  caller: Caller,
  { signal, observe }: Pick<PythonCallsOptions, "signal" | "observe">,
): PythonCalls {
  return new PythonCalls({
    resolver: options.resolver,
    schemaName: options.schema.name,
    hasAuth: options.schema.hasAuth,
    caller,
    signal,
    observe,
    traces,
    catalogue,
    verifyPlans: options.verifyPlans,
    reportLiar: (error) => options.report(error, []),
  });
}
