/** A statement with its parameters, and what came of it. */
import type { SqlPlan, TypedText } from "../../schema/index.ts";
import type { Column, RowSet } from "../bytes/rows.ts";
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

/** One layer of a fused statement. */
export interface Node {
  readonly step: FieldStep;
  readonly plan: SqlPlan;
  /** A root's parameters; null if the parents are rows of the statement itself. */
  readonly params: readonly TypedText[] | null;
  /** The columns that are fetched, with their types. */
  readonly columns: readonly Column[];
  readonly parent: Node | null;
  /** The concrete type of the parents that it is for; null: there is one alone. */
  readonly typeName: string | null;
}
