/**
 * The one writer of responses: walks the operation plan over the layers and writes bytes, whatever the layers come
 * from. It follows "Value Completion" and "Handling Execution Errors" of the specification:
 * https://spec.graphql.org/September2025/#sec-Value-Completion
 */
import { GraphQLError, locatedError } from "graphql";
import { PuffError } from "../../schema/index.ts";
import { toChunk } from "../bytes/chunk.ts";
import { jsonNull } from "../bytes/leaves.ts";
import { Output } from "../bytes/output.ts";
import type { FieldStep, ObjectPlan, Shape } from "../contract/operation-plan.ts";
import { partOf } from "../contract/page-parts.ts";
import type { FieldData, Groups, Layer, ValueLayer } from "../layers/layers.ts";
import { Failed, type Settled } from "../layers/values.ts";

const COMMA = 0x2c;
const ZERO = 0x30;
const END_OF_OBJECT = toChunk(Buffer.from("}"));
const EMPTY_OBJECT = toChunk(Buffer.from("{}"));

type ColumnData = Pick<FieldData & { readonly kind: "column" }, "rows" | "column" | "write">;
type RowData = FieldData & { readonly kind: "objects" | "leaves" };

/**
 * Writes objects depth-first. Each method that writes a position (a field, a list's item) returns false if the
 * position must be null but can't: its error is recorded, and the caller truncates to the nearest nullable position.
 */
export class Writer {
  readonly out: Output;
  readonly errors: GraphQLError[] = [];
  /** Response path of the position being written; what lies beyond the depth is stale. */
  readonly #path: (string | number)[] = [];
  #depth = 0;

  constructor(sizeHint: number) {
    this.out = new Output(sizeHint);
  }

  /** Writes `{…}` with all fields of the object at `index`. */
  writeObject(layer: Layer, index: number, plan: ObjectPlan): boolean {
    if (layer.kind === "rows") {
      layer.rows.seek(index);
    }
    for (const step of plan.steps) {
      if (!this.writeField(layer, index, plan, step)) {
        return false;
      }
    }
    this.endObject(plan);
    return true;
  }

  endObject({ steps }: ObjectPlan): void {
    this.out.bytes(steps.length === 0 ? EMPTY_OBJECT : END_OF_OBJECT);
  }

  /** Writes one field of the object at `index`, with the brace or the comma before it. */
  writeField(layer: Layer, index: number, plan: ObjectPlan, step: FieldStep): boolean {
    const { out } = this;
    out.bytes(step.opening);
    const data = layer.data[step.slot];
    if (data === undefined) {
      if (step.source.kind !== "typename") {
        throw new TypeError(`the layer of ${step.name} has no data for it`);
      }
      out.json(plan.typeName);
      return true;
    }
    this.#path[this.#depth++] = step.key;
    const written =
      data.kind === "column" ? this.#writeColumn(data, step.shape, step) : this.#writeData(data, index, step);
    this.#depth--;
    return written;
  }

  /**
   * Writes items of a root list that comes in parts, without its brackets; `from`: how many came before. False if an
   * item must be null but can't, or the field has no list.
   */
  writeItems(layer: Layer, step: FieldStep, from: number): boolean {
    const data = layer.data[step.slot];
    const { shape } = step;
    if (data === undefined || (data.kind !== "objects" && data.kind !== "leaves") || shape.kind !== "list") {
      return false;
    }
    this.#path[this.#depth++] = step.key;
    const written = this.#writeItems(data.groups, 0, from, this.#itemWriter(data, shape.item, step));
    this.#depth--;
    return written;
  }

  /** Replaces a field that was written from `mark` on, since its effects failed after all. */
  rewriteAsFailed(mark: number, step: FieldStep, error: unknown): boolean {
    this.out.truncate(mark);
    this.out.bytes(step.opening);
    this.#path[this.#depth++] = step.key;
    const written = this.#failAt(this.out.length, step.shape, error, step);
    this.#depth--;
    return written;
  }

  /** Records an error at the position being written. */
  #fail(error: unknown, step: FieldStep): false {
    const path = this.#path.slice(0, this.#depth);
    const { nodes } = step;
    this.errors.push(
      error instanceof PuffError
        ? new GraphQLError(error.message, { nodes, path, originalError: error })
        : locatedError(error, nodes, path),
    );
    return false;
  }

  #writeData(data: FieldData, index: number, step: FieldStep): boolean {
    const { shape } = step;
    switch (data.kind) {
      case "column":
        return this.#writeColumn(data, shape, step);
      case "objects":
      case "leaves":
        return shape.kind === "list"
          ? this.#writeList(shape, data.groups, index, this.#itemWriter(data, shape.item, step))
          : this.#writeFirst(shape, step, data, index, this.#itemWriter(data, shape, step));
      case "made":
        data.write(this.out, index);
        return true;
      case "values":
        return this.#writeSettled(shape, data.values[index], data.layer, step);
      case "shared":
        return this.#writeSettled(shape, data.value, data.layer, step);
      case "json":
        this.out.string(data.text);
        return true;
      case "failed":
        return this.#failAt(this.out.length, shape, data.error, step);
    }
  }

  /** Writes one of the rows that a field's objects or leaves are. */
  #itemWriter(data: RowData, shape: Shape, step: FieldStep): (row: number) => boolean {
    return data.kind === "objects"
      ? (row) => this.#writeObjectAt(shape, data.layer, row, step)
      : (row) => this.#writeLeafOf(data, row, shape, step);
  }

  #writeList(shape: Shape, groups: Groups, index: number, writeItem: (row: number) => boolean): boolean {
    const { out } = this;
    const mark = out.length;
    out.byte(0x5b);
    if (!this.#writeItems(groups, index, 0, writeItem)) {
      return this.#nullInstead(mark, shape);
    }
    out.byte(0x5d);
    return true;
  }

  #writeItems(groups: Groups, index: number, from: number, writeItem: (row: number) => boolean): boolean {
    const { out } = this;
    const group = groups.of[index] ?? -1;
    const start = group === -1 ? 0 : (groups.starts[group] ?? 0);
    const end = group === -1 ? 0 : (groups.starts[group + 1] ?? 0);
    const depth = this.#depth++;
    for (let at = start; at < end; at++) {
      const position = from + at - start;
      if (position > 0) {
        out.byte(COMMA);
      }
      this.#path[depth] = position;
      if (!writeItem(groups.rows[at] as number)) {
        this.#depth = depth;
        return false;
      }
    }
    this.#depth = depth;
    return true;
  }

  #writeFirst(
    shape: Shape,
    step: FieldStep,
    { groups, absent }: RowData,
    index: number,
    write: (row: number) => boolean,
  ): boolean {
    const group = groups.of[index] ?? -1;
    const start = group === -1 ? 0 : (groups.starts[group] ?? 0);
    const row = group === -1 || start === groups.starts[group + 1] ? undefined : groups.rows[start];
    if (row !== undefined) {
      return write(row);
    }
    if (partOf(step) === "totalCount") {
      this.out.byte(ZERO); // Postgres counts for nobody who has none
      return true;
    }
    return absent === undefined
      ? this.#writeNull(shape, step)
      : this.#failAt(this.out.length, shape, new PuffError("PUFF_NO_SUCH_ROW", absent), step);
  }

  #writeObjectAt(shape: Shape, layer: Layer, index: number, step: FieldStep): boolean {
    const mark = this.out.length;
    const plan = layer.types === null ? layer.selection.only : (layer.types[index] ?? null);
    if (plan === null || plan instanceof Failed) {
      return this.#failAt(mark, shape, plan?.error ?? new TypeError(`no plan for ${layer.selection.typeName}`), step);
    }
    return this.writeObject(layer, index, plan) || this.#nullInstead(mark, shape);
  }

  #writeLeafOf(data: RowData & { readonly kind: "leaves" }, row: number, shape: Shape, step: FieldStep): boolean {
    data.rows.seek(row);
    return this.#writeColumn(data, shape, step);
  }

  /** Of the row last sought. */
  #writeColumn({ rows, column, write }: ColumnData, shape: Shape, step: FieldStep): boolean {
    const start = rows.starts[column] as number; // one for each column
    if (start === -1) {
      return this.#writeNull(shape, step);
    }
    const mark = this.out.length;
    try {
      write(this.out, rows.chunk, start, rows.ends[column] as number); // as above
      return true;
    } catch (error) {
      if (error === jsonNull) {
        return this.#writeNull(shape, step);
      }
      return this.#failAt(mark, shape, error, step);
    }
  }

  #writeSettled(shape: Shape, value: Settled, layer: ValueLayer | null, step: FieldStep): boolean {
    if (value === null || value === undefined) {
      return this.#writeNull(shape, step);
    }
    const { out } = this;
    const mark = out.length;
    if (value instanceof Failed) {
      return this.#failAt(mark, shape, value.error, step);
    }
    if (shape.kind === "leaf") {
      try {
        shape.leaf.writeValue(out, value);
        return true;
      } catch (error) {
        return this.#failAt(mark, shape, error, step);
      }
    }
    if (shape.kind === "object") {
      if (layer === null || typeof value !== "number") {
        throw new TypeError(`${step.name} was not settled`);
      }
      return this.#writeObjectAt(shape, layer, value, step);
    }
    const items = value as readonly Settled[]; // settle() made it of a list's shape
    out.byte(0x5b);
    const depth = this.#depth++;
    for (let at = 0; at < items.length; at++) {
      if (at > 0) {
        out.byte(COMMA);
      }
      this.#path[depth] = at;
      if (!this.#writeSettled(shape.item, items[at], layer, step)) {
        this.#depth = depth;
        return this.#nullInstead(mark, shape);
      }
    }
    this.#depth = depth;
    out.byte(0x5d);
    return true;
  }

  #writeNull(shape: Shape, step: FieldStep): boolean {
    if (!shape.nonNull) {
      this.out.null();
      return true;
    }
    return this.#fail(
      new PuffError("PUFF_NULL_IN_NON_NULL", `Cannot return null for non-nullable field ${step.name}.`),
      step,
    );
  }

  #failAt(mark: number, shape: Shape, error: unknown, step: FieldStep): boolean {
    this.#fail(error, step);
    return this.#nullInstead(mark, shape);
  }

  #nullInstead(mark: number, shape: Shape): boolean {
    if (shape.nonNull) {
      return false;
    }
    this.out.truncate(mark);
    this.out.null();
    return true;
  }
}
