/** What trusted operations take, kept beside their manifest, so that a change for the worse is seen before it is deployed. */
import { readFile } from "node:fs/promises";
import { PuffError } from "../../schema/index.ts";

/** What an operation takes. */
export interface OperationPlan {
  /** Statements of SQL. */
  readonly statements: number;
  /** Fields whose resolvers are called at each request. */
  readonly called: readonly string[];
  /** Tables that are read without a condition that an index serves. */
  readonly whole: readonly string[];
}

/** By operation. Null: it can't be told without a request, as for mutations. */
export type OperationPlans = ReadonlyMap<string, OperationPlan | null>;

/** The file of a manifest's plans: `manifest.plans.json` beside `manifest.json`. */
export function plansFile(manifest: string): string {
  return manifest.replace(/(\.json)?$/, ".plans.json");
}

/**
 * Reads what was kept; empty where nothing was.
 *
 * @throws PuffError `PUFF_CONFIG_INVALID`: the file is not what {@link writePlans} wrote.
 */
export async function readPlans(file: string): Promise<OperationPlans> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch {
    return new Map();
  }
  try {
    const { operations } = JSON.parse(text) as {
      readonly operations: { readonly [name: string]: OperationPlan | null };
    };
    return new Map(Object.entries(operations));
  } catch (error) {
    throw new PuffError("PUFF_CONFIG_INVALID", "this is not a list of the plans of trusted documents", {
      place: file,
      remedy: "Make it anew: puff-gateway schema check --documents --update.",
      cause: error,
    });
  }
}

export function writePlans(plans: OperationPlans): string {
  const sorted = [...plans].sort(([one], [other]) => (one < other ? -1 : 1));
  return `${JSON.stringify({ version: 1, operations: Object.fromEntries(sorted) }, null, 2)}\n`;
}

/** In what an operation takes more than before, as sentences. */
export function comparePlans(before: OperationPlan | null | undefined, now: OperationPlan | null): string[] {
  if (before === undefined || before === null || now === null) {
    return [];
  }
  const added = (which: "called" | "whole") => now[which].filter((name) => !before[which].includes(name));
  return [
    ...(now.statements > before.statements
      ? [`takes ${now.statements} statements of SQL, and took ${before.statements}`]
      : []),
    ...added("called").map((field) => `${field} is called at each request, and its plan was kept`),
    ...added("whole").map((table) => `reads ${table} without an index, and read it by one`),
  ];
}

/** What an operation takes, in a line. */
export function describePlan(plan: OperationPlan | null): string {
  if (plan === null) {
    return "checked; what it takes can't be told without a request";
  }
  const { statements, called, whole } = plan;
  return [
    `${statements} ${statements === 1 ? "statement" : "statements"}`,
    called.length === 0 ? "no call of Python" : `calls ${called.join(", ")}`,
    ...(whole.length === 0 ? [] : [`reads ${whole.join(", ")} without an index`]),
  ].join("; ");
}
