/** Statements by which Postgres tells whether an index serves what clients may ask of a collection. */
import type { CollectionDescription, CollectionInputs, SqlPlan, TypedText } from "../../schema/index.ts";
import { Base } from "../collections/base.ts";
import { Composer } from "../collections/compose.ts";
import { SqlWriter } from "../collections/sql-writer.ts";
import type { Statement } from "../database/database.ts";
import { cutSql, fillSql, quoteName } from "../sql/sql-text.ts";
import { conditionsOf, ordersOf, pageArguments } from "./asked.ts";
import type { Need } from "./proof/report.ts";

export interface Probe extends Pick<Need, "field" | "kind" | "asked"> {
  readonly statement: Statement;
  /** All rows of the collection. */
  readonly bare: Statement;
  /** Whether the collection has rows of its own for each parent. */
  readonly isOfParents: boolean;
}

/** A collection whose plan is known. */
export interface KnownCollection {
  readonly field: string;
  readonly collection: CollectionDescription;
  readonly plan: SqlPlan;
}

/** The probes of one collection. What can't be composed has none: `refused` is told of it. */
export async function probesOf(
  { field, collection, plan }: KnownCollection,
  inputs: CollectionInputs,
  refused: (asked: string, error: unknown) => void,
): Promise<Probe[]> {
  const base = await Base.of(plan);
  const probes: Probe[] = [];
  const compose = (args: SqlArguments) => new Composer(base, { inputs, collection, field, args, seen: null });
  const bare = await statementOf(base, compose({}).count());
  const add = async (kind: Need["kind"], asked: string, args: SqlArguments): Promise<void> => {
    try {
      const composer = compose(args);
      const composed = kind === "filter" ? composer.count() : composer.rows({ cursors: false, next: false });
      const statement = await statementOf(base, composed);
      probes.push({ field, kind, asked, statement, bare, isOfParents: base.isCorrelated });
    } catch (error) {
      refused(asked, error);
    }
  };
  const page = pageArguments(collection);
  await add(base.isCorrelated ? "page" : "order", "", page);
  const relations = new Set<string>();
  for (const { path, value, relation } of collection.filters === null ? [] : conditionsOf(inputs, collection.filters)) {
    // The rows of one parent are few: a condition is only looked at where it leads to other rows.
    if (!base.isCorrelated || (relation !== null && !relations.has(relation))) {
      relations.add(relation ?? "");
      await add("filter", `filters.${path}`, { filters: value });
    }
  }
  const isOrdered = collection.ordering !== null && !base.isCorrelated;
  for (const { path, value } of isOrdered ? ordersOf(inputs, collection.ordering) : []) {
    await add("order", `ordering.${path}`, { ...page, ordering: [value] });
  }
  return probes;
}

type SqlArguments = ConstructorParameters<typeof Composer>[1]["args"];

/** In the place of the parents' keys: none, of the type of the column that equals them. */
async function statementOf(base: Base, { text, params }: SqlPlan): Promise<Statement> {
  const { parentKeys, childKeys } = base.plan;
  const values: TypedText[] = [];
  const fill = async (sql: string, given: SqlPlan["params"], keyed: (column: string) => string): Promise<string> => {
    const places = new Map<number, string>();
    return fillSql(await cutSql(sql), ({ number }) => {
      const param = given[number - 1] ?? NULL;
      const place =
        places.get(number) ??
        ("parent" in param ? keyed(childKeys[parentKeys.indexOf(param.parent)] ?? "") : `$${values.push(param)}`);
      places.set(number, place);
      return place;
    });
  };
  if (!base.isCorrelated) {
    return { text: await fill(text, params, quoteName), params: values };
  }
  const writer = new SqlWriter(null);
  const keys = new RegExp(`\\b${base.parent}\\.k\\d+\\b`, "g");
  const source = await fill(base.each(writer).rows.replaceAll(keys, "NULL"), writer.params, () => "NULL");
  const filled = await fill(text, params, (column) => `ARRAY(SELECT ${base.row}.${quoteName(column)} FROM ${source})`);
  return { text: filled, params: values };
}

const NULL: TypedText = [0, null];
