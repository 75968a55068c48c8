/** Proves for each filter, order and page of a schema's collections that an index serves it, or finds one that would. */
import { type ExecutableSchema, PuffError } from "../../schema/index.ts";
import type { Resolver } from "../contract/planner.ts";
import type { Database } from "../database/database.ts";
import { collectionsOf } from "./collections.ts";
import { gather } from "./gather.ts";
import { PlanAsker } from "./plan-asker.ts";
import { type Probe, probesOf } from "./probes.ts";
import type { Index, IndexReport, Need } from "./proof/report.ts";
import { variantsOf } from "./samples.ts";

/** Probes at most: a schema may have thousands of filters, and each asks Postgres once at least. */
const MOST_PROBES = 1_000;

/** What is checked. */
interface IndexCheck {
  readonly schema: ExecutableSchema;
  readonly resolver: Pick<Resolver, "resolve">;
  readonly database: Database;
}

/**
 * Asks Postgres how it would run each of them, in transactions that are rolled back. Nothing is read, and no table of the
 * database is locked against writers.
 *
 * @throws PuffError if the database can't be had.
 */
export async function findMissingIndexes(
  { schema, resolver, database }: IndexCheck,
  signal: AbortSignal,
): Promise<IndexReport> {
  const { known, unknown } = await collectionsOf(schema, resolver, signal);
  const inputs = schema.collections;
  const unchecked: Mutable<IndexReport["unchecked"]> = unknown.map(({ field, why }) => ({ field, asked: "", why }));
  const probes: Probe[] = [];
  for (const collection of known) {
    const { field } = collection;
    const refused = (asked: string, error: unknown) => unchecked.push({ field, asked, why: reasonOf(error) });
    try {
      probes.push(...(await probesOf(collection, inputs, refused)));
    } catch (error) {
      refused("", error);
    }
  }
  for (const { field, asked } of probes.slice(MOST_PROBES)) {
    unchecked.push({ field, asked, why: `more than ${MOST_PROBES} were to be checked` });
  }
  const asker = new PlanAsker(database);
  const answers = new Map<string, Promise<Answer>>();
  const unserved: (Need & { readonly indexes: readonly Index[]; readonly tried: boolean })[] = [];
  let served = 0;
  for (const probe of probes.slice(0, MOST_PROBES)) {
    const { field, kind, asked, statement } = probe;
    const key = JSON.stringify([kind, statement.text, statement.params]);
    const answer = answers.get(key) ?? answerOf(asker, probe);
    answers.set(key, answer);
    const { why, indexes, tried, isUnknown } = await answer;
    if (isUnknown) {
      unchecked.push({ field, asked, why });
    } else if (why === "") {
      served++;
    } else {
      unserved.push({ field, kind, asked, why, indexes, tried });
    }
  }
  return { served, unchecked, ...gather(unserved) };
}

interface Answer {
  /** Empty where it is served. */
  readonly why: string;
  readonly isUnknown: boolean;
  readonly indexes: readonly Index[];
  readonly tried: boolean;
}

type Mutable<T> = T extends readonly (infer Item)[] ? Item[] : never;

async function answerOf(asker: PlanAsker, probe: Probe): Promise<Answer> {
  let failure: unknown;
  for (const statement of variantsOf(probe.statement)) {
    try {
      const { rank, why } = await asker.judge({ ...probe, statement });
      const found = rank === 2 ? { indexes: [], tried: true } : await asker.findIndexes({ ...probe, statement }, rank);
      return { why, isUnknown: false, ...found };
    } catch (error) {
      if (error instanceof PuffError && error.status !== 200) {
        throw error;
      }
      failure ??= error;
      if (!(error instanceof PuffError && error.code === "PUFF_SQL_VALUE")) {
        break; // else the sample was not a value of its column's type
      }
    }
  }
  return { why: reasonOf(failure), isUnknown: true, indexes: [], tried: false };
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
