import type { GraphQLError } from "graphql";
import { PuffError } from "../schema/index.ts";
import { expandCollections } from "./collections/expand.ts";
import type { FieldStep, ObjectPlan, Selection } from "./contract/operation-plan.ts";
import type { OperationResponse, PlannerOptions, SubscribeOptions } from "./contract/planner.ts";
import { asCaller } from "./database/caller-database.ts";
import type { Database, Session } from "./database/database.ts";
import { shareDatabase } from "./database/transaction.ts";
import type { Execution } from "./fetch/execution.ts";
import { fillLayer } from "./fetch/fill-layer.ts";
import { type LargeRows, StreamSession, streamableStep, writeFirst, writeRest } from "./fetch/large-list.ts";
import { RowKeeper } from "./fetch/row-keeper.ts";
import { type Layer, rootLayer } from "./layers/layers.ts";
import type { Plans } from "./layers/plans.ts";
import { runMutationField } from "./mutation-field.ts";
import type { CompiledOperation } from "./operation/documents.ts";
import { runProgram, tellProgram } from "./program/run-program.ts";
import { borrowsDatabase, resolverSteps } from "./resolve/selections.ts";
import { visibleStepsFor } from "./resolve/visible-steps.ts";
import { type Subscriptions, streamOf } from "./subscribe/subscriptions.ts";
import { internalError, outcomeOf, refuse, writeEnd } from "./write/response.ts";
import { Writer } from "./write/writer.ts";

/** One operation on its way to an answer. */
export class Request {
  readonly #options: PlannerOptions;
  readonly #operation: CompiledOperation;
  readonly #execution: Execution;
  readonly #selection: Selection;
  readonly #plan: ObjectPlan;
  readonly #rollBack: boolean;
  readonly #mayStream: boolean;
  readonly #writer: Writer;
  readonly #rows = new RowKeeper();

  constructor(
    options: PlannerOptions,
    operation: CompiledOperation,
    execution: Execution,
    selection: Selection,
    { rollBack, stream }: { readonly rollBack: boolean; readonly stream: boolean },
  ) {
    const plan = selection.only;
    if (plan === null) {
      throw new TypeError("a root type is an object type");
    }
    this.#options = options;
    this.#operation = operation;
    this.#execution = execution;
    this.#selection = selection;
    this.#plan = plan;
    this.#rollBack = rollBack;
    this.#mayStream = stream;
    this.#writer = new Writer(operation.sizeHint);
  }

  run(): Promise<OperationResponse> {
    this.#writer.out.string('{"data":');
    return this.#operation.type === "mutation" ? this.#runMutation() : this.#runQuery();
  }

  /**
   * Calls the resolvers, once for all events to come, and subscribes to the stream that the root field's returned.
   *
   * @throws AccessDenied, PuffError or GraphQLError: why there is none.
   */
  async subscribe(
    subscriptions: Subscriptions,
    { queueBytes, behind, signal }: SubscribeOptions,
  ): Promise<AsyncIterableIterator<Buffer>> {
    const [step] = this.#plan.steps;
    if (step === undefined) {
      throw new PuffError("PUFF_DOCUMENT_INVALID", "the subscription leaves its only field out");
    }
    const plans = await this.#callResolvers(this.#resolverSteps(), true);
    const stream = streamOf(step, plans);
    const operation = { compiled: this.#operation, execution: this.#execution, root: this.#plan, step, plans };
    if (stream.kind === "generator") {
      return subscriptions.iterate(operation, signal);
    }
    const options = { limit: queueBytes, ...(behind === undefined ? {} : { behind }) };
    const queue = await subscriptions.open(operation, stream, options);
    if (signal.aborted) {
      await queue.return(); // nobody is there to leave it
    }
    return queue;
  }

  async #runQuery(): Promise<OperationResponse> {
    const steps = this.#resolverSteps();
    if (steps.some(borrowsDatabase)) {
      return await this.#runSharedQuery(steps);
    }
    const plans = await this.#callResolvers(steps, true);
    const step = this.#mayStream ? streamableStep(this.#plan, plans) : null;
    const ran = await runProgram(this.#execution, this.#plan, plans, this.#database(), step !== null, this.#writer.out);
    if (ran.kind === "written") {
      this.#rows.add(ran.rows);
      return this.#respond(this.#writer.out.length, true);
    }
    const { database } = ran;
    const layer = rootLayer(this.#selection);
    if (step === null) {
      await fillLayer(this.#execution, layer, plans, this.#rows.of(database));
    } else {
      const session = new StreamSession(database, this.#execution.context.signal);
      await fillLayer(this.#execution, layer, plans, this.#rows.of(session));
      if (session.large !== null) {
        return this.#stream(step, plans, layer, session.large);
      }
    }
    tellProgram(this.#execution, this.#plan, plans, database);
    const mark = this.#writer.out.length;
    return this.#respond(mark, this.#writer.writeObject(layer, 0, this.#plan));
  }

  /** All of it in one transaction, Python's own statements included. */
  async #runSharedQuery(steps: readonly FieldStep[]): Promise<OperationResponse> {
    await this.#callResolvers([], true); // authentication says what the transaction begins with
    const layer = rootLayer(this.#selection);
    const database = this.#database();
    await shareDatabase(database, "read", async (session) => {
      const execution = { ...this.#execution, python: this.#execution.python.within(session.ticket) };
      const plans = await this.#callResolvers(steps, true, execution);
      const query: Session["query"] = (statement) => session.query(statement);
      await fillLayer(execution, layer, plans, { scope: database.scope ?? "", query });
      return { commit: false, result: undefined };
    });
    const mark = this.#writer.out.length;
    return this.#respond(mark, this.#writer.writeObject(layer, 0, this.#plan));
  }

  /** Answers with the items that are there, and with the others as the client takes them. */
  async #stream(step: FieldStep, plans: Plans, layer: Layer, { first, rest }: LargeRows): Promise<OperationResponse> {
    const { out, errors } = this.#writer;
    const mark = out.length;
    const list = {
      execution: this.#execution,
      plans,
      selection: this.#selection,
      plan: this.#plan,
      step,
      writer: this.#writer,
    };
    if (!writeFirst(list, layer)) {
      await rest.return?.(); // nothing was sent: an answer like any other
      out.truncate(mark);
      errors.length = 0;
      return this.#respond(mark, this.#writer.writeObject(layer, 0, this.#plan));
    }
    const items = writeRest(list, first.count, rest);
    return { body: out.take(), rest: this.#follow(items, step), executed: true, ...outcomeOf([]) };
  }

  async *#follow(items: AsyncIterable<Buffer>, step: FieldStep): AsyncGenerator<Buffer, void, undefined> {
    const { signal } = this.#execution.context;
    try {
      yield* items;
    } catch (error) {
      if (!signal.aborted || signal.reason instanceof PuffError) {
        this.#options.report(error instanceof PuffError ? error : internalError(error), [step.key]);
      }
      throw error;
    }
    writeEnd(this.#writer, this.#options);
    yield this.#writer.out.take();
  }

  /** Root fields one after another, each in a transaction of its own that any error within rolls back. */
  async #runMutation(): Promise<OperationResponse> {
    const mark = this.#writer.out.length;
    await this.#callResolvers([], true); // authentication comes before any effect
    const context = {
      execution: this.#execution,
      writer: this.#writer,
      selection: this.#selection,
      typeName: this.#plan.typeName,
      rollBack: this.#rollBack,
      database: this.#database(),
    };
    for (const step of this.#plan.steps) {
      if (!(await runMutationField(context, step))) {
        return this.#respond(mark, false);
      }
    }
    this.#writer.endObject(this.#plan);
    return this.#respond(mark, true);
  }

  /** Those that are called, of all fields. */
  #resolverSteps(): readonly FieldStep[] {
    const { steps } = this.#plan;
    const { visible, collections } = this.#execution;
    const limiting = visibleStepsFor(steps, visible, collections);
    return limiting.length === 0 ? resolverSteps(steps) : [...resolverSteps(steps), ...limiting];
  }

  /** As the caller sees it, who is known once a resolver was called. */
  #database(): Database {
    const { python, context } = this.#execution;
    return asCaller(this.#options.database, python.pgSettings, context.signal);
  }

  #callResolvers(steps: readonly FieldStep[], repeatable: boolean, execution = this.#execution): Promise<Plans> {
    const { python, variables } = execution;
    const called = python.callWithSymbols(steps, this.#plan.typeName, variables, repeatable);
    return steps.some(({ collection }) => collection !== null)
      ? called.then((plans) => expandCollections(plans, execution))
      : called;
  }

  /** `written`: whether the data are there from `mark` on; else they are null. */
  #respond(mark: number, written: boolean): OperationResponse {
    const { out, errors } = this.#writer;
    if (!written) {
      out.truncate(mark);
      out.null();
    }
    if (errors.length > 0 && this.#plan.steps.every(({ key }) => errors.some((error) => isUnavailable(error, key)))) {
      return refuse(errors, "PUFF_VALUE_INVALID", this.#options); // nothing ran, so there are no partial data either
    }
    writeEnd(this.#writer, this.#options);
    this.#rows.release();
    this.#operation.sizeHint = Math.min(out.length, LARGEST_HINT);
    return { body: out.finish(), release: out.release, rest: null, executed: true, ...outcomeOf(errors) };
  }
}

/** Bytes that an answer's buffer begins with at most: one huge answer must not make all later ones as large. */
const LARGEST_HINT = 1_000_000;

/** Whether a root field failed because the database or Python can't be had at present. */
function isUnavailable({ path, originalError }: GraphQLError, key: string): boolean {
  return path?.length === 1 && path[0] === key && originalError instanceof PuffError && originalError.status === 503;
}
