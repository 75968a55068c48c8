/** The planner of one schema: what a request goes through from its document to its answer begins here. */
import { GraphQLError, type GraphQLSchema, getVariableValues } from "graphql";
import { PuffError } from "../schema/index.ts";
import { clientGone, orAborted } from "./abort.ts";
import { checkItems } from "./collections/items.ts";
import type { Caller } from "./contract/caller.ts";
import type { Selection } from "./contract/operation-plan.ts";
import type {
  Authenticated,
  ExecuteOptions,
  OperationResponse,
  Planner,
  PlannerOptions,
  Prepared,
  PreparedOperation,
  Subscribed,
  SubscribeOptions,
} from "./contract/planner.ts";
import { Catalogue } from "./database/catalogue.ts";
import { Descriptions } from "./database/descriptions.ts";
import type { Execution } from "./fetch/execution.ts";
import { Fuser } from "./fuse/fuse.ts";
import { Narrower } from "./fuse/narrow.ts";
import { Equality } from "./layers/equality.ts";
import { type CompiledOperation, Documents } from "./operation/documents.ts";
import { readInputs } from "./operation/exact-inputs.ts";
import { introspect } from "./operation/introspection.ts";
import { checkVariables } from "./operation/limits.ts";
import { Programs } from "./program/programs.ts";
import { Request } from "./request.ts";
import { AccessDenied } from "./resolve/access-denied.ts";
import { PythonCalls, type PythonCallsOptions } from "./resolve/python-calls.ts";
import { Traces } from "./resolve/traces.ts";
import { type VisibleSteps, visibleStepsOf } from "./resolve/visible-steps.ts";
import { Subscriptions } from "./subscribe/subscriptions.ts";
import { internalError, refuse } from "./write/response.ts";

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
  return new SchemaPlanner(options);
}

type Variables = { readonly [name: string]: unknown };

class SchemaPlanner implements Planner {
  readonly #options: PlannerOptions;
  readonly #documents: Documents;
  readonly #fuser: Fuser | null;
  readonly #narrower: Narrower | null;
  readonly #traces = new Traces();
  readonly #catalogue = new Catalogue();
  readonly #equality = new Equality();
  readonly #programs: Programs | null;
  readonly #visible: VisibleSteps;
  readonly #subscriptions: Subscriptions;

  constructor(options: PlannerOptions) {
    const descriptions = new Descriptions();
    this.#options = options;
    this.#documents = new Documents(options);
    this.#fuser = options.fuse ? new Fuser(descriptions) : null;
    this.#narrower = options.fuse ? new Narrower(descriptions) : null;
    this.#programs =
      this.#fuser === null || this.#narrower === null
        ? null
        : new Programs(
            { fuser: this.#fuser, narrower: this.#narrower, catalogue: this.#catalogue, equality: this.#equality },
            (served) => options.ranProgram?.(served),
          );
    this.#visible = visibleStepsOf(options.schema);
    this.#subscriptions = new Subscriptions(options);
  }

  get schema(): GraphQLSchema {
    return this.#options.schema.schema;
  }

  prepare(query: string, operationName: string | null): Prepared {
    try {
      return { kind: "operation", operation: this.#documents.find(query, operationName) };
    } catch (error) {
      const errors: readonly unknown[] = Array.isArray(error) ? error : [error];
      return { kind: "refused", response: refuse(errors, "PUFF_DOCUMENT_INVALID", this.#options) };
    }
  }

  async authenticate(caller: Caller, signal: AbortSignal): Promise<Authenticated> {
    try {
      const python = this.#openPython(this.#options, caller, { signal, observe: undefined });
      const { identity, expires } = await orAborted(signal, python.authenticate());
      const { headers, authToken } = caller;
      return { kind: "caller", caller: { headers, authToken, identity }, expires };
    } catch (error) {
      return { kind: "refused", response: this.#refuse(error, signal) };
    }
  }

  async execute(
    operation: PreparedOperation,
    variables: Variables,
    caller: Caller,
    options: ExecuteOptions,
  ): Promise<OperationResponse> {
    const { signal } = options;
    try {
      const request = this.#open(operation, variables, caller, options);
      const opened = request instanceof Promise ? await orAborted(signal, request) : request;
      return await orAborted(signal, opened.run());
    } catch (error) {
      return this.#refuse(error, signal);
    }
  }

  async subscribe(
    operation: PreparedOperation,
    variables: Variables,
    caller: Caller,
    options: SubscribeOptions,
  ): Promise<Subscribed> {
    const { signal } = options;
    try {
      const request = this.#open(operation, variables, caller, { signal });
      const opened = request instanceof Promise ? await orAborted(signal, request) : request;
      const answers = await orAborted(signal, opened.subscribe(this.#subscriptions, options));
      return { kind: "stream", answers };
    } catch (error) {
      return { kind: "refused", response: this.#refuse(error, signal) };
    }
  }

  /**
   * Begins an operation.
   *
   * @throws PuffError or GraphQLErrors: its variables can't be.
   */
  #open(
    operation: PreparedOperation,
    sent: Variables,
    caller: Caller,
    { signal, observe, rollBack = false, stream = false, inside }: ExecuteOptions,
  ): Request | Promise<Request> {
    const own = this.#options;
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
    const python = this.#openPython(options, caller, { signal, observe });
    const execution: Execution = {
      variables,
      collections: options.schema.collections,
      visible: this.#visible,
      python,
      context: { caller, signal },
      observe,
      catalogue: this.#catalogue,
      fuser: this.#fuser,
      narrower: this.#narrower,
      programs: this.#programs,
      equality: this.#equality,
      effects: null,
      introspect: (step) => introspect(options.schema.schema, step, variables),
    };
    const begin = (selection: Selection) => {
      checkItems(selection, variables, options.limits.items);
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
  #openPython(
    options: PlannerOptions,
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
      traces: this.#traces,
      catalogue: this.#catalogue,
      verifyPlans: options.verifyPlans,
      reportLiar: (error) => options.report(error, []),
    });
  }

  #refuse(error: unknown, signal: AbortSignal): OperationResponse {
    const known = error instanceof PuffError || error instanceof AccessDenied || error instanceof GraphQLError;
    const isGone = !known && signal.aborted && error === signal.reason;
    const errors: readonly unknown[] = Array.isArray(error)
      ? error
      : [known ? error : isGone ? clientGone : internalError(error)];
    return refuse(errors, "PUFF_VARIABLES_INVALID", this.#options); // graphql-js refuses nothing else by now
  }
}
