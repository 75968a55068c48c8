import { executeSync, type GraphQLError, getVariableValues, Kind } from "graphql";
import { PuffError } from "../schema/index.ts";
import type { FieldStep, ObjectPlan, Selection } from "./compile.ts";
import { type CompiledOperation, Documents } from "./documents.ts";
import { type Execution, fillLayer, type Plans } from "./execute.ts";
import { Fuser } from "./fuse.ts";
import { ValueLayer } from "./layers.ts";
import { checkVariables } from "./limits.ts";
import type {
  Caller,
  ExecuteOptions,
  OperationResponse,
  Planner,
  PlannerOptions,
  Prepared,
  PreparedOperation,
} from "./planner.ts";
import { PythonCalls, Refused } from "./python.ts";
import { formatErrors, internalError, outcomeOf, refuse } from "./response.ts";
import { Traces } from "./traces.ts";
import { LazyTransaction } from "./transaction.ts";
import { Failed } from "./values.ts";
import { Writer } from "./writer.ts";

/**
 * Makes the planner of one schema: documents in, response bytes out.
 *
 * @example
 * const prepared = planner.prepare("{ posts { id } }", null);
 * if (prepared.kind === "operation") {
 *   const { body } = await planner.execute(prepared.operation, {}, caller, { signal });
 * }
 */
export function createPlanner(options: PlannerOptions): Planner {
  const documents = new Documents(options);
  const fuser = options.fuse ? new Fuser() : null;
  const traces = new Traces();
  return {
    schema: options.schema.schema,
    prepare(query, operationName): Prepared {
      try {
        return { kind: "operation", operation: documents.find(query, operationName) };
      } catch (error) {
        const errors: readonly unknown[] = Array.isArray(error) ? error : [error];
        return { kind: "refused", response: refuse(errors, "PUFF_DOCUMENT_INVALID", options) };
      }
    },
    async execute(operation, variables, caller, executeOptions): Promise<OperationResponse> {
      try {
        const request = openRequest(options, { fuser, traces }, operation, variables, caller, executeOptions);
        return await orAborted(executeOptions.signal, request.run());
      } catch (error) {
        if (Array.isArray(error)) {
          return refuse(error, "PUFF_VARIABLES_INVALID", options);
        }
        const known = error instanceof PuffError || error instanceof Refused;
        return refuse([known ? error : internalError(error)], "PUFF_INTERNAL", options);
      }
    },
  };
}

function openRequest(
  options: PlannerOptions,
  { fuser, traces }: { readonly fuser: Fuser | null; readonly traces: Traces },
  operation: PreparedOperation,
  inputs: { readonly [name: string]: unknown },
  caller: Caller,
  { signal, observe }: ExecuteOptions,
): Request {
  const compiled = operation as CompiledOperation; // prepare() makes no other
  checkVariables(inputs, options.limits);
  const { variableValues: variables, errors } = getVariableValues(
    options.schema.schema,
    compiled.definition.variableDefinitions ?? [],
    inputs,
    { maxErrors: 50, hideSuggestions: !options.suggestions },
  );
  if (errors !== undefined) {
    throw errors;
  }
  const python = new PythonCalls({
    resolver: options.resolver,
    schemaName: options.schema.name,
    hasAuth: options.schema.hasAuth,
    caller,
    signal,
    observe,
    traces,
    verifyPlans: options.verifyPlans,
    reportLiar: (error) => options.report(error, []),
  });
  const execution: Execution = {
    variables,
    python,
    context: { caller, signal },
    observe,
    fuser,
    fetched: new Map(),
    effects: null,
    introspect: (step) => introspect(options, compiled, step, inputs),
  };
  return new Request(options, compiled, execution, compiled.plan(variables));
}

/** One operation on its way to an answer. */
class Request {
  readonly #options: PlannerOptions;
  readonly #operation: CompiledOperation;
  readonly #execution: Execution;
  readonly #selection: Selection;
  readonly #plan: ObjectPlan;
  readonly #writer: Writer;

  constructor(options: PlannerOptions, operation: CompiledOperation, execution: Execution, selection: Selection) {
    const plan = selection.only;
    if (plan === null) {
      throw new TypeError("a root type is an object type");
    }
    this.#options = options;
    this.#operation = operation;
    this.#execution = execution;
    this.#selection = selection;
    this.#plan = plan;
    this.#writer = new Writer(operation.sizeHint);
  }

  async run(): Promise<OperationResponse> {
    const { out } = this.#writer;
    out.string('{"data":');
    const mark = out.length;
    const written = this.#operation.type === "mutation" ? await this.#runMutation() : await this.#runQuery();
    if (!written) {
      out.truncate(mark);
      out.null();
    }
    return this.#respond(this.#writer.errors);
  }

  async #runQuery(): Promise<boolean> {
    const plans = await this.#callResolvers(resolverSteps(this.#plan.steps), true);
    const layer = rootLayer(this.#selection);
    await fillLayer(this.#execution, layer, plans, this.#options.database);
    return this.#writer.writeObject(layer, 0, this.#plan);
  }

  /** Root fields one after another, each in a transaction of its own that any error within rolls back. */
  async #runMutation(): Promise<boolean> {
    const { out } = this.#writer;
    await this.#callResolvers([], true); // authentication comes before any effect
    out.byte(0x7b);
    for (const [index, step] of this.#plan.steps.entries()) {
      if (index > 0) {
        out.byte(0x2c);
      }
      if (!(await this.#runMutationField(step))) {
        return false;
      }
    }
    out.byte(0x7d);
    return true;
  }

  async #runMutationField(step: FieldStep): Promise<boolean> {
    const plan: ObjectPlan = { typeName: this.#plan.typeName, steps: [step] };
    const layer = rootLayer({ ...this.#selection, only: plan });
    const transaction = new LazyTransaction(this.#options.database);
    const mark = this.#writer.out.length;
    const errorsBefore = this.#writer.errors.length;
    let commit = false;
    try {
      const root = await this.#callResolvers(step.source.kind === "resolver" ? [step] : [], false);
      const rootFailed = root.get(step) instanceof Failed;
      const below = rootFailed ? new Map() : await this.#callResolvers(resolverSteps(stepsBelow(step)), true);
      const execution = { ...this.#execution, effects: layer };
      await fillLayer(execution, layer, new Map([...root, ...below]), transaction);
      const written = this.#writer.writeField(layer, 0, plan, step);
      this.#execution.context.signal.throwIfAborted(); // who was told that it failed must not find it done
      commit = this.#writer.errors.length === errorsBefore;
      if (!commit) {
        return written;
      }
    } finally {
      if (!commit) {
        await transaction.end(false);
      }
    }
    try {
      await transaction.end(true);
      return true;
    } catch (error) {
      return this.#writer.rewriteAsFailed(mark, step, error);
    }
  }

  #callResolvers(steps: readonly FieldStep[], repeatable: boolean): Promise<Plans> {
    const { python, variables } = this.#execution;
    return python.callWithSymbols(steps, this.#plan.typeName, variables, repeatable);
  }

  #respond(errors: readonly GraphQLError[]): OperationResponse {
    const { out } = this.#writer;
    if (this.#plan.steps.every(({ key }) => errors.some((error) => isUnavailable(error, key)))) {
      return refuse(errors, "PUFF_VALUE_INVALID", this.#options); // nothing ran, so there are no partial data either
    }
    if (errors.length > 0) {
      out.string(`,"errors":${JSON.stringify(formatErrors(errors, "PUFF_VALUE_INVALID", this.#options))}`);
    }
    out.byte(0x7d);
    this.#operation.sizeHint = Math.min(out.length, LARGEST_HINT);
    return { body: out.finish(), executed: true, ...outcomeOf(errors) };
  }
}

/** Bytes that an answer's buffer begins with at most: one huge answer must not make all later ones as large. */
const LARGEST_HINT = 1_000_000;

/** Whether a root field failed because the database or Python can't be had at present. */
function isUnavailable({ path, originalError }: GraphQLError, key: string): boolean {
  return path?.length === 1 && path[0] === key && originalError instanceof PuffError && originalError.status === 503;
}

/** All fields that Python resolves, at any depth: their parents can be symbols. */
function resolverSteps(steps: readonly FieldStep[]): FieldStep[] {
  return steps.flatMap((step) => [
    ...(step.source.kind === "resolver" ? [step] : []),
    ...resolverSteps(stepsBelow(step)),
  ]);
}

function stepsBelow(step: FieldStep): FieldStep[] {
  return [...(step.selection?.byType.values() ?? [])].flatMap((plan) => plan.steps);
}

function rootLayer(selection: Selection): ValueLayer {
  return new ValueLayer(selection, [{ attributes: {}, typeName: selection.typeName, wire: false }]);
}

/** graphql-js answers `__schema` and `__type`: the schema is all they read. */
function introspect(
  options: PlannerOptions,
  operation: CompiledOperation,
  step: FieldStep,
  variableValues: { readonly [name: string]: unknown },
): string {
  const { data, errors } = executeSync({
    schema: options.schema.schema,
    document: {
      kind: Kind.DOCUMENT,
      definitions: [
        { ...operation.definition, selectionSet: { kind: Kind.SELECTION_SET, selections: [...step.nodes] } },
        ...operation.document.definitions.filter((definition) => definition.kind === Kind.FRAGMENT_DEFINITION),
      ],
    },
    variableValues,
  });
  const [error] = errors ?? [];
  if (error !== undefined) {
    throw error;
  }
  return JSON.stringify(data?.[step.key] ?? null);
}

async function orAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
