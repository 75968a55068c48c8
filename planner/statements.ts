/** Runs the statements of one layer: fused with what is below them, or each for itself. */

import type { Session, Statement } from "./database.ts";
import type { Execution, Plans } from "./execute.ts";
import type { BoundStatement, Fused } from "./fuse.ts";
import { RowSet } from "./rows.ts";
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
      return runAlone(execution, statement, () => session.query(statementOf(statement)));
    }
    const rows = last.then(() => runAlone(execution, statement, () => attempt(session, statementOf(statement))));
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
  const fused = (await execution.fuser?.fetch(session, statements, plans)) ?? null;
  if (fused === null) {
    return null;
  }
  let count = 0;
  for (const [step, rows] of fused.rows) {
    execution.fetched.set(step, rows);
    count += rows.count;
  }
  execution.observe?.({
    kind: "statement",
    layer: fused.steps.map(({ layer }) => layer).join(", "),
    text: fused.statement.text,
    params: fused.statement.params,
    rows: count,
    duration: performance.now() - started,
  });
  return fused;
}

async function runAlone(
  execution: Execution,
  { step, plan, params }: BoundStatement,
  query: () => Promise<RowSet>,
): Promise<RowSet> {
  const started = performance.now();
  const rows = await query();
  execution.observe?.({
    kind: "statement",
    layer: step.layer,
    text: plan.text,
    params,
    rows: rows.count,
    duration: performance.now() - started,
  });
  return rows;
}

function statementOf({ plan, params }: BoundStatement): Statement {
  return { text: plan.text, params };
}
