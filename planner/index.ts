export { type Column, noRows, RowSet } from "./bytes/rows.ts";
export type {
  Authenticated,
  Caller,
  LayerContext,
  LayerFunction,
  OperationResponse,
  Planner,
  PlannerEvent,
  PlannerLimits,
  PlannerOptions,
  Prepared,
  PreparedOperation,
  Resolver,
} from "./contract/planner.ts";
export { clientGone, createPlanner } from "./create.ts";
export type {
  Access,
  Database,
  PgSettings,
  RowStream,
  Session,
  SharedWork,
  Statement,
  TransactionWork,
} from "./database/database.ts";
export { shareDatabase } from "./database/transaction.ts";
export { type ExplainedField, type ExplainedStep, type Explanation, explain } from "./explain.ts";
export type { EventListener, Events } from "./subscribe/payload.ts";
