/** `puff-gateway explain`: runs an operation and shows what it took. */
import type { PlannerEvent } from "../../planner/index.ts";
import { PuffError, type TypedText } from "../../schema/index.ts";
import type { PostgresDatabase } from "../postgres/index.ts";
import type { Configuration } from "./config.ts";
import { startDatabases } from "./databases.ts";
import { chooseSchema, withGateway } from "./quiet-gateway.ts";
import { exitOnSignals } from "./signals.ts";
import { print, style } from "./terminal.ts";

export interface ExplainOptions {
  readonly query: string;
  /** As JSON text. */
  readonly variables: string;
  readonly operationName: string | null;
  readonly authToken: string | null;
  readonly schemaName: string | null;
  /** Whether a mutation may run, which changes the database. */
  readonly allowMutation: boolean;
}

type StatementEvent = Extract<PlannerEvent, { kind: "statement" }>;

/**
 * Prints the calls into Python, each SQL statement with its parameters and Postgres's own plan, and the answer.
 * The exit code is 1 where the answer has errors.
 *
 * @throws PuffError for a document or variables that are none.
 */
export async function explainCommand(config: Configuration, options: ExplainOptions): Promise<void> {
  const variables = readVariables(options.variables);
  const schemaName = chooseSchema(config, options.schemaName);
  exitOnSignals();
  const databases = await startDatabases(config, () => {});
  try {
    await withGateway(config, databases.sources, async ({ app }) => {
      const planner = app.puff.planners.get(schemaName);
      const database = app.puff.databases.get(config.schemas.find(({ name }) => name === schemaName)?.database ?? "");
      if (planner === undefined || database === undefined) {
        throw new PuffError("PUFF_INTERNAL", `the schema ${schemaName} has no planner or no database`);
      }
      const prepared = planner.prepare(options.query, options.operationName);
      if (prepared.kind === "refused") {
        throw new PuffError("PUFF_DOCUMENT_INVALID", describeErrors(prepared.response.body), {
          place: "the operation",
        });
      }
      const { type } = prepared.operation;
      if (type === "mutation" && !options.allowMutation) {
        throw new PuffError("PUFF_REQUEST_INVALID", "this is a mutation, and it would change the database", {
          remedy: "Add --allow-mutation to run it.",
        });
      }
      const events: PlannerEvent[] = [];
      const begin = performance.now();
      const response = await planner.execute(
        prepared.operation,
        variables,
        { headers: {}, authToken: options.authToken },
        { signal: AbortSignal.timeout(60_000), observe: (event) => events.push(event) },
      );
      const duration = performance.now() - begin;
      const failed = await printEvents(events, database, type === "query");
      printSummary(events, duration, response.body);
      if (failed || "errors" in readJson(response.body)) {
        process.exitCode = 1;
      }
    });
  } finally {
    await databases.stop();
  }
}

/** @returns whether Postgres refused to plan a statement */
async function printEvents(
  events: readonly PlannerEvent[],
  database: PostgresDatabase,
  analyze: boolean,
): Promise<boolean> {
  let failed = false;
  const types = await readTypeNames(events, database);
  for (const [index, event] of events.entries()) {
    print("");
    if (event.kind === "python") {
      print(`${style("bold", `${index + 1}. Python`)}  ${event.fields.join(", ")}  ${milliseconds(event.duration)}`);
      continue;
    }
    const rows = `${event.rows} row${event.rows === 1 ? "" : "s"}`;
    print(`${style("bold", `${index + 1}. SQL for ${event.layer}`)}  ${rows}  ${milliseconds(event.duration)}`);
    print(...dedent(event.text).map((line) => `   ${style("cyan", line)}`));
    print(...event.params.map((param, number) => `   $${number + 1} = ${describeParameter(param, types)}`));
    try {
      print(...(await explainStatement(event, database, analyze)).map((line) => `   ${style("dim", line)}`));
    } catch (error) {
      failed = true;
      print(`   ${style("red", `Postgres does not plan it: ${error instanceof Error ? error.message : error}`)}`);
    }
  }
  return failed;
}

/** Postgres's plan. A read is run again to measure it, in a transaction that is rolled back; a write is only planned. */
function explainStatement(
  { text, params }: StatementEvent,
  database: PostgresDatabase,
  analyze: boolean,
): Promise<string[]> {
  return database.transaction(async (session) => {
    const options = analyze ? "ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF" : "COSTS OFF";
    const rows = await session.query({ text: `EXPLAIN (${options}) ${text}`, params });
    const lines: string[] = [];
    for (let row = 0; row < rows.count; row++) {
      rows.seek(row);
      lines.push(rows.text(0));
    }
    return { commit: false, result: lines };
  });
}

function printSummary(events: readonly PlannerEvent[], duration: number, body: Buffer): void {
  const statements = events.filter((event) => event.kind === "statement");
  const calls = events.length - statements.length;
  const rows = statements.reduce((sum, event) => sum + event.rows, 0);
  print(
    "",
    `${count(calls, "entry", "entries")} into Python, ${count(statements.length, "statement", "statements")}, ` +
      `${count(rows, "row", "rows")}, ${milliseconds(duration)} in all`,
  );
  const text = JSON.stringify(readJson(body), null, 2).split("\n");
  const shown = text.slice(0, answerLines);
  print("", style("bold", `Answer: ${body.length} bytes`), ...shown);
  if (text.length > shown.length) {
    print(style("dim", `… ${text.length - shown.length} more lines`));
  }
}

/** Lines of the answer that are shown. */
const answerLines = 40;

function readVariables(text: string): { readonly [name: string]: unknown } {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return { ...value };
    }
  } catch {
    // Said below, as for any other JSON that is no object.
  }
  throw new PuffError("PUFF_VARIABLES_INVALID", `--variables is ${text}, but a JSON object is wanted`, {
    remedy: `For example: --variables '{"limit": 3}'.`,
  });
}

function readJson(body: Buffer): object {
  const value: unknown = JSON.parse(body.toString("utf8"));
  return typeof value === "object" && value !== null ? value : {};
}

/** The messages of an answer's errors with the place of each in the document. */
function describeErrors(body: Buffer): string {
  const answer: { errors?: { message: string; locations?: { line: number; column: number }[] }[] } = readJson(body);
  return (answer.errors ?? [])
    .map(({ message, locations }) => {
      const [spot] = locations ?? [];
      return spot === undefined ? message : `${message} (line ${spot.line}, column ${spot.column})`;
    })
    .join(" ");
}

/** Names of the parameters' types, by OID. */
async function readTypeNames(
  events: readonly PlannerEvent[],
  database: PostgresDatabase,
): Promise<ReadonlyMap<number, string>> {
  const oids = events.flatMap((event) => (event.kind === "statement" ? event.params.map(([oid]) => oid) : []));
  const text = "SELECT oid, format_type(oid, NULL) FROM pg_type WHERE oid = ANY($1::oid[])";
  const rows = await database.query({ text, params: [[0, `{${[...new Set(oids)].join()}}`]] });
  const names = new Map<number, string>();
  for (let row = 0; row < rows.count; row++) {
    rows.seek(row);
    names.set(Number(rows.text(0)), rows.text(1));
  }
  return names;
}

function describeParameter([oid, text]: TypedText, types: ReadonlyMap<number, string>): string {
  const value =
    text === null ? "NULL" : text.length > 200 ? `${text.slice(0, 200)}… (${text.length} characters)` : text;
  // Without an OID, Postgres infers the type.
  return oid === 0 ? value : `${value} ${style("dim", `(${types.get(oid) ?? `type ${oid}`})`)}`;
}

/** Lines without the indentation they have in common, as they stand in Python's source. */
function dedent(text: string): string[] {
  const lines = text
    .split("\n")
    .filter((line, index, all) => line.trim() !== "" || (index > 0 && index < all.length - 1));
  const indents = lines.slice(lines[0] === text.split("\n")[0] ? 1 : 0).filter((line) => line.trim() !== "");
  const common = Math.min(...indents.map((line) => /^ */.exec(line)?.[0].length ?? 0));
  return lines.map((line) =>
    Number.isFinite(common) && /^ *$/.test(line.slice(0, common)) ? line.slice(common) : line,
  );
}

function count(number: number, one: string, many: string): string {
  return `${number} ${number === 1 ? one : many}`;
}

function milliseconds(duration: number): string {
  return style("dim", `${duration.toFixed(1)} ms`);
}
