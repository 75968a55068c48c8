/** Whether Postgres's plan of a probe is one that an index serves. */
import { type Comparison, comparisonsOf, escapePattern, normalize, withoutAlias } from "./conditions.ts";
import type { IndexUse, PlanReading, Scan } from "./plan-tree.ts";
import type { Need } from "./report.ts";

/** What the catalogue says of an index. */
export interface IndexFacts {
  readonly method: string;
  /** Its first column or expression. */
  readonly leading: string;
  readonly isPartial: boolean;
}

/** By schema and name: `public.post_pkey`. */
export type IndexCatalogue = ReadonlyMap<string, IndexFacts>;

/** `rank`: 2 is served. */
export interface Verdict {
  readonly rank: 0 | 1 | 2;
  readonly why: string;
}

const served: Verdict = { rank: 2, why: "" };

/** The plan of all the collection's rows, without condition and order. */
export interface Bare {
  readonly reading: PlanReading;
  /** Whether indexes narrow it. */
  readonly isNarrow: boolean;
}

/** Judges a plan that Postgres made while it avoided what an index can spare it: reading a table, sorting, hashing. */
export function judge(
  kind: Need["kind"],
  reading: PlanReading,
  bare: Bare,
  isOfParents: boolean,
  catalogue: IndexCatalogue,
): Verdict {
  const whole = reading.scans.find((scan) => !isNarrow(scan, catalogue));
  switch (kind) {
    case "order": {
      const [keys] = reading.sorts;
      return keys === undefined ? served : { rank: 0, why: `sorts all rows by ${keys.join(", ")}` };
    }
    case "page":
      if (whole !== undefined && !bare.isNarrow) {
        return { rank: 0, why: `reads all of ${whole.table} for each parent` };
      }
      return whole === undefined && reading.sorts.length === 0
        ? served
        : { rank: 1, why: "sorts all rows of each parent" };
    case "filter":
      if (whole !== undefined) {
        return { rank: 0, why: `reads all of ${whole.table}` };
      }
      return isOfParents || gains(reading, bare.reading)
        ? served
        : { rank: 0, why: "compares all rows of the collection, one by one" };
  }
}

/** Whether an index narrows a scan: of a B-tree its first column has to be compared, else all of it is read. */
export function isNarrow({ schema, alias, ways }: Scan, catalogue: IndexCatalogue): boolean {
  const narrows = ({ index, condition }: IndexUse): boolean => {
    const facts = catalogue.get(`${schema}.${index}`);
    if (facts === undefined || condition === null) {
      return facts?.isPartial === true;
    }
    return facts.method !== "btree" || facts.isPartial || mentions(withoutAlias(condition, alias), facts.leading);
  };
  return ways.length > 0 && ways.every((way) => way.some(narrows));
}

function mentions(condition: string, leading: string): boolean {
  return /^("(?:[^"]|"")+"|[a-z_][a-z0-9_$]*)$/.test(leading)
    ? new RegExp(`(?<![\\w$"])${escapePattern(leading)}(?![\\w$"])`).test(condition)
    : normalize(condition).includes(normalize(leading));
}

/** Whether a plan reads by an index's condition that the other one has not. */
function gains(reading: PlanReading, bare: PlanReading): boolean {
  const known = new Set(conditionsOf(bare));
  return reading.scans.length === 0 || conditionsOf(reading).some((condition) => !known.has(condition));
}

function conditionsOf({ scans }: PlanReading): string[] {
  return scans.flatMap(({ table, ways }) =>
    ways.flat().map(({ index, condition }) => `${table} ${condition ?? index}`),
  );
}

/** What a plan without any index compares of a table. */
export function comparisonsIn({ filters }: PlanReading, alias: string): Comparison[] {
  return filters.flatMap((condition) => comparisonsOf(condition, alias));
}
