export { createPlanner } from "./create.ts";
export type { Database, Session, Statement } from "./database.ts";
export type {
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
} from "./planner.ts";
export { type Column, RowSet } from "./rows.ts";
