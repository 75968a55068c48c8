/** The statements of a collection: its rows, how many there are, and what is over all of them. */
import {
  type Arguments,
  type CollectionDescription,
  type CollectionInputs,
  type GroupsDescription,
  type JsonValue,
  type OrderTerm,
  PuffError,
  type SqlPlan,
} from "../../schema/index.ts";
import { COUNT_COLUMN, type Found, type PartOfFound } from "../contract/page-parts.ts";
import { quoteName } from "../sql/sql-text.ts";
import { OID } from "../types/oids.ts";
import type { Base, EachPlan } from "./base.ts";
import { Cursors } from "./cursors.ts";
import { join, writeFilter } from "./filters.ts";
import { columnOf, follows, orderBy, reversed, type Term, writeOrder } from "./order.ts";
import { type Seen, SqlWriter } from "./sql-writer.ts";
import { groupsWindowOf, type Window, windowOf } from "./window.ts";

/** What is done with the rows of a page once they are there. */
export interface Page {
  /** Items that are shown of each parent; null: all. */
  readonly limit: number | null;
  /** Whether there may be one row more, which tells that the page is not the last. */
  readonly looksAhead: boolean;
  /** Whether the rows come from the last to the first. */
  readonly backward: boolean;
  /** Whether the client came from a page on the other side. */
  readonly cameFrom: boolean;
  readonly cursors: Cursors;
}

/** A statement whose rows are a page. */
export interface PagePlan extends SqlPlan {
  readonly page: Page;
  /** As {@link termsOf} gives them. */
  readonly terms: readonly string[];
}

export interface Asked {
  readonly inputs: CollectionInputs;
  readonly collection: CollectionDescription;
  /** Of the field, such as `Query.posts`. */
  readonly field: string;
  readonly args: Arguments;
  /** As {@link SqlWriter} takes it. */
  readonly seen: Seen | null;
}

/** Composes the statements of one field for what one request asks. */
export class Composer {
  readonly #base: Base;
  readonly #asked: Asked;
  readonly window: Window;
  #found: Found | null = null;

  /** @throws PuffError `PUFF_PAGE_INVALID` */
  constructor(base: Base, asked: Asked) {
    this.#base = base;
    this.#asked = asked;
    this.window = windowOf(asked.collection, asked.args);
  }

  /**
   * The rows of the page.
   *
   * @throws PuffError `PUFF_CURSOR_INVALID`, `PUFF_FILTER_TOO_LARGE`, `PUFF_PAGE_INVALID`
   */
  rows(wants: { readonly cursors: boolean; readonly next: boolean }): PagePlan {
    const { row } = this.#base;
    const { collection, inputs, field, args } = this.#asked;
    const { limit, offset, backward, after, before } = this.window;
    const writer = new SqlWriter(this.#asked.seen);
    const perParent = this.#base.isCorrelated && (limit !== null || offset > 0);
    const each = perParent ? this.#base.each(writer) : null;
    const rows = each?.rows ?? this.#base.all(writer);
    const filter = this.#filter(writer, row);
    const ordering = args["ordering"] ?? null;
    const order = writeOrder(writer, inputs, collection, this.#ownOrder, ordering, row);
    const cursors = new Cursors(field, ordering, args["filters"] ?? null, this.#base.plan.order);
    const follow = (terms: readonly Term[], cursor: string | null, name: string) =>
      cursor === null ? null : follows(writer, terms, cursors.read(cursor, terms.length, name));
    const conditions = [follow(order.terms, after, "after"), follow(reversed(order.terms), before, "before")];
    const terms = (wants.cursors ? order.terms : []).map((term, index) => {
      const column = columnOf(term, row);
      return {
        name: column ?? `puff_term_${index}`,
        added: column === null ? `, ${term.sql} AS puff_term_${index}` : "",
      };
    });
    const shown = limit === null ? null : limit + (wants.next ? 1 : 0);
    const end =
      orderBy(backward ? reversed(order.terms) : order.terms) +
      (shown === null ? "" : ` LIMIT ${writer.parameter([OID.int8, String(shown)])}`) +
      (offset === 0 ? "" : ` OFFSET ${writer.parameter([OID.int8, String(offset)])}`);
    const select = `SELECT ${row}.*${terms.map(({ added }) => added).join("")} FROM `;
    const condition = join([each?.isChild ?? null, filter, ...conditions], "AND");
    const text = `${select}${rows}${order.joins}${where(condition)}${end}`;
    const found = ` AS ${row}${order.joins}${where(join(conditions, "AND"))}${end}`;
    return {
      ...this.#base.plan,
      ...(each === null
        ? { text, ...this.#overFound(rows, filter, select, found) }
        : eachText("puff_page.*", each, text)),
      params: writer.params,
      terms: terms.map(({ name }) => name),
      page: {
        limit,
        looksAhead: wants.next,
        backward,
        cameFrom: (backward ? before : after) !== null,
        cursors,
      },
    };
  }

  /** What is asked of the rows, of all pages or of groups, for people: `2 items from 5 of each parent, where {…}, ordered by votes DESC`. */
  describe(part: "rows" | "all" | Arguments): string {
    const { row, isCorrelated } = this.#base;
    const { collection, inputs, args } = this.#asked;
    const { limit, offset, backward, after, before } = this.window;
    const filters = collection.filters === null ? null : (args["filters"] ?? null);
    const where = filters === null ? "" : `, where ${JSON.stringify(filters)}`;
    if (part !== "rows") {
      const all = `over all pages${isCorrelated ? " of each parent" : ""}${where}`;
      return part === "all" ? all : `${all}, in groups: ${JSON.stringify(part)}`;
    }
    const { terms } = writeOrder(
      new SqlWriter(this.#asked.seen),
      inputs,
      collection,
      this.#ownOrder,
      args["ordering"] ?? null,
      row,
    );
    const from = [
      ...(offset === 0 ? [] : [`from ${offset}`]),
      ...(after === null ? [] : ["after a cursor"]),
      ...(before === null ? [] : ["before a cursor"]),
    ].join(" ");
    const count = limit === null ? "all items" : `${backward ? "the last " : ""}${limit} items`;
    const order = orderBy(terms).replaceAll(`${row}.`, "").replace(" ORDER BY", ", ordered by").replaceAll('"', "");
    return `${count}${from === "" ? "" : ` ${from}`}${isCorrelated ? " of each parent" : ""}${where}${order}`;
  }

  /** How many rows all pages have: a row for each parent that has any. */
  count(): SqlPlan {
    const { plan, row, isCorrelated } = this.#base;
    const writer = new SqlWriter(this.#asked.seen);
    const rows = this.#base.all(writer);
    const filter = this.#filter(writer, row);
    const keys = [...new Set(plan.childKeys)].map((name) => `${row}.${quoteName(name)}`);
    const select = `SELECT ${[...(isCorrelated ? keys : []), `count(*) AS ${COUNT_COLUMN}`].join(", ")} FROM `;
    const grouped = isCorrelated ? ` GROUP BY ${keys.join(", ")}` : "";
    return {
      ...plan,
      text: `${select}${rows}${where(filter)}${grouped}`,
      ...this.#overFound(rows, filter, select, ` AS ${row}${grouped}`),
      params: writer.params,
    };
  }

  /** The aggregates of those columns over the rows of all pages: a row for each parent. */
  aggregates(columns: readonly string[]): SqlPlan {
    const { plan, row, isCorrelated } = this.#base;
    const { aggregates = {} } = this.#asked.collection;
    const writer = new SqlWriter(this.#asked.seen);
    const each = isCorrelated ? this.#base.each(writer) : null;
    const rows = each?.rows ?? this.#base.all(writer);
    const filter = this.#filter(writer, row);
    const values = columns.map((column) => `${writer.fragment(aggregates[column] ?? [], row)} AS ${quoteName(column)}`);
    const select = `SELECT ${values.join(", ")} FROM `;
    const text = `${select}${rows}${where(join([each?.isChild ?? null, filter], "AND"))}`;
    return each === null
      ? { ...plan, text, ...this.#overFound(rows, filter, select, ` AS ${row}`), params: writer.params }
      : { ...plan, ...this.#keyed(each, text), params: writer.params };
  }

  /**
   * The groups of the rows of all pages: a row for each group of each parent.
   *
   * @param columns Those of keys and aggregates that are shown.
   * @throws PuffError `PUFF_FILTER_TOO_LARGE`, `PUFF_PAGE_INVALID`
   */
  groups(args: Arguments, columns: readonly string[]): SqlPlan {
    const { plan, row, isCorrelated } = this.#base;
    const { inputs, collection } = this.#asked;
    const { aggregates = {}, groups } = collection;
    if (groups === undefined) {
      throw new TypeError(`${this.#asked.field} has no groups`);
    }
    const writer = new SqlWriter(this.#asked.seen);
    const each = isCorrelated ? this.#base.each(writer) : null;
    const rows = each?.rows ?? this.#base.all(writer);
    const filter = this.#filter(writer, row);
    const { limit, offset } = groupsWindowOf(collection, args);
    const by = groupKeys(groups, args["groupBy"] ?? null);
    const keys = Object.entries(groups.keys).map(([name, { column, sql }]) => ({
      ...{ name, column, sql: writer.fragment(sql, row), isAsked: by.includes(name) },
    }));
    const asked = by.flatMap((name) => keys.filter((key) => key.name === name));
    const values = columns.map((column) => {
      const key = keys.find((other) => other.column === column);
      const sql = key === undefined ? writer.fragment(aggregates[column] ?? [], row) : nullOf(key.sql);
      return key?.isAsked === true ? [] : [`${sql} AS ${quoteName(column)}`];
    });
    const own = asked.map(({ column, sql }) => `${sql} AS ${quoteName(column)}`);
    const select = `SELECT ${[...own, ...values.flat()].join(", ")} FROM `;
    const having = writeFilter(writer, inputs, groups.having, args["having"] ?? null, row);
    const { terms } = writeOrder(
      writer,
      inputs,
      { ordering: groups.ordering, key: [] },
      [],
      args["ordering"] ?? [],
      row,
    );
    const stranger = keys.find(({ sql, isAsked }) => !isAsked && terms.some((term) => term.sql === sql));
    if (stranger !== undefined) {
      throw new PuffError("PUFF_PAGE_INVALID", `"ordering" names the key ${stranger.name}, which "groupBy" does not`, {
        remedy: "Group by it, too, or order by something else.",
      });
    }
    const rest = asked.filter(({ sql }) => !terms.some((term) => term.sql === sql));
    const order = [...terms, ...rest.map(({ sql }) => ({ ...{ sql, descending: false }, ...nullsLast }))];
    const end =
      ` GROUP BY ${asked.map((_, index) => index + 1).join(", ")}` +
      (having === null ? "" : ` HAVING ${having}`) +
      orderBy(order) +
      (limit === null ? "" : ` LIMIT ${writer.parameter([OID.int8, String(limit)])}`) +
      (offset === 0 ? "" : ` OFFSET ${writer.parameter([OID.int8, String(offset)])}`);
    const text = `${select}${rows}${where(join([each?.isChild ?? null, filter], "AND"))}${end}`;
    return each === null
      ? { ...plan, text, ...this.#overFound(rows, filter, select, ` AS ${row}${end}`), params: writer.params }
      : { ...plan, ...this.#keyed(each, text), params: writer.params };
  }

  /** A statement that is run for each of the parents and does not give the columns that say whose its rows are. */
  #keyed(each: ReturnType<Base["each"]>, text: string): Pick<EachPlan, "text" | "untyped" | "childKeys"> {
    const { plan, parent } = this.#base;
    const names = [...new Set(plan.parentKeys)];
    // Under names that no column of the statement has.
    const keyOf = (name: string) => `puff_key${names.indexOf(name)}`;
    const keys = names.map((name, index) => `${parent}.k${index} AS ${keyOf(name)}`);
    return { ...eachText(`${keys.join(", ")}, puff_page.*`, each, text), childKeys: plan.parentKeys.map(keyOf) };
  }

  /** What makes a statement one of several parts of the same rows; only where these belong to no parents. */
  #overFound(
    rows: string,
    filter: string | null,
    before: string,
    after: string,
  ): Pick<PartOfFound, "found" | "overFound"> | null {
    if (this.#base.isCorrelated) {
      return null;
    }
    this.#found ??= { text: `SELECT ${this.#base.row}.* FROM ${rows}${where(filter)}` };
    return { found: this.#found, overFound: [before, after] };
  }

  get #ownOrder(): readonly OrderTerm[] {
    return this.#base.plan.order ?? this.#asked.collection.order;
  }

  #filter(writer: SqlWriter, row: string): string | null {
    const { collection, inputs, args } = this.#asked;
    const filters: JsonValue = args["filters"] ?? null;
    return collection.filters === null ? null : writeFilter(writer, inputs, collection.filters, filters, row);
  }
}

/** A statement that is run for each of the parents. */
function eachText(
  columns: string,
  { parents, untypedParents }: ReturnType<Base["each"]>,
  text: string,
): Pick<EachPlan, "text" | "untyped"> {
  const write = (table: string) => `SELECT ${columns} FROM ${table} CROSS JOIN LATERAL (${text}) AS puff_page`;
  return { text: write(parents), untyped: () => write(untypedParents()) };
}

/** The names that a client groups by, each once. */
function groupKeys({ keys }: GroupsDescription, asked: JsonValue): string[] {
  const names = Array.isArray(asked) ? asked : asked === null ? [] : [asked];
  const known = [...new Set(names.map(String))].filter((name) => Object.hasOwn(keys, name));
  if (known.length === 0) {
    throw new PuffError("PUFF_PAGE_INVALID", '"groupBy" names no key', {
      remedy: `Name one or more of ${Object.keys(keys).join(", ")}; or ask for aggregates, which are over all rows.`,
    });
  }
  return known;
}

/** A NULL of the type that an expression on single rows has. */
function nullOf(sql: string): string {
  return `(array_agg(${sql}) FILTER (WHERE FALSE))[1]`;
}

const nullsLast = { nullsFirst: false, nullable: true } as const;

function where(condition: string | null): string {
  return condition === null ? "" : ` WHERE ${condition}`;
}
