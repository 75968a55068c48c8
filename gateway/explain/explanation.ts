/** An explained operation as data: what the command prints, and what the tab beside GraphiQL gets. Types alone. */
import type { ExplainedField, ExplainedStep } from "../../planner/index.ts";

/** Made of JSON values alone, but for the body. Times in milliseconds. */
export interface OperationExplanation {
  readonly type: "query" | "mutation" | "subscription";
  readonly fields: readonly ExplainedField[];
  readonly steps: readonly (PythonStep | StatementStep)[];
  readonly duration: number;
  /** Why the next request for it has no program. Null: it has one. Absent: it is not a query. */
  readonly program?: { readonly why: string | null };
  /** The operation's answer: JSON in UTF-8. */
  readonly body: Buffer;
}

export type PythonStep = Extract<ExplainedStep, { kind: "python" }>;

export interface StatementStep extends Omit<Extract<ExplainedStep, { kind: "statement" }>, "text" | "params"> {
  /** The statement, formatted to be read. */
  readonly sql: string;
  /** `$1`, `$2`, …; a long value is cut, one of null is NULL, a type of null is inferred by Postgres. */
  readonly params: readonly { readonly value: string | null; readonly type: string | null }[];
  /** Lines of EXPLAIN: measured for a query, only planned for a mutation. Empty where it failed. */
  readonly plan: readonly string[];
  /** Why Postgres does not explain it; null: it does. */
  readonly problem: string | null;
}

/** What the endpoint answers. */
export interface ExplainAnswer extends Omit<OperationExplanation, "body"> {
  readonly answer: { readonly bytes: number; readonly errors: readonly string[] };
}
