/** A statement with its parameters, and what came of it. */
import type { SqlPlan, TypedText } from "../../schema/index.ts";
import type { RowSet } from "../bytes/rows.ts";
import type { FieldStep } from "../contract/operation-plan.ts";
import type { Statement } from "../database/database.ts";

/** A statement that is ready to run: its symbols were replaced by its parents' values. */
export interface BoundStatement {
  readonly step: FieldStep;
  readonly plan: SqlPlan;
  readonly params: readonly TypedText[];
}

/** A statement that ran, and its rows. */
export interface Ran {
  readonly statement: Statement;
  readonly rows: RowSet;
}
