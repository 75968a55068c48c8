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
 * The condition that a filter's value says of a row; null where it says nothing.
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
  return new FilterWriter(writer, inputs).filter(type, value, row, 1);
}

/** The source's rows that belong to a row. */
export function writeRelated(writer: SqlWriter, { source, keys }: Related, row: string, alias: string) {
  return {
    table: `(${writer.fragment(source, row)}) AS ${alias}`,
    on: keys.map(([column, related]) => `${alias}.${quoteName(related)} = ${row}.${quoteName(column)}`).join(" AND "),
  };
}

class FilterWriter {
  readonly #writer: SqlWriter;
  readonly #inputs: CollectionInputs;
  #conditions = 0;

  constructor(writer: SqlWriter, inputs: CollectionInputs) {
    this.#writer = writer;
    this.#inputs = inputs;
  }

  filter(type: string, value: JsonValue, row: string, level: number): string | null {
    if (level > MOST_LEVELS) {
      throw new PuffError("PUFF_FILTER_TOO_LARGE", `the filter is nested deeper than ${MOST_LEVELS} levels`);
    }
    const description = this.#inputs.filters[type];
    const given = objectOf(value);
    return description === undefined || given === null ? null : this.#fields(type, description, given, row, level);
  }

  #fields(type: string, description: FilterDescription, given: Given, row: string, level: number): string | null {
    const all: (string | null)[] = [];
    let alternative: string | null = null;
    // In the description's order: the same filter has the same text, however a client writes it.
    for (const [field, condition] of Object.entries(description)) {
      const value = given[field] ?? null;
      if (value === null) {
        continue;
      }
      if (condition.kind === "or" && !Array.isArray(value)) {
        alternative = this.filter(type, value, row, level + 1);
      } else {
        all.push(this.#condition(type, condition, value, row, level));
      }
    }
    return join([join(all, "AND"), alternative], "OR");
  }

  #condition(type: string, condition: Condition, value: JsonValue, row: string, level: number): string | null {
    switch (condition.kind) {
      case "sql":
        this.#count();
        return this.#writer.fragment(condition.sql, row, value);
      case "boolean":
        this.#count();
        return this.#writer.fragment(value === true ? condition.whenTrue : condition.whenFalse, row);
      case "all":
        return this.#fields(type, condition.lookups, objectOf(value) ?? {}, row, level);
      case "related":
        return this.#related(condition.related, condition.filter, value, row, level);
      case "and":
        return this.#several(type, value, "AND", row, level);
      case "or":
        return this.#several(type, value, "OR", row, level);
      case "not": {
        const denied = this.#several(type, value, "OR", row, level);
        // A row for which it is unknown, because of a null, is none for which it holds.
        return denied === null ? null : `(${denied}) IS NOT TRUE`;
      }
      case "distinct":
        return null;
    }
  }

  #several(type: string, value: JsonValue, word: "AND" | "OR", row: string, level: number): string | null {
    const items: readonly JsonValue[] = Array.isArray(value) ? value : [value];
    return join(
      items.map((item) => this.filter(type, item, row, level + 1)),
      word,
    );
  }

  #related(related: Related, filter: string, value: JsonValue, row: string, level: number): string | null {
    const alias = this.#writer.alias();
    const condition = this.filter(filter, value, alias, level + 1);
    if (condition === null) {
      return null;
    }
    this.#count();
    const { table, on } = writeRelated(this.#writer, related, row, alias);
    return `EXISTS (SELECT 1 FROM ${table} WHERE ${on} AND ${condition})`;
  }

  #count(): void {
    this.#conditions++;
    if (this.#conditions > MOST_CONDITIONS) {
      throw new PuffError("PUFF_FILTER_TOO_LARGE", `the filter has more than ${MOST_CONDITIONS} conditions`);
    }
  }
}

function objectOf(value: JsonValue): Given | null {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Given) : null;
}

/** Conditions that say something, as one; null where none does. */
export function join(conditions: readonly (string | null)[], word: "AND" | "OR"): string | null {
  const said = conditions.filter((condition) => condition !== null);
  return said.length < 2 ? (said[0] ?? null) : `(${said.join(` ${word} `)})`;
}
