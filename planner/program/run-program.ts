/** Answers a query by its program, or leaves it, with the rows that it has, to who answers without one. */
import type { Output } from "../bytes/output.ts";
import type { RowSet } from "../bytes/rows.ts";
import type { ObjectPlan } from "../contract/operation-plan.ts";
import type { Observe } from "../contract/planner.ts";
import type { Database } from "../database/database.ts";
import type { Plans } from "../layers/plans.ts";
import { countedLast } from "./program.ts";
import type { Programs } from "./programs.ts";
import { type Outcome, replay } from "./replay.ts";

/** Of one request. */
export interface Running {
  readonly programs: Programs | null;
  readonly observe: Observe | undefined;
  readonly context: { readonly signal: AbortSignal };
}

export type ProgramRun =
  /** The root object is written. */
  | { readonly kind: "written"; readonly rows: RowSet }
  /** Nothing is. What the program has asked the database for, that one has ready. */
  | { readonly kind: "left"; readonly database: Database };

/** `streams`: whether the rows may be too many to be held, which no program writes. */
export async function runProgram(
  { programs, observe, context: { signal } }: Running,
  root: ObjectPlan,
  plans: Plans,
  database: Database,
  streams: boolean,
  out: Output,
): Promise<ProgramRun> {
  // An observer hears what happens without a program.
  const ready = observe === undefined ? programs?.find(root, plans, database.scope ?? "") : undefined;
  if (programs === null || ready === undefined || typeof ready === "string") {
    return { kind: "left", database };
  }
  signal.throwIfAborted();
  const { program, statement, pages } = ready;
  const outcome: Outcome = streams
    ? { kind: "stream", answer: database.stream(statement, signal) }
    : { kind: "query", answer: database.query(statement) };
  const rows = await allRows(outcome);
  signal.throwIfAborted();
  const served = rows !== null && program.write(rows, pages, out);
  programs.ran(served);
  if (served) {
    ready.learn?.(countedLast);
    return { kind: "written", rows };
  }
  return { kind: "left", database: replay(database, statement, outcome) };
}

/** Null if they are not all there: why, the outcome tells who asks for it next. */
async function allRows(outcome: Outcome): Promise<RowSet | null> {
  try {
    if (outcome.kind === "query") {
      return await outcome.answer;
    }
    const { first, rest } = await outcome.answer;
    return rest === null ? first : null;
  } catch {
    return null;
  }
}

/** Tells who observes whether the next request has a program. */
export function tellProgram(
  { programs, observe }: Running,
  root: ObjectPlan,
  plans: Plans,
  { scope = "" }: Database,
): void {
  if (observe !== undefined) {
    const ready = programs?.find(root, plans, scope) ?? "statements are not fused";
    observe({ kind: "program", why: typeof ready === "string" ? ready : null });
  }
}
