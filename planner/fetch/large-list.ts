/**
 * Lists that are too large to be held: a root list without children goes from the database to the client a part of its
 * rows at a time. It is fetched and written as any other, part after part; what differs is that bytes which were sent
 * can't be taken back, so that what goes wrong after the first of them breaks the answer off.
 */
import { PuffError } from "../../schema/index.ts";
import type { RowSet } from "../bytes/rows.ts";
import type { FieldStep, ObjectPlan, Selection } from "../contract/operation-plan.ts";
import type { Database, RowStream, Session, Statement } from "../database/database.ts";
import { type Layer, rootLayer } from "../layers/layers.ts";
import type { Plans } from "../layers/plans.ts";
import { asError, Failed } from "../layers/values.ts";
import type { Writer } from "../write/writer.ts";
import type { Execution } from "./execution.ts";
import { fillLayer } from "./fill-layer.ts";

/** Errors of fields that are kept for the end of an answer while it streams. */
const MOST_ERRORS = 1_000;

/** The step of the operation's one field (beside `__typename`), where it is a list of rows without children; else null. */
export function streamableStep({ steps }: ObjectPlan, plans: Plans): FieldStep | null {
  const [step, ...others] = steps.filter(({ source }) => source.kind !== "typename");
  const plan = step === undefined ? undefined : plans.get(step);
  if (others.length > 0 || step === undefined || plan === undefined || plan instanceof Failed) {
    return null;
  }
  const { shape, selection } = step;
  const isList = shape.kind === "list" && shape.item.kind !== "list";
  return isList && plan.kind === "sql" && plan.parentKeys.length === 0 && isFlat(selection) ? step : null;
}

function isFlat(selection: Selection | null): boolean {
  return [...(selection?.byType.values() ?? [])].every(({ steps }) =>
    steps.every(({ source, selection: below }) => below === null && /^(column|typename)$/.test(source.kind)),
  );
}

/** Rows that are more than the first. */
export interface LargeRows extends RowStream {
  readonly rest: AsyncIterableIterator<RowSet>;
}

/** Runs the statement of such a list. */
export class StreamSession implements Session {
  readonly #database: Database;
  readonly #signal: AbortSignal;
  /** What it answered, where its first rows are not all. */
  large: LargeRows | null = null;
  #isAsked = false;

  constructor(database: Database, signal: AbortSignal) {
    this.#database = database;
    this.#signal = signal;
  }

  async query(statement: Statement): Promise<RowSet> {
    if (this.#isAsked) {
      return this.#database.query(statement); // what is asked about the rows
    }
    this.#isAsked = true;
    const { first, rest } = await this.#database.stream(statement, this.#signal);
    if (rest !== null) {
      this.large = { first, rest };
    }
    return first;
  }
}

export interface StreamedList {
  readonly execution: Execution;
  readonly plans: Plans;
  readonly selection: Selection;
  readonly plan: ObjectPlan;
  readonly step: FieldStep;
  readonly writer: Writer;
}

/** Writes the root object up to the last of the items in its layer. False if one can't be written. */
export function writeFirst({ plan, step, writer }: StreamedList, layer: Layer): boolean {
  const { out } = writer;
  for (const other of plan.steps.slice(0, plan.steps.indexOf(step))) {
    writer.writeField(layer, 0, plan, other);
  }
  out.bytes(step.opening);
  out.byte(0x5b);
  return writer.writeItems(layer, step, 0);
}

/**
 * Writes the items of `rest`, which `count` came before, and the root object's end.
 *
 * @throws PuffError `PUFF_ANSWER_BROKEN`
 */
export async function* writeRest(
  list: StreamedList,
  count: number,
  rest: AsyncIterable<RowSet>,
): AsyncGenerator<Buffer, void, undefined> {
  const { plan, step, writer } = list;
  let written = count;
  try {
    for await (const rows of rest) {
      await writePart(list, rows, written);
      written += rows.count;
      rows.release();
      yield writer.out.take();
    }
  } catch (error) {
    throw new PuffError(
      "PUFF_ANSWER_BROKEN",
      `the response broke off after ${written} items: ${asError(error).message}`,
      {
        remedy: "Fix the cause, or ask for fewer items: a response that is small enough to be held carries its errors.",
        cause: error,
      },
    );
  }
  writer.out.byte(0x5d);
  for (const other of plan.steps.slice(plan.steps.indexOf(step) + 1)) {
    writer.writeField(rootLayer(list.selection), 0, plan, other);
  }
  writer.endObject(plan);
}

async function writePart(list: StreamedList, rows: RowSet, written: number): Promise<void> {
  const { execution, plans, selection, step, writer } = list;
  const layer = rootLayer(selection);
  await fillLayer(execution, layer, plans, noSession, new Map([[step, rows]]));
  if (!writer.writeItems(layer, step, written)) {
    const data = layer.data[step.slot];
    throw data?.kind === "failed" ? data.error : writer.errors.at(-1);
  }
  if (writer.errors.length > MOST_ERRORS) {
    throw new Error(`more than ${MOST_ERRORS} of its fields failed, such as: ${writer.errors[0]?.message}`);
  }
}

const noSession: Session = {
  query: () => Promise.reject(new TypeError("a list that streams has no children")),
};
