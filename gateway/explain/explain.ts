/** What an operation took, as plain data: the command prints it, the tab beside GraphiQL draws it. */
import {
  type Caller,
  type ExplainedStep,
  explain,
  type PgSettings,
  type Planner,
  type Session,
  type Statement,
} from "../../planner/index.ts";
import { PuffError, type TypedText } from "../../schema/index.ts";
import type { PostgresDatabase } from "../postgres/index.ts";
import type { OperationExplanation, PythonStep, StatementStep } from "./explanation.ts";

export interface ExplainRequest {
  readonly query: string;
  readonly operationName: string | null;
  readonly variables: { readonly [name: string]: unknown };
  /** Whether a mutation may run. Its SQL is rolled back, but what Python does besides, such as a mail, is done. */
  readonly allowMutation: boolean;
}

/** What an operation is explained on. */
export interface ExplainTarget {
  readonly planner: Planner;
  /** The one that the planner's statements run on; null: none. */
  readonly database: PostgresDatabase | null;
}

/**
 * Runs an operation, rolls back what it changed, and asks Postgres how it runs each statement.
 *
 * @throws PuffError for a document that is refused, a subscription, and a mutation that is not allowed.
 * @example const { steps } = await explainOperation(target, { query: "{ posts { id } }", … }, caller, signal);
 */
export async function explainOperation(
  { planner, database }: ExplainTarget,
  { query, operationName, variables, allowMutation }: ExplainRequest,
  caller: Caller,
  signal: AbortSignal,
): Promise<OperationExplanation> {
  const prepared = planner.prepare(query, operationName);
  if (prepared.kind === "refused") {
    throw new PuffError("PUFF_DOCUMENT_INVALID", describeErrors(prepared.response.body), { place: "the operation" });
  }
  const { type } = prepared.operation;
  if (type === "subscription") {
    throw new PuffError("PUFF_REQUEST_INVALID", "a subscription can't be explained, as it does not end by itself");
  }
  if (type === "mutation" && !allowMutation) {
    throw new PuffError(
      "PUFF_EXPLAIN_MUTATION",
      "this is a mutation: its SQL would be rolled back, but not other effects of its resolvers, such as sending mail",
      { remedy: "Add --allow-mutation to run it." },
    );
  }
  const { fields, steps, duration, settings, program, response } = await explain(
    planner,
    prepared.operation,
    variables,
    caller,
    signal,
  );
  const types = await readTypeNames(steps, database);
  const ask: Ask = async (text, params) =>
    database === null ? [] : await askPostgres({ text, params }, database, settings ?? {}, type === "query");
  const explained: (PythonStep | StatementStep)[] = [];
  for (const step of steps) {
    explained.push(step.kind === "python" ? step : await explainStatement(step, types, ask));
  }
  const told = program === undefined ? {} : { program };
  return { type, fields, steps: explained, duration, ...told, body: response.body };
}

async function explainStatement(
  { text, params, ...step }: Extract<ExplainedStep, { kind: "statement" }>,
  types: ReadonlyMap<number, string>,
  ask: Ask,
): Promise<StatementStep> {
  let plan: readonly string[] = [];
  let problem: string | null = null;
  try {
    plan = await ask(text, params);
  } catch (error) {
    problem = error instanceof Error ? error.message : String(error);
  }
  return {
    ...step,
    sql: await formatSql(text),
    params: params.map(([oid, value]) => ({
      value: value === null ? null : shorten(value),
      type: oid === 0 ? null : (types.get(oid) ?? `type ${oid}`),
    })),
    plan,
    problem,
  };
}

/** Postgres's plan of a statement, as the operation's caller gets it. */
type Ask = (text: string, params: readonly TypedText[]) => Promise<readonly string[]>;

/** A read is run again to measure it, in a transaction that is rolled back; a write is only planned. */
function askPostgres(
  { text, params }: Statement,
  database: PostgresDatabase,
  settings: PgSettings,
  analyze: boolean,
): Promise<string[]> {
  const explaining = async (session: Session) => {
    const options = analyze ? "ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF" : "COSTS OFF";
    const rows = await session.query({ text: `EXPLAIN (${options}) ${text}`, params });
    const lines: string[] = [];
    for (let row = 0; row < rows.count; row++) {
      rows.seek(row);
      lines.push(rows.text(0));
    }
    return { commit: false, result: lines };
  };
  return database.transaction(explaining, settings);
}

/** Names of the parameters' types, by OID. */
async function readTypeNames(
  steps: readonly ExplainedStep[],
  database: PostgresDatabase | null,
): Promise<ReadonlyMap<number, string>> {
  const oids = steps.flatMap((step) => (step.kind === "statement" ? step.params.map(([oid]) => oid) : []));
  const names = new Map<number, string>();
  if (database === null || oids.length === 0) {
    return names;
  }
  const text = "SELECT oid, format_type(oid, NULL) FROM pg_type WHERE oid = ANY($1::oid[])";
  const rows = await database.query({ text, params: [[0, `{${[...new Set(oids)].join()}}`]] });
  for (let row = 0; row < rows.count; row++) {
    rows.seek(row);
    names.set(Number(rows.text(0)), rows.text(1));
  }
  return names;
}

/** A list of keys can be as long as its parents' rows. */
function shorten(value: string): string {
  return value.length > 200 ? `${value.slice(0, 200)}… (${value.length} characters)` : value;
}

/** SQL that the formatter can't read stays as it is. */
async function formatSql(text: string): Promise<string> {
  const { format } = await import("sql-formatter"); // few processes ever explain anything
  try {
    return format(text, { language: "postgresql", expressionWidth: 100, linesBetweenQueries: 0 });
  } catch {
    return text;
  }
}

/** The messages of an answer's errors with the place of each in the document. */
function describeErrors(body: Buffer): string {
  // Written by the planner: the form is GraphQL's own.
  const answer = JSON.parse(body.toString("utf8")) as {
    errors?: { message: string; locations?: { line: number; column: number }[] }[];
  };
  return (answer.errors ?? [])
    .map(({ message, locations }) => {
      const [spot] = locations ?? [];
      return spot === undefined ? message : `${message} (line ${spot.line}, column ${spot.column})`;
    })
    .join(" ");
}
