/** What `schema check --indexes` and `doctor` say of the indexes that collections want. */
import {
  findMissingIndexes,
  type IndexReport,
  type MissingIndex,
  type Need,
  writeIndex,
} from "../../../planner/index.ts";
import {
  buildExecutableSchema,
  PuffError,
  type SchemaDescription,
  type TableDescription,
} from "../../../schema/index.ts";
import type { Configuration } from "../config/config.ts";
import { startDatabases } from "../support/databases.ts";
import { withGateway } from "../support/quiet-gateway.ts";
import { style } from "../support/terminal.ts";
import { writeDjangoIndex } from "./django-index.ts";

export interface FoundIndexes extends IndexReport {
  /** By table, the Django model that has it. */
  readonly tables: { readonly [table: string]: TableDescription };
}

/** Milliseconds for all of it: hundreds of plans, none of which is run. */
const deadline = 300_000;

/**
 * Looks for missing indexes in the databases of the configuration's schemas, by the schema's name. A schema without
 * collections has no report.
 *
 * @param name - one schema; null: all of them
 * @throws PuffError if a database can't be had.
 */
export async function findIndexes(config: Configuration, name: string | null): Promise<Map<string, FoundIndexes>> {
  const databases = await startDatabases(config, () => {});
  try {
    return await withGateway(config, databases.sources, async ({ app }) => {
      const reports = new Map<string, FoundIndexes>();
      for (const [schemaName, description] of app.puff.python.schemas) {
        if ((name !== null && name !== schemaName) || !hasCollections(description)) {
          continue;
        }
        const chosen = config.schemas.find((each) => each.name === schemaName)?.database;
        const database = app.puff.databases.get(chosen ?? databases.sources[0]?.name ?? "");
        if (database === undefined) {
          throw new PuffError("PUFF_CONFIG_INVALID", `schema ${schemaName} has no database`);
        }
        const schema = buildExecutableSchema(schemaName, description);
        const resolver = app.puff.python;
        const signal = AbortSignal.timeout(deadline);
        const report = await findMissingIndexes({ schema, resolver, database }, signal);
        reports.set(schemaName, { ...report, tables: description.tables ?? {} });
      }
      return reports;
    });
  } finally {
    await databases.stop();
  }
}

/** Whether there is anything to look for. */
export function hasCollections({ types }: SchemaDescription): boolean {
  return types.some((type) => type.kind === "object" && type.fields.some((field) => field.collection !== undefined));
}

/** The report for people: each missing index with what it is for, then what none serves, then what can't be told. */
export function drawIndexes({ missing, unservable, unchecked, tables }: FoundIndexes): string[] {
  return [
    ...missing.flatMap((each) => drawMissing(each, tables)),
    ...gather(unservable).map(([needs, why]) => `${style("yellow", "!")} ${needs}: ${why}; no index is known to help`),
    ...gather(unchecked).map(([needs, why]) => `${style("yellow", "?")} ${needs}: not checked: ${why}`),
  ];
}

/** The same in a line. */
export function summarizeIndexes({ served, missing, unservable, unchecked }: IndexReport): string {
  return (
    `${missing.length} missing ${missing.length === 1 ? "index" : "indexes"}; of filters, orders and pages ` +
    `${served} served, ${unservable.length} without a known index, ${unchecked.length} not checked`
  );
}

function drawMissing({ index, tried, needs }: MissingIndex, tables: FoundIndexes["tables"]): string[] {
  const django = writeDjangoIndex(index, tables);
  return [
    ...gather(needs).map(([names, why], at) => `${at === 0 ? style("red", "✗") : " "} ${names}: ${why}`),
    ...writeIndex(index).map((statement) => `    ${style("cyan", statement)}`),
    ...(django === null ? [] : [`    ${style("cyan", django)}`]),
    ...(tried
      ? []
      : [`    ${style("dim", "not tried: Postgres can't make a temporary copy that the statement reads")}`]),
  ];
}

/** Needs with one reason, as a text: `Query.posts(filters.votes.exact|gt, ordering.votes)`. */
function gather(needs: readonly Pick<Need, "field" | "asked" | "why">[]): [names: string, why: string][] {
  const reasons = new Map<string, Map<string, string[]>>();
  for (const { field, asked, why } of needs) {
    const fields = reasons.get(why) ?? new Map<string, string[]>();
    fields.set(field, [...(fields.get(field) ?? []), ...(asked === "" ? [] : [asked])]);
    reasons.set(why, fields);
  }
  return [...reasons].map(([why, fields]) => {
    const drawn = [...fields].map(([field, asked]) => (asked.length === 0 ? field : `${field}(${drawAsked(asked)})`));
    return [shorten(drawn, 2, ", "), why];
  });
}

/** Names that begin alike are put together: `filters.votes.exact|gt`. */
function drawAsked(asked: readonly string[]): string {
  const lookups = new Map<string, string[]>();
  for (const name of asked) {
    const end = name.lastIndexOf(".") + 1;
    const begin = name.slice(0, end);
    lookups.set(begin, [...(lookups.get(begin) ?? []), name.slice(end)]);
  }
  return shorten(
    [...lookups].map(([begin, ends]) => `${begin}${shorten(ends, 3, "|")}`),
    2,
    ", ",
  );
}

/** The first names of a list. */
function shorten(names: readonly string[], shown: number, between: string): string {
  const more = names.length - shown;
  return `${names.slice(0, shown).join(between)}${more > 0 ? ` and ${more} more` : ""}`;
}
