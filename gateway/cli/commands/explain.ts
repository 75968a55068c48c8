/** `puff-gateway explain`: runs an operation and shows what it took. */
import type { ExplainedField } from "../../../planner/index.ts";
import { PuffError } from "../../../schema/index.ts";
import type { OperationExplanation, PythonStep, StatementStep } from "../../explain/explanation.ts";
import type { Configuration } from "../config/config.ts";
import { startDatabases } from "../support/databases.ts";
import { chooseSchema, withGateway } from "../support/quiet-gateway.ts";
import { exitOnSignals } from "../support/signals.ts";
import { print, style } from "../support/terminal.ts";

export interface ExplainOptions {
  readonly query: string;
  /** As JSON text. */
  readonly variables: string;
  readonly operationName: string | null;
  readonly authToken: string | null;
  readonly schemaName: string | null;
  /** Whether a mutation may run. */
  readonly allowMutation: boolean;
}

/**
 * Prints the operation's fields, the calls into Python, each SQL statement with its parameters and Postgres's own plan,
 * and the answer. The exit code is 1 where the answer has errors.
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
      const explanation = await app.puff.explain(
        schemaName,
        { ...options, variables },
        { headers: {}, authToken: options.authToken },
        AbortSignal.timeout(60_000),
      );
      const answer = readJson(explanation.body);
      printExplanation(explanation, answer);
      if ("errors" in answer || explanation.steps.some((step) => step.kind === "statement" && step.problem !== null)) {
        process.exitCode = 1;
      }
    });
  } finally {
    await databases.stop();
  }
}

function printExplanation(
  { type, fields, steps, duration, program, body }: OperationExplanation,
  answer: object,
): void {
  print("", style("bold", type), ...drawFields(fields, ""));
  for (const [index, step] of steps.entries()) {
    print("", ...(step.kind === "python" ? drawCall(step, index) : drawStatement(step, index)));
  }
  const statements = steps.filter((step) => step.kind === "statement");
  const rows = statements.reduce((sum, step) => sum + step.rows, 0);
  print(
    "",
    `${count(steps.length - statements.length, "call", "calls")} into Python, ` +
      `${count(statements.length, "statement", "statements")}, ${count(rows, "row", "rows")}, ` +
      `${milliseconds(duration)} in all`,
  );
  if (program !== undefined) {
    print(program.why === null ? "the next requests are answered by a program" : `no program: ${program.why}`);
  }
  const text = JSON.stringify(answer, null, 2).split("\n");
  const shown = text.slice(0, answerLines);
  print("", style("bold", `Answer: ${body.length} bytes`), ...shown);
  if (text.length > shown.length) {
    print(style("dim", `… ${text.length - shown.length} more lines`));
  }
}

/** Lines of the answer that are shown. */
const answerLines = 40;

/** A tree of the fields that are more than a column of their parent. */
function drawFields(fields: readonly ExplainedField[], indent: string): string[] {
  const drawn = fields.filter(({ plan, fields: below }) => plan.kind !== "column" || below.length > 0);
  return drawn.flatMap((field, index) => {
    const isLast = index === drawn.length - 1;
    const { key, type, onType, plan, fetch, step, rows } = field;
    const facts = [
      `${plan.kind}${plan.why === "" ? "" : `: ${plan.why}`}`,
      ...(fetch === null ? [] : [`${fetch.kind}: ${fetch.why}`]),
      ...(step === null || rows === null ? [] : [`${count(rows, "row", "rows")} by ${step + 1}`]),
    ];
    const label = `${onType === null ? "" : `${style("dim", `on ${onType}`)} `}${style("cyan", key)} ${style("dim", type)}`;
    const below = `${indent}${isLast ? "   " : "│  "}`;
    return [
      `${indent}${isLast ? "└─ " : "├─ "}${label}`,
      ...facts.map((fact) => `${below}${field.fields.length > 0 ? "│ " : "  "}${fact}`),
      ...drawFields(field.fields, below),
    ];
  });
}

function drawCall({ fields, duration }: PythonStep, index: number): string[] {
  const names = fields.length === 0 ? "auth" : fields.join(", ");
  return [`${style("bold", `${index + 1}. Python`)}  ${names}  ${milliseconds(duration)}`];
}

function drawStatement({ layers, sql, params, plan, problem, rows, bytes, duration }: StatementStep, index: number) {
  const paths = layers.map(({ path }) => path).join(", ");
  return [
    `${style("bold", `${index + 1}. SQL for ${paths}`)}  ${count(rows, "row", "rows")}  ` +
      `${count(bytes, "byte", "bytes")}  ${milliseconds(duration)}`,
    ...sql.split("\n").map((line) => `   ${style("cyan", line)}`),
    ...params.map((param, number) => `   $${number + 1} = ${describeParameter(param)}`),
    ...plan.map((line) => `   ${style("dim", line)}`),
    ...(problem === null ? [] : [`   ${style("red", `Postgres does not plan it: ${problem}`)}`]),
  ];
}

function describeParameter({ value, type }: StatementStep["params"][number]): string {
  const text = value ?? "NULL";
  return type === null ? text : `${text} ${style("dim", `(${type})`)}`;
}

function readVariables(text: string): { readonly [name: string]: unknown } {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return { ...value };
    }
  } catch {
    // Said below, as for any other JSON that is not an object.
  }
  throw new PuffError("PUFF_VARIABLES_INVALID", `--variables is ${text}, but must be a JSON object`, {
    remedy: `For example: --variables '{"limit": 3}'.`,
  });
}

function readJson(body: Buffer): object {
  const value: unknown = JSON.parse(body.toString("utf8"));
  return typeof value === "object" && value !== null ? value : {};
}

function count(number: number, one: string, many: string): string {
  return `${number} ${number === 1 ? one : many}`;
}

function milliseconds(duration: number): string {
  return style("dim", `${duration.toFixed(1)} ms`);
}
