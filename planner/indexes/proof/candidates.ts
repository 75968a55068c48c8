/** Indexes that might serve a probe, from what Postgres would compare and sort without any. */
import { type Comparison, isOf, normalize, unwrap, withoutAlias } from "./conditions.ts";
import type { PlanReading, Scan } from "./plan-tree.ts";
import type { Index, IndexColumn, Need } from "./report.ts";
import { comparisonsIn } from "./verdict.ts";

/** A candidate, and the scan that it is for. */
export interface Candidate extends Omit<Index, "table"> {
  readonly scan: Scan;
}

export interface Candidates {
  /** Where those of one round do not serve, those of the next are tried beside them. */
  readonly rounds: readonly (readonly Candidate[])[];
  /** Those that most likely serve. */
  readonly likely: readonly Candidate[];
}

const patterns = new Set(["~~", "~~*", "~", "~*"]);

/**
 * Candidates for a probe.
 *
 * @param plain The plan that Postgres makes without indexes: it has all conditions and all sorts.
 * @param has Whether a table has a B-tree that begins with an expression.
 */
export function candidatesFor(
  kind: Need["kind"],
  plain: PlanReading,
  has: (scan: Scan, expression: string) => boolean,
): Candidates {
  const scans = plain.scans.filter((scan, index) => plain.scans.findIndex((other) => sameTable(scan, other)) === index);
  if (kind !== "filter") {
    const [keys = []] = plain.sorts;
    const likely = scans.flatMap((scan) => orderedIndex(kind, plain, scan, keys));
    // What Postgres prints of a sort names the column's own collation, too, which an index has anyway.
    const plainly = likely.map((item) => ({ ...item, columns: item.columns.map(withoutCollation) }));
    return { rounds: [plainly, likely], likely: plainly };
  }
  const compared = scans.flatMap((scan) =>
    unique(comparisonsIn(plain, scan.alias)).map((comparison) => ({ scan, ...comparison })),
  );
  const single =
    (method: Index["method"], suffix = "", extension: string | null = null) =>
    (item: Comparison & { readonly scan: Scan }): Candidate[] => [
      { scan: item.scan, method, columns: [{ sql: item.sql, suffix }], extension },
    ];
  const texts = compared.filter(({ operator }) => patterns.has(operator));
  const others = compared.filter(({ operator }) => /^[@&?<>|-]+$/.test(operator) && !/^[<>]$/.test(operator));
  const btrees = compared.filter(({ scan, sql }) => !has(scan, sql)).flatMap(single("btree"));
  const trigrams = texts.flatMap(single("gin", " gin_trgm_ops", "pg_trgm"));
  const inverted = others.flatMap(single("gin"));
  const rounds = [
    btrees,
    texts.flatMap(single("btree", " text_pattern_ops")),
    [...trigrams, ...inverted],
    others.flatMap(single("gist")),
  ];
  const special = [...trigrams, ...inverted];
  return { rounds: rounds.filter((round) => round.length > 0), likely: special.length > 0 ? special : btrees };
}

/** For a page: the key by which a parent's rows are found, then the order. */
function orderedIndex(kind: Need["kind"], plain: PlanReading, scan: Scan, keys: readonly string[]): Candidate[] {
  const sorted = keys.map(sortColumn);
  const isOrdered = sorted.length > 0 && sorted.every(({ sql }) => isOf(sql, scan.alias));
  const found =
    kind === "page" ? unique(comparisonsIn(plain, scan.alias).filter(({ operator }) => operator === "=")) : [];
  const equal = found.map(({ sql }) => ({ sql, suffix: "" }));
  const order = isOrdered ? sorted.map(({ sql, suffix }) => ({ sql: withoutAlias(sql, scan.alias), suffix })) : [];
  const columns = [...equal, ...order.filter(({ sql }) => !equal.some((column) => column.sql === sql))];
  return columns.length === 0 || (kind === "order" && !isOrdered)
    ? []
    : [{ scan, method: "btree", columns, extension: null }];
}

/** `post.votes DESC NULLS LAST`. */
function sortColumn(key: string): IndexColumn {
  const [suffix = ""] = /( DESC)?( NULLS (FIRST|LAST))?$/.exec(key) ?? [];
  return { sql: key.slice(0, key.length - suffix.length), suffix };
}

function withoutCollation({ sql, suffix }: IndexColumn): IndexColumn {
  return { sql: unwrap(sql.replace(/ COLLATE "(?:[^"]|"")+"$/, "")), suffix };
}

function unique(comparisons: readonly Comparison[]): Comparison[] {
  const key = ({ sql, operator }: Comparison) => `${normalize(sql)} ${patterns.has(operator)}`;
  return comparisons.filter((one, index) => comparisons.findIndex((other) => key(other) === key(one)) === index);
}

function sameTable(one: Scan, other: Scan): boolean {
  return one.schema === other.schema && one.alias === other.alias;
}
