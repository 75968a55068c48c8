export { clientGone } from "./abort.ts";
export { type Column, noRows, RowSet } from "./bytes/rows.ts";
export { cachePolicyOf } from "./cache-policy.ts";
export type { Caller, LayerContext, LayerFunction } from "./contract/caller.ts";
export type { EventListener, Events } from "./contract/events.ts";
export type {
  Authenticated,
  ExecuteOptions,
  KeptResponse,
  OperationResponse,
  Planner,
  PlannerEvent,
  PlannerLimits,
  PlannerOptions,
  Prepared,
  PreparedOperation,
  Resolver,
} from "./contract/planner.ts";
export type {
  Access,
  Database,
  PgSettings,
  RowStream,
  Session,
  Share,
  SharedWork,
  Statement,
  TransactionWork,
} from "./database/database.ts";
export { shareDatabase } from "./database/transaction.ts";
export { lateDatabase, wrapDatabase } from "./database/wrap-database.ts";
export { type ExplainedField, type ExplainedStep, type Explanation, explain } from "./explain.ts";
export { findMissingIndexes } from "./indexes/indexes.ts";
export type { Index, IndexReport, MissingIndex, Need } from "./indexes/proof/report.ts";
export { writeIndex } from "./indexes/proof/write-index.ts";
export { createPlanner } from "./schema-planner.ts";
export { relationsOf } from "./sql/relations.ts";
export { EMPTY_LIST } from "./types/oids.ts";
export { warmOperation } from "./warm.ts";
