/**
 * The breadth-first executor: fetches layer after layer, each field of a layer with one statement or one call, and
 * leaves the writing to the {@link Writer}. This is the reference that every faster way of fetching must equal.
 */
import { PuffError, type ResolveResult, type SqlPlan, type ValuePlan } from "../schema/index.ts";
import type { FieldStep, ObjectPlan, Selection, VariableValues } from "./compile.ts";
import { bindParameters, groupChildren, noChildren } from "./correlate.ts";
import type { Session } from "./database.ts";
import { callLayerFunction } from "./functions.ts";
import { type FieldData, type Layer, missingColumn, RowLayer, typesOf, ValueLayer } from "./layers.ts";
import type { LayerContext, LayerFunction, PlannerEvent } from "./planner.ts";
import type { Deferred, PythonCalls } from "./python.ts";
import type { RowSet } from "./rows.ts";
import { methodKey } from "./selections.ts";
import { Typed } from "./types.ts";
import { asError, Failed, settle, type ValueObject } from "./values.ts";

/** Everything that one request's layers share. */
export interface Execution {
  readonly variables: VariableValues;
  readonly python: PythonCalls;
  readonly context: LayerContext;
  readonly observe: ((event: PlannerEvent) => void) | undefined;
  /** Answers a `__schema` or `__type` field with JSON text. */
  introspect(step: FieldStep): string;
}

/** A plan for each resolver that did not insist on its parents' values. */
export type Plans = ReadonlyMap<FieldStep, ResolveResult | Failed>;

/** Fetches all that the selection needs for the objects of `layer`, and then for those below. */
export async function fillLayer(execution: Execution, layer: Layer, plans: Plans, session: Session): Promise<void> {
  const filler = new LayerFiller(execution, layer, plans, session);
  await filler.fill();
}

class LayerFiller {
  readonly #execution: Execution;
  readonly #layer: Layer;
  readonly #plans: Plans;
  readonly #session: Session;

  constructor(execution: Execution, layer: Layer, plans: Plans, session: Session) {
    this.#execution = execution;
    this.#layer = layer;
    this.#plans = plans;
    this.#session = session;
  }

  async fill(): Promise<void> {
    const { signal } = this.#execution.context;
    signal.throwIfAborted();
    const below: Promise<void>[] = [];
    const deferred: Deferred[] = [];
    for (const [plan, members] of this.#membersByPlan()) {
      for (const step of plan.steps) {
        this.#start(step, members, below, deferred);
      }
    }
    if (deferred.length > 0) {
      below.push(this.#resolveDeferred(deferred));
    }
    await Promise.all(below);
  }

  /** The objects of each concrete type; types without an object need nothing. */
  #membersByPlan(): Map<ObjectPlan, readonly number[]> {
    const { selection, types, count } = this.#layer;
    const members = new Map<ObjectPlan, number[]>();
    for (let index = 0; index < count; index++) {
      const plan = types === null ? selection.only : types[index];
      if (plan === null || plan === undefined || plan instanceof Failed) {
        continue;
      }
      const list = members.get(plan);
      if (list === undefined) {
        members.set(plan, [index]);
      } else {
        list.push(index);
      }
    }
    return members;
  }

  #start(step: FieldStep, members: readonly number[], below: Promise<void>[], deferred: Deferred[]): void {
    const { source } = step;
    switch (source.kind) {
      case "typename":
        return;
      case "introspection":
        this.#set(step, { kind: "json", text: this.#execution.introspect(step) });
        return;
      case "column":
        below.push(this.#guard(step, () => this.#readColumn(step, source.column)));
        return;
      case "function":
        below.push(this.#guard(step, () => this.#callFunction(step, source.call, members)));
        return;
      case "method":
        if (this.#layer.kind === "values" && this.#layer.objects.every((object) => object.wire)) {
          // Python called it when it sent the objects.
          below.push(this.#guard(step, () => this.#readColumn(step, methodKey(step))));
        } else {
          deferred.push({ step, members, columns: null });
        }
        return;
      case "resolver": {
        const result = this.#plans.get(step);
        if (result === undefined) {
          throw new TypeError(`${step.name} was not planned`);
        }
        if (!(result instanceof Failed) && result.kind === "needs") {
          deferred.push({ step, members, columns: result.columns });
        } else {
          below.push(this.#guard(step, () => this.#run(step, members, result)));
        }
      }
    }
  }

  /** One message to Python for all resolvers of this layer that wanted its values. */
  async #resolveDeferred(deferred: readonly Deferred[]): Promise<void> {
    const results = await this.#execution.python.callWithParents(this.#layer, deferred, this.#execution.variables);
    await Promise.all(
      deferred.map(({ step, members }, index) =>
        this.#guard(step, () => this.#run(step, members, results[index] ?? new Failed(missingResult(step)))),
      ),
    );
  }

  async #run(step: FieldStep, members: readonly number[], result: ResolveResult | Failed): Promise<void> {
    if (result instanceof Failed) {
      this.#set(step, { kind: "failed", error: result.error });
      return;
    }
    switch (result.kind) {
      case "sql":
        return this.#runStatement(step, members, result);
      case "value":
        return this.#answerWithValue(step, members, result);
      case "each":
        return this.#answerWithValues(step, scatter(members, result.values, this.#layer.count), true);
      case "failure":
      case "needs":
        throw missingResult(step);
    }
  }

  async #runStatement(step: FieldStep, members: readonly number[], plan: SqlPlan): Promise<void> {
    const { shape, selection } = step;
    if (shape.kind === "list" && shape.item.kind === "list") {
      throw new PuffError("PUFF_PLAN_INVALID", `${step.name} is a list of lists, which no SQL plan can answer`, {
        remedy: "Return the value itself, or a JSON column.",
      });
    }
    const params = bindParameters(plan, this.#layer, members, step.name);
    if (params === null) {
      this.#setEmpty(step);
      return;
    }
    const started = performance.now();
    const rows = await this.#session.query({ text: plan.text, params });
    this.#execution.observe?.({
      kind: "statement",
      layer: step.layer,
      text: plan.text,
      params,
      rows: rows.count,
      duration: performance.now() - started,
    });
    if (selection === null) {
      this.#answerWithLeaves(step, members, plan, rows);
      return;
    }
    const layer = new RowLayer(selection, rows, typesOf(rows, selection, plan, step));
    this.#set(step, { kind: "objects", groups: groupChildren(plan, this.#layer, members, layer, step.name), layer });
    await this.#fillBelow(layer);
  }

  #answerWithLeaves(step: FieldStep, members: readonly number[], plan: SqlPlan, rows: RowSet): void {
    const leafShape = step.shape.kind === "list" ? step.shape.item : step.shape;
    if (leafShape.kind !== "leaf") {
      throw new TypeError(`${step.name} is no leaf`);
    }
    const candidates = rows.columns.filter((column) => !plan.childKeys.includes(column.name));
    const named = candidates.find((column) => column.name === step.definition.name);
    const value = named ?? (candidates.length === 1 ? candidates[0] : undefined);
    if (value === undefined) {
      throw missingColumn(step, step.definition.name, rows);
    }
    const emptySelection: Selection = { typeName: step.name, byType: new Map(), only: null, slots: 0 };
    this.#set(step, {
      kind: "leaves",
      groups: groupChildren(plan, this.#layer, members, new RowLayer(emptySelection, rows, []), step.name),
      rows,
      column: rows.columns.indexOf(value),
      write: leafShape.leaf.writerFor(value.oid),
    });
  }

  async #answerWithValue(step: FieldStep, members: readonly number[], plan: ValuePlan): Promise<void> {
    if (plan.parentKeys.length > 0 && step.selection !== null && Array.isArray(plan.value)) {
      const objects: ValueObject[] = [];
      const itemShape = step.shape.kind === "list" ? step.shape.item : step.shape;
      const settled = plan.value.map((item) => settle(item, itemShape, step, true, objects));
      const failed = settled.find((item) => item instanceof Failed);
      if (failed instanceof Failed) {
        throw failed.error;
      }
      const layer = new ValueLayer(step.selection, objects);
      this.#set(step, { kind: "objects", groups: groupChildren(plan, this.#layer, members, layer, step.name), layer });
      return this.#fillBelow(layer);
    }
    const objects: ValueObject[] = [];
    const value = settle(plan.value, step.shape, step, true, objects);
    const layer = step.selection === null ? null : new ValueLayer(step.selection, objects);
    this.#set(step, { kind: "shared", value, layer });
    return layer === null ? undefined : this.#fillBelow(layer);
  }

  /** `values`: one for each object of the layer. */
  async #answerWithValues(step: FieldStep, values: readonly unknown[], wire: boolean): Promise<void> {
    const objects: ValueObject[] = [];
    const settled = values.map((value) => settle(value, step.shape, step, wire, objects));
    const layer = step.selection === null ? null : new ValueLayer(step.selection, objects);
    this.#set(step, { kind: "values", values: settled, layer });
    return layer === null ? undefined : this.#fillBelow(layer);
  }

  async #readColumn(step: FieldStep, column: string): Promise<void> {
    const layer = this.#layer;
    if (layer.kind === "values") {
      const [first] = layer.objects;
      const values = layer.objects.map((object) => object.attributes[column]);
      return this.#answerWithValues(step, values, first?.wire ?? false);
    }
    const { rows } = layer;
    const index = rows.indexOf(column);
    const oid = rows.columns[index]?.oid;
    if (oid === undefined) {
      throw missingColumn(step, column, rows);
    }
    if (step.shape.kind === "leaf") {
      this.#set(step, { kind: "column", rows, column: index, write: step.shape.leaf.writerFor(oid) });
      return;
    }
    const values: unknown[] = [];
    for (let row = 0; row < rows.count; row++) {
      rows.seek(row);
      values.push(rows.isNull(index) ? null : new Typed(oid, rows.text(index)));
    }
    return this.#answerWithValues(step, values, false);
  }

  async #callFunction(step: FieldStep, call: LayerFunction, members: readonly number[]): Promise<void> {
    const { variables, context } = this.#execution;
    const values = await callLayerFunction(step, call, this.#layer, members, variables, context);
    return this.#answerWithValues(step, scatter(members, values, this.#layer.count), false);
  }

  #fillBelow(layer: Layer): Promise<void> {
    return fillLayer(this.#execution, layer, this.#plans, this.#session);
  }

  #setEmpty(step: FieldStep): void {
    const groups = noChildren(this.#layer.count);
    const layer = new ValueLayer(step.selection ?? { typeName: "", byType: new Map(), only: null, slots: 0 }, []);
    this.#set(step, { kind: "objects", groups, layer });
  }

  #set(step: FieldStep, data: FieldData): void {
    this.#layer.data[step.slot] = data;
  }

  /** A field's failure is an answer for that field; what ends the request goes up. */
  async #guard(step: FieldStep, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#execution.context.signal.throwIfAborted();
      this.#set(step, { kind: "failed", error: asError(error) });
    }
  }
}

/** Spreads the members' values over all objects of the layer. */
function scatter(members: readonly number[], values: readonly unknown[], count: number): unknown[] {
  if (members.length === count) {
    return [...values];
  }
  const all: unknown[] = new Array(count).fill(null);
  for (const [index, member] of members.entries()) {
    all[member] = values[index];
  }
  return all;
}

function missingResult(step: FieldStep): PuffError {
  return new PuffError("PUFF_RESOLVER_FAILED", `${step.name} got no answer from Python`);
}
