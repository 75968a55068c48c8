/** Runs the statements of one layer: fused with what is below them, or each for itself. */

import { noRows, type RowSet } from "../bytes/rows.ts";
import type { FieldStep } from "../contract/operation-plan.ts";
import type { Session } from "../database/database.ts";
import { statementFor } from "../database/row-counts.ts";
import { attempt, LazyTransaction } from "../database/transaction.ts";
import type { BoundStatement, Ran } from "../fuse/bound-statement.ts";
import type { Fused } from "../fuse/fuse.ts";
import type { Plans } from "../layers/plans.ts";
import { inField } from "../sql/statement-place.ts";
import type { Execution } from "./execution.ts";

/** What came of a layer's statements. */
export interface LayerRows {
  /** Of each statement, in their order. */
  readonly own: readonly Promise<RowSet>[];
  /** Those that a fused statement brought for the layers below. */
  readonly below: RowsBelow;
}

/** Rows that are there before the layers that they are for. */
export type RowsBelow = ReadonlyMap<FieldStep, RowSet>;

export const nothingBelow: RowsBelow = new Map();

/** Runs a layer's statements: fused with what is below them where `mayFuse`, else each for itself. */
export async function runStatements(
  execution: Execution,
  session: Session,
  statements: readonly BoundStatement[],
  plans: Plans,
  mayFuse: boolean,
): Promise<LayerRows> {
  const fused = mayFuse ? await fuse(execution, session, statements, plans) : null;
  if (fused !== null) {
    return { own: statements.map(async ({ step }) => fused.rows.get(step) ?? noRows), below: fused.rows };
  }
  const narrower = session instanceof LazyTransaction ? null : execution.narrower; // where a failure has no consequences
  // One of several that fails must not take the others with it; a transaction runs them in turn.
  const isolated = statements.length > 1 && session instanceof LazyTransaction;
  let last: Promise<unknown> = Promise.resolve();
  const own = statements.map((statement) => {
    if (!isolated) {
      const run = () => narrower?.fetch(session, statement, plans) ?? runAsIs(session, statement);
      return runAlone(execution, statement, run);
    }
    const run = () => runAsIs({ query: (text) => attempt(session, text) }, statement);
    const rows = last.then(() => runAlone(execution, statement, run));
    last = rows.catch(() => undefined);
    return rows;
  });
  return { own, below: nothingBelow };
}

async function runAsIs(session: Session, { plan, params }: BoundStatement): Promise<Ran> {
  const statement = await statementFor(plan.text, params);
  return { statement, rows: await session.query(statement) };
}

async function fuse(
  execution: Execution,
  session: Session,
  statements: readonly BoundStatement[],
  plans: Plans,
): Promise<Fused | null> {
  const started = performance.now();
  const fused = (await execution.fuser?.fetch(session, statements, plans, execution.observe)) ?? null;
  if (fused === null) {
    return null;
  }
  const duration = performance.now() - started;
  execution.observe?.({
    kind: "statement",
    layer: fused.steps.map(({ layer }) => layer).join(", "),
    layers: fused.steps.map((step) => ({ step, rows: fused.rows.get(step)?.count ?? 0 })),
    text: fused.statement.text,
    params: fused.statement.params,
    rows: [...fused.rows.values()].reduce((sum, { count }) => sum + count, 0),
    bytes: [...fused.rows.values()].reduce((sum, rows) => sum + bytesOf(rows), 0),
    duration,
  });
  return fused;
}

async function runAlone(
  execution: Execution,
  { step, plan }: BoundStatement,
  run: () => Promise<Ran>,
): Promise<RowSet> {
  const started = performance.now();
  const { statement, rows } = await run().catch(async (error: unknown) => {
    throw await inField(error, step.name, plan.text);
  });
  const duration = performance.now() - started;
  execution.observe?.({
    kind: "statement",
    layer: step.layer,
    layers: [{ step, rows: rows.count }],
    text: statement.text,
    params: statement.params,
    rows: rows.count,
    bytes: bytesOf(rows),
    duration,
  });
  return rows;
}

/** Bytes of all values of the rows. */
function bytesOf(rows: RowSet): number {
  let bytes = 0;
  for (let row = 0; row < rows.count; row++) {
    rows.seek(row);
    for (const [column, start] of rows.starts.entries()) {
      bytes += start === -1 ? 0 : (rows.ends[column] ?? start) - start;
    }
  }
  return bytes;
}
