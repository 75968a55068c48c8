/** Orders: from what a client asks to terms of SQL, and from a place in an order to the condition of what follows it. */
import {
  type CollectionDescription,
  type CollectionInputs,
  type Direction,
  type JsonValue,
  type OrderTerm,
  PuffError,
} from "../../schema/index.ts";
import { quoteName } from "../sql/sql-text.ts";
import { writeRelated } from "./filters.ts";
import type { SqlWriter } from "./sql-writer.ts";

/** Terms of one order. */
const MOST_TERMS = 20;

export interface Term {
  readonly sql: string;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
  readonly nullable: boolean;
}

/** An order that no two rows share a place in. */
export interface Order {
  readonly terms: readonly Term[];
  /** The related rows that it reads, one for each row at most. */
  readonly joins: string;
}

/**
 * The order that a client asks for, or the collection's `own`, completed by its key.
 *
 * @throws PuffError `PUFF_PAGE_INVALID`: it has too many terms.
 */
export function writeOrder(
  writer: SqlWriter,
  inputs: CollectionInputs,
  { ordering, key }: Pick<CollectionDescription, "ordering" | "key">,
  own: readonly OrderTerm[],
  asked: JsonValue,
  row: string,
): Order {
  const terms: Term[] = [];
  const joins: string[] = [];
  const add = (term: Term): void => {
    if (!terms.some(({ sql }) => sql === term.sql)) {
      terms.push(term); // a second time it would decide nothing
    }
  };
  const joined = new Map<string, string>();
  const visit = (type: string, value: JsonValue, alias: string, path: string): void => {
    for (const [field, inner] of Object.entries(value ?? {}) as [string, JsonValue][]) {
      const term = inputs.orderings[type]?.[field];
      if (term === undefined || inner === null) {
        continue;
      }
      if (term.kind === "sql") {
        const nullable = term.nullable || path !== "";
        add(termOf(writer.fragment(term.sql, alias), inner as Direction, nullable)); // the enum's names
        continue;
      }
      const place = `${path}.${field}`;
      if (term.kind === "row") {
        visit(term.ordering, inner, alias, place);
        continue;
      }
      let related = joined.get(place);
      if (related === undefined) {
        related = writer.alias();
        joined.set(place, related);
        const { table, on } = writeRelated(writer, term.related, alias, related);
        joins.push(` LEFT JOIN ${table} ON ${on}`);
      }
      visit(term.ordering, inner, related, place);
    }
  };
  const items: readonly JsonValue[] = Array.isArray(asked) ? asked : asked === null ? [] : [asked];
  if (items.length > MOST_TERMS) {
    throw new PuffError("PUFF_PAGE_INVALID", `the order has ${items.length} terms, and ${MOST_TERMS} are allowed`);
  }
  for (const item of ordering === null ? [] : items) {
    visit(ordering ?? "", item, row, "");
  }
  if (terms.length === 0) {
    for (const { sql, direction, nullable } of own) {
      add(termOf(writer.fragment(sql, row), direction, nullable));
    }
  }
  for (const column of key) {
    add(termOf(`${row}.${quoteName(column)}`, "ASC", false));
  }
  return { terms, joins: joins.join("") };
}

function termOf(sql: string, direction: Direction, nullable: boolean): Term {
  const descending = direction.startsWith("DESC");
  const nullsFirst = direction.endsWith("NULLS_FIRST") || (descending && !direction.endsWith("NULLS_LAST"));
  return { sql, descending, nullsFirst, nullable };
}

/** The column of the row that a term is; null if it is something else. */
export function columnOf({ sql }: Term, row: string): string | null {
  const name = sql.startsWith(`${row}."`) ? sql.slice(row.length + 1) : "";
  return /^"(?:[^"]|"")+"$/.test(name) ? name.slice(1, -1).replaceAll('""', '"') : null;
}

/** The terms from the last row to the first. */
export function reversed(terms: readonly Term[]): Term[] {
  return terms.map((term) => ({ ...term, descending: !term.descending, nullsFirst: !term.nullsFirst }));
}

/** ` ORDER BY …`; nothing if there are no terms. */
export function orderBy(terms: readonly Term[]): string {
  const written = terms.map(({ sql, descending, nullsFirst, nullable }) => {
    const nulls = !nullable || nullsFirst === descending ? "" : ` NULLS ${nullsFirst ? "FIRST" : "LAST"}`;
    return `${sql}${descending ? " DESC" : ""}${nulls}`;
  });
  return written.length === 0 ? "" : ` ORDER BY ${written.join(", ")}`;
}

/**
 * The condition of the rows that follow a place. `values`: the texts of the terms there.
 *
 * Where all terms go one way and none can be null, it is a comparison of rows, which an index answers.
 */
export function follows(writer: SqlWriter, terms: readonly Term[], values: readonly (string | null)[]): string {
  const places = values.map((value) => (value === null ? "NULL" : writer.parameter([0, value])));
  const [first] = terms;
  if (first === undefined) {
    return "FALSE";
  }
  if (terms.every(({ descending, nullable }) => descending === first.descending && !nullable)) {
    const operator = first.descending ? "<" : ">";
    return terms.length === 1
      ? `${first.sql} ${operator} ${places[0]}`
      : `(${terms.map(({ sql }) => sql).join(", ")}) ${operator} (${places.join(", ")})`;
  }
  let condition = "FALSE";
  for (let index = terms.length - 1; index >= 0; index--) {
    const term = terms[index] as Term; // in bounds
    const place = places[index] ?? "NULL";
    const isNull = (values[index] ?? null) === null;
    const further = beyond(term, place, isNull);
    const equal = isNull ? `${term.sql} IS NULL` : `${term.sql} = ${place}`;
    condition =
      condition === "FALSE"
        ? further
        : further === "FALSE"
          ? `(${equal} AND ${condition})`
          : `(${further} OR (${equal} AND ${condition}))`;
  }
  return bounded(condition, first, places[0] ?? "NULL", (values[0] ?? null) === null);
}

/** Says of the first term what the condition implies: an index then begins at the place. */
function bounded(
  condition: string,
  { sql, descending, nullsFirst, nullable }: Term,
  place: string,
  isNull: boolean,
): string {
  const isBound = !isNull && (!nullable || nullsFirst);
  return isBound ? `${sql} ${descending ? "<=" : ">="} ${place} AND ${condition}` : condition;
}

/** Whether a term's value comes after that of a place. */
function beyond({ sql, descending, nullsFirst, nullable }: Term, place: string, isNull: boolean): string {
  if (isNull) {
    return nullsFirst ? `${sql} IS NOT NULL` : "FALSE";
  }
  const further = `${sql} ${descending ? "<" : ">"} ${place}`;
  return nullable && !nullsFirst ? `(${further} OR ${sql} IS NULL)` : further;
}
