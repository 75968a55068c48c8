/** `puff-gateway schema check --documents`: whether trusted documents still work, and take no more than before. */
import { writeFile } from "node:fs/promises";
import {
  type Caller,
  type ExplainedField,
  type Explanation,
  type Planner,
  type Session,
  type Statement,
  warmOperation,
} from "../../../planner/index.ts";
import { PuffError } from "../../../schema/index.ts";
import {
  comparePlans,
  describePlan,
  type OperationPlan,
  type OperationPlans,
  plansFile,
  readPlans,
  writePlans,
} from "../../documents/plans.ts";
import { nameOf, TrustedDocuments, type TrustedOperation } from "../../documents/trusted-documents.ts";
import type { PostgresDatabase } from "../../postgres/index.ts";
import type { Configuration } from "../config/config.ts";
import { startDatabases } from "../support/databases.ts";
import { chooseSchema, withGateway } from "../support/quiet-gateway.ts";
import { exitOnSignals } from "../support/signals.ts";
import { print, style } from "../support/terminal.ts";

export interface CheckDocumentsOptions {
  /** Which schema. */
  readonly name: string | null;
  /** On whose behalf resolvers are asked; null: nobody's. */
  readonly authToken: string | null;
  /** Whether what the operations take is kept from now on. */
  readonly update: boolean;
}

/** Milliseconds for all of it: a plan for each statement, and no row. */
const deadline = 300_000;

/**
 * An operation that the schema refuses, or that takes more than the file beside the manifest says, makes the exit code 1.
 *
 * @throws PuffError if there is no manifest, or the database can't be had.
 */
export async function checkDocuments(
  config: Configuration,
  { name, authToken, update }: CheckDocumentsOptions,
): Promise<void> {
  const chosen = chooseSchema(config, name);
  const schema = config.schemas.find((each) => each.name === chosen);
  const file = schema?.documents ?? null;
  if (file === null) {
    throw new PuffError("PUFF_CONFIG_INVALID", `schema ${chosen} has no manifest of trusted documents`, {
      remedy: 'Name it: --documents manifest.json, or documents = "manifest.json" in puff.toml.',
    });
  }
  const documents = await TrustedDocuments.read(file, false);
  const before = await readPlans(plansFile(file));
  exitOnSignals();
  const databases = await startDatabases(config, () => {});
  try {
    await withGateway(config, databases.sources, async ({ app }) => {
      const planner = app.puff.planners.get(chosen);
      const database = app.puff.databases.get(schema?.database ?? "");
      if (planner === undefined || database === undefined) {
        throw new PuffError("PUFF_CONFIG_INVALID", `schema ${chosen} has no database`);
      }
      const target = { planner, resolver: app.puff.python, database };
      const { refused, plans } = await plansOf(documents, target, authToken);
      const worse = refused.length + tellChanges(before, plans);
      print(`${documents.operations().length} operations, ${worse === 0 ? "none" : worse} of them worse than before`);
      if (update) {
        await writeFile(plansFile(file), writePlans(plans));
        print(`${plansFile(file)} is written`);
      }
      if (refused.length > 0 || (worse > 0 && !update)) {
        process.exitCode = 1;
      }
    });
  } finally {
    await databases.stop();
  }
}

interface Target {
  readonly planner: Planner;
  readonly resolver: Parameters<typeof warmOperation>[0]["resolver"];
  readonly database: PostgresDatabase;
}

async function plansOf(
  documents: TrustedDocuments,
  target: Target,
  authToken: string | null,
): Promise<{ refused: readonly TrustedOperation[]; plans: OperationPlans }> {
  const signal = AbortSignal.timeout(deadline);
  const asking: Caller = { headers: authToken === null ? {} : { authorization: `Bearer ${authToken}` }, authToken };
  const { prepared, refused } = documents.check(target.planner);
  const broken = [...refused];
  const authenticated = await target.planner.authenticate(asking, signal);
  const caller = authenticated.kind === "caller" ? authenticated.caller : null;
  if (caller === null) {
    print(`${style("yellow", "!")} auth lets nobody in without credentials: add --auth-token to see what queries take`);
  }
  const plans = new Map<string, OperationPlan | null>();
  for (const [each, operation] of prepared) {
    try {
      const explanations = await warmOperation(target, operation, caller, signal);
      plans.set(keyOf(each, documents), await planOf(explanations, target.database));
    } catch (error) {
      broken.push({ ...each, why: error instanceof Error ? error.message : String(error) });
    }
  }
  for (const each of broken) {
    print(`${style("red", "✗")} ${nameOf(each)}: ${each.why}`);
  }
  return { refused: broken, plans };
}

/** Says how many operations are worse. */
function tellChanges(before: OperationPlans, plans: OperationPlans): number {
  let worse = 0;
  for (const [name, plan] of plans) {
    const changes = comparePlans(before.get(name), plan);
    worse += changes.length > 0 ? 1 : 0;
    if (changes.length > 0) {
      print(...changes.map((change) => `${style("red", "✗")} ${name}: ${change}`));
    } else {
      print(`${style("green", "✓")} ${name}: ${before.has(name) ? "" : "new: "}${describePlan(plan)}`);
    }
  }
  return worse;
}

/** Its name, where no other has it: the ids of old versions of an operation differ, and so does that of the next. */
function keyOf(operation: TrustedOperation, documents: TrustedDocuments): string {
  const twins = documents.operations().filter(({ name }) => name === operation.name);
  return operation.name === null || twins.length > 1 ? operation.id : operation.name;
}

async function planOf(explanations: readonly Explanation[], database: PostgresDatabase): Promise<OperationPlan | null> {
  if (explanations.length === 0) {
    return null;
  }
  const statements = explanations.map(({ steps }) => steps.filter((step) => step.kind === "statement"));
  const whole = new Set<string>();
  for (const statement of statements.flat()) {
    for (const table of await wholeReads(statement, database)) {
      whole.add(table);
    }
  }
  return {
    statements: Math.max(
      ...explanations.map(({ fields }, index) => (statements[index]?.length ?? 0) + waitingIn(fields)),
    ),
    called: [...new Set(explanations.flatMap(({ fields }) => calledIn(fields)))].sort(),
    whole: [...whole].sort(),
  };
}

/** Statements that were not run, since they are not part of their parents' statement, and no parents were read. */
function waitingIn(fields: readonly ExplainedField[]): number {
  return fields.reduce((sum, field) => {
    const hasPlan = field.plan.kind === "traced" || field.plan.kind === "static";
    return sum + (hasPlan && !wasRun(field) ? 1 : waitingIn(field.fields));
  }, 0);
}

/** Whether a statement was run for it, or for a part of its page. */
function wasRun({ step, fields }: ExplainedField): boolean {
  return step !== null || fields.some(wasRun);
}

function calledIn(fields: readonly ExplainedField[]): string[] {
  return fields.flatMap(({ name, plan, fields: below }) => [
    ...(plan.kind === "dynamic" || plan.kind === "method" ? [name] : []),
    ...calledIn(below),
  ]);
}

/** Tables that Postgres reads without an index's condition even where it avoids that. Nothing is run. */
async function wholeReads({ text, params }: Statement, database: PostgresDatabase): Promise<string[]> {
  const read = async (session: Session) => {
    const rows = await session.query({ text: `EXPLAIN (FORMAT JSON, COSTS OFF) ${text}`, params });
    let json = "";
    for (let row = 0; row < rows.count; row++) {
      rows.seek(row);
      json += rows.text(0);
    }
    const tables: string[] = [];
    collectWhole(JSON.parse(json), tables);
    return { commit: false, result: tables };
  };
  return await database.transaction(read, { enable_seqscan: "off" });
}

function collectWhole(node: unknown, tables: string[]): void {
  if (typeof node !== "object" || node === null) {
    return;
  }
  if ("Node Type" in node && "Relation Name" in node && typeof node["Relation Name"] === "string") {
    const isWhole = /^(Seq|Index|Index Only) Scan$/.test(String(node["Node Type"])) && !("Index Cond" in node);
    if (isWhole) {
      tables.push(node["Relation Name"]);
    }
  }
  for (const value of Object.values(node)) {
    collectWhole(value, tables);
  }
}
