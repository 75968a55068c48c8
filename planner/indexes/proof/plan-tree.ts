/** Postgres's plan of a statement, as EXPLAIN gives it in JSON, and what it reads. */

/** How a plan reads a table. */
export interface Scan {
  readonly schema: string;
  readonly table: string;
  readonly alias: string;
  readonly isForeign: boolean;
  /** Each alternative that it reads by, of which each has the indexes that narrow it; none: it reads all. */
  readonly ways: readonly (readonly IndexUse[])[];
}

export interface IndexUse {
  readonly index: string;
  /** Null: all that is in the index. */
  readonly condition: string | null;
}

export interface PlanReading {
  readonly scans: readonly Scan[];
  /** Keys of each sort of a table's rows, as SQL. Where the rows come in part of the order already, it is none. */
  readonly sorts: readonly (readonly string[])[];
  /** What is left to be compared row by row. */
  readonly filters: readonly string[];
}

interface Node {
  readonly [property: string]: unknown;
}

/**
 * Reads what `EXPLAIN (FORMAT JSON, VERBOSE)` gave.
 *
 * @example readPlan('[{"Plan": {"Node Type": "Seq Scan", "Relation Name": "post", …}}]').scans[0].ways; // []
 */
export function readPlan(json: string): PlanReading {
  const [root]: readonly { readonly Plan: Node }[] = JSON.parse(json);
  const scans: Scan[] = [];
  const sorts: (readonly string[])[] = [];
  const filters: string[] = [];
  const visit = (node: Node): void => {
    for (const property of ["Filter", "Join Filter", "Hash Cond", "Merge Cond"]) {
      filters.push(...textsOf(node[property]));
    }
    const before = scans.length;
    if (typeof node["Relation Name"] === "string") {
      scans.push(scanOf(node));
    }
    for (const below of nodesBelow(node)) {
      visit(below);
    }
    if (node["Node Type"] === "Sort" && scans.length > before) {
      sorts.push(textsOf(node["Sort Key"]));
    }
  };
  if (root !== undefined) {
    visit(root.Plan);
  }
  return { scans, sorts, filters };
}

function scanOf(node: Node): Scan {
  const [schema = "", table = "", alias = ""] = ["Schema", "Relation Name", "Alias"].flatMap((name) =>
    textsOf(node[name]),
  );
  const isForeign = node["Node Type"] === "Foreign Scan";
  return { schema, table, alias, isForeign, ways: waysOf(node) };
}

function waysOf(node: Node): (readonly IndexUse[])[] {
  const [index] = textsOf(node["Index Name"]);
  if (index !== undefined) {
    return [[{ index, condition: textsOf(node["Index Cond"])[0] ?? null }]];
  }
  const bitmaps = nodesBelow(node).filter(({ "Node Type": type }) => String(type).startsWith("Bitmap"));
  const below = bitmaps.map(waysOf);
  // A BitmapAnd is as narrow as its narrowest; of a BitmapOr each has to be.
  return node["Node Type"] === "BitmapAnd" ? [below.flat(2)] : below.flat();
}

function nodesBelow(node: Node): readonly Node[] {
  return Array.isArray(node["Plans"]) ? node["Plans"] : [];
}

function textsOf(value: unknown): string[] {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  return values.filter((item) => typeof item === "string");
}
