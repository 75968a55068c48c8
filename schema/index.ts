export { buildExecutableSchema, type ExecutableSchema } from "./build.ts";
export type {
  FieldDescription,
  FieldSource,
  JsonValue,
  SchemaDescription,
  TypeDescription,
} from "./description.ts";
export { describeError, type ErrorCode, errorCodes, PuffError } from "./errors.ts";
export type {
  ArgumentKind,
  Arguments,
  ColumnValues,
  MethodCall,
  ParentColumns,
  PlanParameter,
  ResolveBatch,
  ResolveBatchResult,
  ResolveResult,
  ResolverCall,
  SqlPlan,
  TracedPlan,
  TypedText,
  ValuePlan,
  ValueSelection,
  WireError,
  WireValue,
} from "./plan.ts";
