/** Filters: from what a client asks to the SQL of a condition. */
import {
  type CollectionInputs,
  type Condition,
  type FilterDescription,
  type JsonValue,
  PuffError,
  type Related,
} from "../../schema/index.ts";
import { quoteName } from "../sql/sql-text.ts";
import type { SqlWriter } from "./sql-writer.ts";

/** Filters within filters, and conditions of one filter with all that are in it. */
const MOST_LEVELS = 10;
const MOST_CONDITIONS = 200;

/** An input object, as graphql-js coerced it. */
type Given = { readonly [field: string]: JsonValue };

/**
 * The condition that a filter's value says of a row; null if it says nothing.
 *
 * Fields beside each other must all hold; what is null or absent says nothing. `AND`, `OR` and `NOT` mean what they mean
 * to strawberry-django: `OR` with one filter is it or all that stands beside it, with a list it is one of the list. An
 * empty filter within `OR` changes nothing.
 *
 * @throws PuffError `PUFF_FILTER_TOO_LARGE`
 */
export function writeFilter(
  writer: SqlWriter,
  inputs: CollectionInputs,
  type: string,
  value: JsonValue,
  row: string,
): string | null {
  return new FilterWriter(writer, inputs).filter({ type, row, level: 1, ofMany: false }, value)?.sql ?? null;
}

/** The source's rows that belong to a row, as far as the caller sees them. */
export function writeRelated(writer: SqlWriter, related: Related, row: string, alias: string) {
  const { source, keys, visible = [], identity = [] } = related;
  const same = keys.map(([column, name]) => `${alias}.${quoteName(name)} = ${row}.${quoteName(column)}`);
  const table = `(${writer.fragment(source, row)}) AS ${alias}`;
  const columns = (of: string) => identity.map((name) => `${of}.${quoteName(name)}`).join(", ");
  for (const typeName of visible) {
    const seen = writer.seen(typeName);
    if (seen !== null) {
      same.push(`(${columns(alias)}) IN (SELECT ${columns("puff_seen")} FROM (${seen}\n) AS puff_seen)`);
    }
  }
  return { table, on: same.join(" AND ") };
}

/** Where a filter stands. */
interface Place {
  /** The filter's input type. */
  readonly type: string;
  readonly row: string;
  readonly level: number;
  /** Whether the row is one of several that belong to the row around it. */
  readonly ofMany: boolean;
}

interface Said {
  readonly sql: string;
  /** Whether it holds for a row of which all columns are null: what strawberry-django asks in place of "there is none". */
  readonly forNone: boolean;
}

class FilterWriter {
  readonly #writer: SqlWriter;
  readonly #inputs: CollectionInputs;
  #conditions = 0;

  constructor(writer: SqlWriter, inputs: CollectionInputs) {
    this.#writer = writer;
    this.#inputs = inputs;
  }

  filter(place: Place, value: JsonValue): Said | null {
    if (place.level > MOST_LEVELS) {
      throw new PuffError("PUFF_FILTER_TOO_LARGE", `the filter is nested deeper than ${MOST_LEVELS} levels`);
    }
    const description = this.#inputs.filters[place.type];
    const given = objectOf(value);
    return description === undefined || given === null ? null : this.#fields(place, description, given);
  }

  #fields(place: Place, description: FilterDescription, given: Given): Said | null {
    const all: (Said | null)[] = [];
    let alternative: Said | null = null;
    // In the description's order: the same filter has the same text, however a client writes it.
    for (const [field, condition] of Object.entries(description)) {
      const value = given[field] ?? null;
      if (value === null) {
        continue;
      }
      if (condition.kind === "or" && !Array.isArray(value)) {
        alternative = this.filter(within(place), value);
      } else {
        all.push(this.#condition(place, field, condition, value));
      }
    }
    return joinSaid([joinSaid(all, "AND"), alternative], "OR");
  }

  #condition(place: Place, field: string, condition: Condition, value: JsonValue): Said | null {
    switch (condition.kind) {
      case "sql":
        this.#count();
        return { sql: this.#writer.fragment(condition.sql, place.row, value), forNone: false };
      case "boolean": {
        this.#count();
        const sql = this.#writer.fragment(value === true ? condition.whenTrue : condition.whenFalse, place.row);
        return { sql, forNone: field === NULL_TEST && value === true };
      }
      case "all":
        return this.#fields(place, condition.lookups, objectOf(value) ?? {});
      case "related":
        return this.#related(place, condition.related, condition.filter, value);
      case "and":
        return this.#several(place, value, "AND");
      case "or":
        return this.#several(place, value, "OR");
      case "not": {
        const denied = this.#several(place, value, "OR");
        // A row for which it is unknown, because of a null, is none for which it holds.
        const forNone = denied?.forNone === false && !place.ofMany;
        return denied === null ? null : { sql: `(${denied.sql}) IS NOT TRUE`, forNone };
      }
      case "distinct":
        return null;
    }
  }

  #several(place: Place, value: JsonValue, word: "AND" | "OR"): Said | null {
    const items: readonly JsonValue[] = Array.isArray(value) ? value : [value];
    return joinSaid(
      items.map((item) => this.filter(within(place), item)),
      word,
    );
  }

  /** A related row for which the filter holds; or that there is none, where the filter says so of nulls. */
  #related({ row, level }: Place, related: Related, filter: string, value: JsonValue): Said | null {
    const alias = this.#writer.alias();
    const place = { type: filter, row: alias, level: level + 1, ofMany: related.many === true };
    const condition = this.filter(place, value);
    if (condition === null) {
      return null;
    }
    this.#count();
    const { sql, forNone } = condition;
    const { table, on } = writeRelated(this.#writer, related, row, alias);
    const exists = `EXISTS (SELECT 1 FROM ${table} WHERE ${on} AND ${sql})`;
    return { sql: forNone ? `(${exists} OR NOT EXISTS (SELECT 1 FROM ${table} WHERE ${on}))` : exists, forNone };
  }

  #count(): void {
    this.#conditions++;
    if (this.#conditions > MOST_CONDITIONS) {
      throw new PuffError("PUFF_FILTER_TOO_LARGE", `the filter has more than ${MOST_CONDITIONS} conditions`);
    }
  }
}

/** The lookup that asks whether a column is null. */
const NULL_TEST = "isNull";

function within(place: Place): Place {
  return { ...place, level: place.level + 1 };
}

function joinSaid(conditions: readonly (Said | null)[], word: "AND" | "OR"): Said | null {
  const said = conditions.filter((condition) => condition !== null);
  const sql = join(
    said.map((condition) => condition.sql),
    word,
  );
  const holds = (condition: Said) => condition.forNone;
  return sql === null ? null : { sql, forNone: word === "AND" ? said.every(holds) : said.some(holds) };
}

function objectOf(value: JsonValue): Given | null {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Given) : null;
}

/** Conditions that say something, as one; null if none does. */
export function join(conditions: readonly (string | null)[], word: "AND" | "OR"): string | null {
  const said = conditions.filter((condition) => condition !== null);
  return said.length < 2 ? (said[0] ?? null) : `(${said.join(` ${word} `)})`;
}
