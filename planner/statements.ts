/** Runs the statements of one layer: fused with what is below them, or each for itself. */

import type { Session, Statement } from "./database.ts";
import type { Execution, Plans } from "./execute.ts";
import type { BoundStatement, Fused } from "./fuse.ts";
import { statementFor } from "./row-counts.ts";
import { RowSet } from "./rows.ts";
import { inField } from "./statement-place.ts";
import { attempt, LazyTransaction } from "./transaction.ts";

/**
 * The rows of each statement, in their order. Rows that a fused statement brought for layers below are put into
 * `execution.fetched`.
 */
export async function runStatements(
  execution: Execution,
  session: Session,
  statements: readonly BoundStatement[],
  plans: Plans,
  mayFuse: boolean,
): Promise<Promise<RowSet>[]> {
  const fused = mayFuse ? await fuse(execution, session, statements, plans) : null;
  if (fused !== null) {
    return statements.map(async ({ step }) => fused.rows.get(step) ?? new RowSet([]));
  }
  // One of several that fails must not take the others with it; a transaction runs them in turn.
  const isolated = statements.length > 1 && session instanceof LazyTransaction;
  let last: Promise<unknown> = Promise.resolve();
  return statements.map((statement) => {
    if (!isolated) {
      return runAlone(execution, statement, (sent) => session.query(sent));
    }
    const rows = last.then(() => runAlone(execution, statement, (sent) => attempt(session, sent)));
    last = rows.catch(() => undefined);
    return rows;
  });
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
  let count = 0;
  for (const [step, rows] of fused.rows) {
    execution.fetched.set(step, rows);
    count += rows.count;
  }
  execution.observe?.({
    kind: "statement",
    layer: fused.steps.map(({ layer }) => layer).join(", "),
    layers: fused.steps.map((step) => ({ step, rows: fused.rows.get(step)?.count ?? 0 })),
    text: fused.statement.text,
    params: fused.statement.params,
    rows: count,
    bytes: [...fused.rows.values()].reduce((sum, rows) => sum + bytesOf(rows), 0),
    duration,
  });
  return fused;
}

async function runAlone(
  execution: Execution,
  { step, plan, params }: BoundStatement,
  query: (statement: Statement) => Promise<RowSet>,
): Promise<RowSet> {
  const started = performance.now();
  const statement = await statementFor(plan.text, params);
  const rows = await query(statement).catch(async (error: unknown) => {
    throw await inField(error, step.name, statement.text);
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
