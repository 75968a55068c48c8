export { type Backoff, pauseAfter, reconnect } from "./backoff.ts";
export { buildExecutableSchema, type ExecutableSchema } from "./build.ts";
export type {
  CollectionDescription,
  CollectionInputs,
  Condition,
  FilterDescription,
  GroupsDescription,
  PagePart,
  Related,
} from "./collections.ts";
export type {
  CachePolicy,
  FieldDescription,
  FieldSource,
  NodeType,
  SchemaDescription,
  TableDescription,
  TypeDescription,
} from "./description.ts";
export { describeError, type ErrorCode, errorCodes, isSecurityCode, PuffError, type Said } from "./errors.ts";
export type {
  ArgumentKind,
  Arguments,
  Claims,
  ColumnValues,
  Direction,
  EventPlan,
  MethodCall,
  OrderTerm,
  ParametricPlan,
  ParentColumns,
  PlanParameter,
  RequestParameter,
  ResolveBatch,
  ResolveBatchResult,
  ResolveResult,
  ResolverCall,
  ScalarKind,
  SqlFragment,
  SqlPlan,
  StreamPlan,
  TracedPlan,
  TypedText,
  ValuePlan,
  ValueSelection,
  VisibleTypes,
  WireError,
  WireValue,
} from "./plan.ts";
export { exactInteger, isExactNumber, keepDigits, parseExact } from "./scalars/exact-numbers.ts";
export type { JsonValue } from "./scalars/json.ts";
