/**
 * The breadth-first executor: fetches layer after layer, each field of a layer with one statement or one call, and
 * leaves the writing to the {@link Writer}. This is the reference that every faster way of fetching must equal.
 */
import { type NodeType, type PagePart, PuffError, type ResolveResult, type SqlPlan } from "../../schema/index.ts";
import type { RowSet } from "../bytes/rows.ts";
import { typedPlan } from "../collections/base.ts";
import { expandCollections } from "../collections/expand.ts";
import type { LayerFunction } from "../contract/caller.ts";
import type { FieldStep } from "../contract/operation-plan.ts";
import type { Session } from "../database/database.ts";
import type { BoundStatement } from "../fuse/bound-statement.ts";
import { bindParameters, eachItsOwn } from "../layers/correlate.ts";
import {
  type FieldData,
  type Layer,
  limitsOf,
  membersByPlan,
  RowLayer,
  sameRows,
  ValueLayer,
} from "../layers/layers.ts";
import { noSelection, scatter } from "../layers/leaf-data.ts";
import type { Deferred } from "../layers/parents.ts";
import type { Plans } from "../layers/plans.ts";
import { Failed, noAnswer } from "../layers/values.ts";
import { argumentsOf } from "../operation/field-arguments.ts";
import { methodKey } from "../resolve/selections.ts";
import type { Execution } from "./execution.ts";
import { dataOfColumn, dataOfEach, readColumn } from "./field-data.ts";
import { callLayerFunction } from "./functions.ts";
import { LayerAnswers, type Planned, type Unfinished } from "./layer-answers.ts";
import { limitTypes, placeRows, readIds } from "./nodes.ts";
import { cursorData } from "./page-data.ts";
import { nothingBelow, type RowsBelow, runStatements } from "./statements.ts";

/**
 * Fetches all that the selection needs for the objects of `layer`, and then for those below.
 *
 * @param rowsThere Rows of the layer's fields that were fetched before.
 */
export async function fillLayer(
  execution: Execution,
  layer: Layer,
  plans: Plans,
  session: Session,
  rowsThere: RowsBelow = nothingBelow,
): Promise<void> {
  await new LayerFiller(execution, layer, plans, session, rowsThere).fill();
}

/** A field whose statement is about to run. */
interface Pending extends Planned {
  readonly filler: LayerFiller;
  /** What happens to the rows if they are not a field of the layer. */
  readonly answer?: (rows: RowSet, below: RowsBelow) => Promise<void>;
}

class LayerFiller extends LayerAnswers {
  /** Rows of this layer's fields, and of those below, that a statement above brought. */
  readonly #rowsThere: RowsBelow;
  /** Statements of these rows that are about to run, under whichever names the rows have. */
  readonly #pending: (Pending & BoundStatement)[];

  constructor(
    execution: Execution,
    layer: Layer,
    plans: Plans,
    session: Session,
    rowsThere: RowsBelow,
    pending: (Pending & BoundStatement)[] = [],
  ) {
    super(execution, layer, plans, session);
    this.#rowsThere = rowsThere;
    this.#pending = pending;
  }

  fill(): Unfinished {
    const { signal } = this.execution.context;
    signal.throwIfAborted();
    const below: Promise<void>[] = [];
    this.#startAll(below, null);
    if (this.#pending.length > 0) {
      below.push(this.#runPending());
    }
    return allOf(below);
  }

  /** Begins all fields; `among`: the only objects that they are asked of. */
  #startAll(below: Promise<void>[], among: readonly number[] | null): void {
    const deferred: Deferred[] = [];
    for (const [plan, members] of membersByPlan(this.layer)) {
      this.#checkVisible(plan.typeName);
      for (const step of plan.steps) {
        this.#start(step, among ?? members, below, deferred);
      }
    }
    if (deferred.length > 0) {
      below.push(this.#resolveDeferred(deferred));
    }
  }

  /** No object of a type that limits who sees which is shown that no plan was limited for. */
  #checkVisible(typeName: string): void {
    if (this.execution.visible.has(typeName) && limitsOf(this.layer)?.visible?.[typeName] === undefined) {
      throw new PuffError(
        "PUFF_VISIBLE_UNCHECKED",
        `${typeName} limits who may see what, and these objects are not rows of a plan`,
        {
          remedy: "Return a QuerySet or sql(…) with the key's column, in the place of objects.",
        },
      );
    }
  }

  #start(step: FieldStep, members: readonly number[], below: Promise<void>[], deferred: Deferred[]): void {
    const { source } = step;
    const { catalogue } = this.execution;
    switch (source.kind) {
      case "typename":
        return;
      case "introspection":
        this.set(step, { kind: "json", text: this.execution.introspect(step) });
        return;
      case "column":
        this.#answerWithColumn(step, source.column, below);
        return;
      case "function":
        this.guard(step, below, () => this.#callFunction(step, source.call, members));
        return;
      case "method":
        if (this.layer.kind === "values" && this.layer.objects.every((object) => object.wire)) {
          // Python called it when it sent the objects.
          this.guard(step, below, () => this.answer(step, readColumn(step, this.layer, methodKey(step), catalogue)));
        } else {
          deferred.push({ step, members, columns: null });
        }
        return;
      case "resolver": {
        const result = this.plans.get(step);
        if (result === undefined) {
          throw new TypeError(`${step.name} was not planned`);
        }
        if (!(result instanceof Failed) && result.kind === "needs") {
          deferred.push({ step, members, columns: result.columns });
        } else {
          this.guard(step, below, () => this.#run(step, members, result));
        }
        return;
      }
      case "nodes":
        this.guard(step, below, () => this.#startNodes(step, source.types));
        return;
      case "page":
        this.guard(step, below, () => this.#startPart(step, source.part, members));
    }
  }

  /** Begins the statements of a field's global ids, one for each type; each gives its rows' data to the objects. */
  #startNodes(step: FieldStep, types: { readonly [typeName: string]: NodeType }): Unfinished {
    const { typeNames, asked } = readIds(
      step,
      limitTypes(step, types, this.execution, this.plans),
      argumentsOf(step, this.execution.variables),
    );
    const objects = typeNames.map((typeName) => ({ attributes: {}, typeName, wire: false }));
    const layer = new ValueLayer(step.selection ?? noSelection, objects);
    const found: (number | null)[] = objects.map(() => null);
    const tell = () =>
      this.set(step, { kind: "shared", value: step.shape.kind === "list" ? found : (found[0] ?? null), layer });
    tell();
    for (const type of asked) {
      const answer = async (rows: RowSet, below: RowsBelow): Promise<void> => {
        const origin = { plan: type.plan, parents: this.layer };
        const own = new RowLayer(type.step.selection ?? noSelection, rows, null, origin);
        await this.whenKnown(rows, () => this.fillBelow(own, below));
        placeRows(type, own, layer, found);
        tell();
      };
      this.#pending.push({ filler: this, members: [], answer, ...type });
    }
    return undefined;
  }

  /** Begins a part of a page, whose statement stands among the plans where it has one. */
  #startPart(step: FieldStep, part: PagePart, members: readonly number[]): Unfinished {
    if (part === "row") {
      return this.#fillSameRow(step, members);
    }
    if (part === "cursor") {
      this.set(step, cursorData(step, this.layer));
      return undefined;
    }
    const plan = this.plans.get(step);
    // A page's facts without a statement of their own come with its first list.
    return plan === undefined ? undefined : this.#run(step, members, plan);
  }

  /** Gives the step the layer's own rows as its objects, and begins their fields together with those of the layer. */
  #fillSameRow(step: FieldStep, members: readonly number[]): Unfinished {
    const layer = sameRows(this.layer, step);
    this.set(step, { kind: "objects", groups: eachItsOwn(layer.count), layer });
    const { types } = layer;
    const filler = new LayerFiller(this.execution, layer, this.plans, this.session, this.#rowsThere, this.#pending);
    const below: Promise<void>[] = [];
    filler.#startAll(below, types === null ? members : null);
    return allOf(below);
  }

  /** One message to Python for all resolvers of this layer that wanted its values. */
  async #resolveDeferred(deferred: readonly Deferred[]): Promise<void> {
    this.execution.onOutside?.();
    const { python, variables } = this.execution;
    const results = await python.callWithParents(this.layer, deferred, variables);
    const answered = deferred.map(({ step }, index) => [step, results[index] ?? new Failed(noAnswer(step))] as const);
    const plans = await expandCollections(new Map(answered), this.execution, this.plans);
    const filler = this.#with(new Map([...this.plans, ...plans]));
    const below: Promise<void>[] = [];
    for (const { step, members } of deferred) {
      const result = plans.get(step) ?? new Failed(noAnswer(step));
      this.guard(step, below, () => filler.#run(step, members, result));
    }
    await allOf(below);
    await filler.#runPending();
  }

  /** The same layer with further plans. */
  #with(plans: Plans): LayerFiller {
    return new LayerFiller(this.execution, this.layer, plans, this.session, this.#rowsThere);
  }

  #run(step: FieldStep, members: readonly number[], result: ResolveResult | Failed): Unfinished {
    if (result instanceof Failed) {
      this.fail(step, result.error);
      return undefined;
    }
    if (step.sameRow) {
      return this.#fillSameRow(step, members); // whose parts have the statements
    }
    switch (result.kind) {
      case "sql":
        return this.#prepareStatement(step, members, result);
      case "value":
        return this.answerWithValue(step, members, result);
      case "each":
        return this.answer(step, dataOfEach(step, scatter(members, result.values, this.layer.count), true));
      default:
        throw noAnswer(step);
    }
  }

  /** Binds a statement, which then runs together with the others of its layer. */
  #prepareStatement(step: FieldStep, members: readonly number[], plan: SqlPlan): Unfinished {
    const { shape } = step;
    if (shape.kind === "list" && shape.item.kind === "list") {
      throw new PuffError("PUFF_PLAN_INVALID", `${step.name} is a list of lists, which no SQL plan can answer`, {
        remedy: "Return the value itself, or a JSON column.",
      });
    }
    const rows = this.#rowsThere.get(step);
    if (rows !== undefined) {
      return this.answerWithRows({ step, members, plan }, rows, this.#rowsThere);
    }
    const params = bindParameters(plan, this.layer, members, step.name);
    if (params === null) {
      this.answerWithNone(step, plan);
    } else {
      this.#pending.push({ filler: this, step, members, plan: typedPlan(plan, params), params });
    }
    return undefined;
  }

  async #runPending(): Promise<void> {
    const pending = this.#pending.splice(0);
    if (pending.length === 0) {
      return;
    }
    const mayFuse = this.layer !== this.execution.effects;
    const running = runStatements(this.execution, this.session, pending, this.plans, mayFuse);
    await Promise.all(
      pending.map(async (planned, index) => {
        try {
          const { own, below } = await running;
          const rows = await own[index];
          if (rows === undefined) {
            throw new TypeError(`${planned.step.name} was not run`);
          }
          await (planned.answer?.(rows, below) ?? planned.filler.answerWithRows(planned, rows, below));
        } catch (error) {
          planned.filler.fail(planned.step, error);
        }
      }),
    );
  }

  /** A leaf of a row layer is there at once: nothing to wait for, which promises would cost more than. */
  #answerWithColumn(step: FieldStep, column: string, below: Promise<void>[]): void {
    const { catalogue } = this.execution;
    const denied = limitsOf(this.layer)?.denied?.[step.name];
    if (denied !== undefined) {
      this.set(
        step,
        denied === null ? nothing : { kind: "failed", error: new PuffError("PUFF_PERMISSION_DENIED", denied) },
      );
      return;
    }
    const data = dataOfColumn(step, this.layer, column, catalogue);
    if (data === null) {
      this.guard(step, below, () => this.answer(step, readColumn(step, this.layer, column, catalogue)));
    } else {
      this.set(step, data);
    }
  }

  async #callFunction(step: FieldStep, call: LayerFunction, members: readonly number[]): Promise<void> {
    this.execution.onOutside?.();
    const values = await callLayerFunction(step, call, this.layer, members, this.execution);
    return this.answer(step, dataOfEach(step, scatter(members, values, this.layer.count), false));
  }

  protected override fillBelow(layer: Layer, rowsThere: RowsBelow = nothingBelow): Unfinished {
    return new LayerFiller(this.execution, layer, this.plans, this.session, rowsThere).fill();
  }
}

const nothing: FieldData = { kind: "shared", value: null, layer: null };

function allOf(below: readonly Promise<void>[]): Unfinished {
  return below.length < 2 ? below[0] : Promise.all(below).then(() => undefined);
}
