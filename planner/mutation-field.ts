/**
 * A mutation's root field: a transaction of its own, which any error within rolls back. A field that one statement answers
 * takes one flight, as {@link loneWrite} says.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { GraphQLError } from "graphql";
import { type Backoff, PuffError, pauseAfter } from "../schema/index.ts";
import type { RowSet } from "./bytes/rows.ts";
import { expandCollections } from "./collections/expand.ts";
import type { FieldStep, ObjectPlan, Selection } from "./contract/operation-plan.ts";
import type { Database } from "./database/database.ts";
import { LazyTransaction } from "./database/transaction.ts";
import type { Execution } from "./fetch/execution.ts";
import { fillLayer } from "./fetch/fill-layer.ts";
import type { RowsBelow } from "./fetch/statements.ts";
import { type Layer, rootLayer } from "./layers/layers.ts";
import type { Plans } from "./layers/plans.ts";
import { asError, Failed } from "./layers/values.ts";
import { isOutside, learnWrite, loneWrite } from "./lone-write.ts";
import type { PythonCalls } from "./resolve/python-calls.ts";
import { borrowsDatabase, resolverSteps, stepsBelow } from "./resolve/selections.ts";
import { visibleStepsFor } from "./resolve/visible-steps.ts";
import { inField } from "./sql/statement-place.ts";
import type { Writer } from "./write/writer.ts";

export interface MutationContext {
  readonly execution: Execution;
  readonly writer: Writer;
  readonly selection: Selection;
  readonly typeName: string;
  /** Whether to roll back what succeeds, too. */
  readonly rollBack: boolean;
  /** As the caller sees it. */
  readonly database: Database;
}

/** Times that a field runs at most: once, and again while it meets other transactions. */
const MOST_ATTEMPTS = 5;
/** The longest pauses between two. */
const RETRY: Backoff = { first: 20, longest: 160 };

/**
 * Runs a field, and writes it. Returns false if its parent has to be null.
 *
 * Its resolver is called once. Where all else is SQL, a field that meets another transaction is rolled back and runs again.
 */
export async function runMutationField(context: MutationContext, step: FieldStep): Promise<boolean> {
  const { execution, writer } = context;
  const mark = writer.out.length;
  const errorsBefore = writer.errors.length;
  let plans: Plans | null = null;
  for (let attempt = 1; ; attempt++) {
    const field = new Attempt(context, step);
    plans = await field.plan(plans);
    const written = (await field.runAlone(plans)) ?? (await field.run(plans));
    const met = writer.errors.slice(errorsBefore).some(isConflict);
    if (!met || !field.isRepeatable || attempt === MOST_ATTEMPTS) {
      return written;
    }
    writer.out.truncate(mark);
    writer.errors.length = errorsBefore;
    const { signal } = execution.context;
    await sleep(Math.random() * pauseAfter(attempt, RETRY), null, { signal }).catch(() => signal.throwIfAborted());
  }
}

function isConflict({ originalError }: GraphQLError): boolean {
  return originalError instanceof PuffError && originalError.code === "PUFF_SQL_CONFLICT";
}

/** One run of a field, in one transaction. */
class Attempt {
  readonly #context: MutationContext;
  readonly #step: FieldStep;
  readonly #transaction: LazyTransaction;
  /** Its calls come into the transaction once that is shared. */
  #python: PythonCalls;
  /** Whether nothing but SQL has run in it, which is undone. */
  isRepeatable = true;

  constructor(context: MutationContext, step: FieldStep) {
    this.#context = context;
    this.#step = step;
    this.#transaction = new LazyTransaction(context.database);
    this.#python = context.execution.python;
  }

  /** Calls the resolvers, which know no rows yet; `known`: what they said in an earlier attempt. */
  async plan(known: Plans | null): Promise<Plans> {
    if (known !== null) {
      return known;
    }
    let isPlanned = false;
    try {
      const root = (await this.#share()) ?? (await this.#callRoot());
      const below = root.get(this.#step) instanceof Failed ? [] : resolverSteps(stepsBelow(this.#step));
      const plans = new Map([...root, ...(below.length === 0 ? [] : await this.#call(below, true, root))]);
      isPlanned = true;
      return plans;
    } finally {
      if (!isPlanned) {
        await this.#transaction.end(false);
      }
    }
  }

  /** Runs and commits the field's only statement at once; null: it has others, or Postgres failed it and nothing lasts. */
  async runAlone(plans: Plans): Promise<boolean | null> {
    const { execution, writer, rollBack, database } = this.#context;
    const { commit } = database;
    if (commit === undefined || rollBack || execution.observe !== undefined || this.#transaction.hasBegun) {
      return null;
    }
    const write = await loneWrite(this.#step, plans, database, execution.visible);
    if (write === null) {
      return null;
    }
    execution.context.signal.throwIfAborted();
    let rows: RowSet;
    try {
      rows = await commit(write.statement);
    } catch (error) {
      execution.context.signal.throwIfAborted();
      write.ran(false);
      return isOutside(error)
        ? writer.rewriteAsFailed(writer.out.length, this.#step, await inField(error, this.#step.name, write.plan.text))
        : null;
    }
    write.ran(true);
    return (await this.#write(plans, new Map([[this.#step, rows]]))).written;
  }

  /** Runs the statements, writes the field, and commits or rolls back. */
  async run(plans: Plans): Promise<boolean> {
    const { execution, writer, rollBack, database } = this.#context;
    const mark = writer.out.length;
    const errorsBefore = writer.errors.length;
    let commit = false;
    let layer: Layer;
    try {
      const filled = await this.#write(plans);
      layer = filled.layer;
      execution.context.signal.throwIfAborted(); // who was told that it failed must not find it done
      commit = writer.errors.length === errorsBefore && !rollBack;
      if (!commit) {
        return filled.written;
      }
    } finally {
      if (!commit) {
        await this.#transaction.end(false);
      }
    }
    try {
      await this.#transaction.end(true);
    } catch (error) {
      return writer.rewriteAsFailed(mark, this.#step, error);
    }
    if (database.commit !== undefined) {
      await learnWrite(this.#step, plans, layer, database, execution.catalogue);
    }
    return true;
  }

  /** Runs the statements whose rows are not there, and writes the field. */
  async #write(plans: Plans, rowsThere?: RowsBelow): Promise<{ readonly written: boolean; readonly layer: Layer }> {
    const { execution, writer, selection, typeName } = this.#context;
    const plan: ObjectPlan = { typeName, steps: [this.#step] };
    const layer = rootLayer({ ...selection, only: plan });
    const onOutside = (): void => {
      this.isRepeatable = false;
    };
    const own: Execution = { ...execution, python: this.#python, effects: layer, onOutside };
    await fillLayer(own, layer, plans, this.#transaction, rowsThere);
    return { written: writer.writeField(layer, 0, plan, this.#step), layer };
  }

  /** Lets Python into the transaction where a resolver asks for that; what the field fails with, where it can't be had. */
  async #share(): Promise<Plans | null> {
    if (borrowsDatabase(this.#step) || resolverSteps(stepsBelow(this.#step)).some(borrowsDatabase)) {
      this.isRepeatable = false;
      try {
        this.#python = this.#python.within(await this.#transaction.share());
      } catch (error) {
        return new Map([[this.#step, new Failed(asError(error))]]);
      }
    }
    return null;
  }

  #callRoot(): Promise<Plans> {
    const { visible, collections } = this.#context.execution;
    const limiting = visibleStepsFor([this.#step], visible, collections);
    return this.#call([...(this.#step.source.kind === "resolver" ? [this.#step] : []), ...limiting], false);
  }

  /** `repeatable`: whether the resolvers have no effects. `known`: plans that say what the caller sees. */
  async #call(steps: readonly FieldStep[], repeatable: boolean, known?: Plans): Promise<Plans> {
    const { execution, typeName } = this.#context;
    const plans = await this.#python.callWithSymbols(steps, typeName, execution.variables, repeatable);
    return expandCollections(plans, execution, known);
  }
}
