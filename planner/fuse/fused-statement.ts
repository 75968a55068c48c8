/** The text of a fused statement. */
import type { TypedText } from "../../schema/index.ts";
import type { Column, RowSet } from "../bytes/rows.ts";
import type { Statement } from "../database/database.ts";
import { CountingStatement, markParameter } from "../database/row-counts.ts";
import { cutSql, fillSql, quoteName, type SqlParameter, type SqlText } from "../sql/sql-text.ts";
import { symbolsOf } from "../sql/symbols.ts";
import { arrayOidOf, OID, printArray, typeNameOf } from "../types/oids.ts";
import type { Node } from "./bound-statement.ts";
import { Few, type FoundTable, foundTables, textOver } from "./found-rows.ts";

/** A fused statement, but for the values of its parameters. */
export interface FusedShape {
  /** For nodes of this shape. */
  statement(nodes: readonly Node[]): Statement;
  /** Whether columns are of the types that it was written for: a table may have been altered since. */
  fits(columns: readonly Column[]): boolean;
  /** Names and types of all places of the arms as node `index` fills them; those it leaves NULL have no name. */
  columnsOf(index: number): Column[];
  /** Whether it has something to learn. */
  readonly learns: boolean;
  /** Learns from the rows of the nodes how the next statement is best written. */
  learn(rows: readonly RowSet[]): void;
  /** The same from the numbers that the nodes counted; null: none. */
  learnCounts(countOf: (node: number) => number | null): void;
}

/** Writes the statement that fetches all nodes at once. */
export async function writeFused(nodes: readonly Node[]): Promise<FusedShape> {
  const prefix = prefixFor(nodes);
  const places = new Places(nodes);
  const write = async (tables: readonly FoundTable[]): Promise<Written> => {
    const texts = await Promise.all(nodes.map(({ plan }) => cutSql(textOver(tables, plan))));
    const found = await Promise.all(tables.map(({ rows }) => cutSql(rows.text)));
    return new FusedWriter(nodes, texts, places, prefix).write(tables, found);
  };
  const tables = foundTables(nodes, prefix);
  return shapeOf(await write([]), tables.length === 0 ? null : await write(tables), tables, places);
}

/** No name of the user's begins with it. */
function prefixFor(nodes: readonly Node[]): string {
  const used = nodes.map(({ plan }) => plan.text.toLowerCase()); // as Postgres folds names without quotes
  let prefix = "puff";
  while (used.some((text) => text.includes(prefix))) {
    prefix += "_";
  }
  return prefix;
}

/** A statement's text, and its parameters by their numbers. */
interface Written {
  readonly text: string;
  readonly parameters: readonly Parameter[];
}

/** A value of a node's parameter, or what its parents' types are called. */
type Parameter = { readonly node: number; readonly index: number } | { readonly node: number; readonly names: true };

class FusedWriter {
  readonly #nodes: readonly Node[];
  readonly #texts: readonly SqlText[];
  readonly #places: Places;
  /** By what says which it is; the numbers are the values' places. */
  readonly #parameters = new Map<string, { readonly number: number; readonly parameter: Parameter }>();
  readonly #prefix: string;
  readonly #tables: string[] = [];
  /** Tables of distinct parents, by node. */
  readonly #distinct = new Map<number, string>();

  constructor(nodes: readonly Node[], texts: readonly SqlText[], places: Places, prefix: string) {
    this.#nodes = nodes;
    this.#texts = texts;
    this.#places = places;
    this.#prefix = prefix;
  }

  /** `tables`: those that the texts name beside the user's own, and what is in them. */
  write(tables: readonly FoundTable[], found: readonly SqlText[]): Written {
    for (const [index, { name, owner }] of tables.entries()) {
      const rows = fillSql(found[index] as SqlText, (parameter) => {
        return this.#writeParameter(this.#nodes[owner] as Node, owner, parameter);
      });
      this.#tables.push(`${name} AS MATERIALIZED (${rows}\n)`);
    }
    const parents = new Set(this.#nodes.map(({ parent }) => parent));
    const arms = this.#nodes.map((node, index) => {
      const body = `(${this.#writeBody(node, index)}\n) AS q`;
      const tag = index === 0 ? "0 AS layer" : `${index}`;
      if (!parents.has(node)) {
        return `SELECT ${tag}${this.#places.write(index)} FROM ${body}`;
      }
      const columns = node.columns.map(({ name }) => `q.${quoteName(name)}`).join(", ");
      this.#tables.push(`${this.#prefix}${index} AS MATERIALIZED (SELECT ${columns} FROM ${body})`);
      return `SELECT ${tag}${this.#places.write(index)} FROM ${this.#prefix}${index} AS q`;
    });
    const withTables = this.#tables.length === 0 ? "" : `WITH ${this.#tables.join(",\n")}\n`;
    const parameters = [...this.#parameters.values()].map(({ parameter }) => parameter);
    return { text: `${withTables}${arms.join("\nUNION ALL\n")}`, parameters };
  }

  #writeBody(node: Node, index: number): string {
    return fillSql(this.#texts[index] as SqlText, (parameter) => this.#writeParameter(node, index, parameter));
  }

  #writeParameter(node: Node, index: number, { number, inEqualsAny, countsRows }: SqlParameter): string {
    const param = node.plan.params[number - 1];
    if (param === undefined || node.parent === null || !("parent" in param)) {
      return this.#parameter({ node: index, index: number - 1 }, countsRows);
    }
    const { plan } = node;
    if (inEqualsAny) {
      return `ARRAY(SELECT p.${quoteName(param.parent)} FROM ${this.#parentsOf(node, index)})`;
    }
    // Distinct tuples in one order for all symbols of the plan, as the layer executor passes them.
    const symbols = symbolsOf(plan);
    let table = this.#distinct.get(index);
    if (table === undefined) {
      const columns = [...new Set([...symbols, ...plan.parentKeys])].map((name) => `p.${quoteName(name)}`);
      const parents = this.#parentsOf(node, index);
      table = `${this.#prefix}${index}_parents`;
      this.#tables.push(`${table} AS MATERIALIZED (SELECT DISTINCT ${columns.join(", ")} FROM ${parents})`);
      this.#distinct.set(index, table);
    }
    return `ARRAY(SELECT p.${quoteName(param.parent)} FROM ${table} AS p)`;
  }

  /** The parents `p` that have all keys, for which alone there can be children. */
  #parentsOf(node: Node, index: number): string {
    const parent = node.parent === null ? -1 : this.#nodes.indexOf(node.parent);
    if (parent === -1 || parent >= index) {
      throw new TypeError("a node's parent comes before it");
    }
    const notNull = node.plan.parentKeys.map((name) => `p.${quoteName(name)} IS NOT NULL`);
    return `${this.#prefix}${parent} AS p WHERE ${[...this.#ofType(node, index), ...notNull].join(" AND ")}`;
  }

  /** Only the parents of the concrete type that the step is for. */
  #ofType({ parent, typeName }: Node, index: number): string[] {
    if (parent === null || typeName === null) {
      return [];
    }
    // As the column is printed: casts to text print booleans and addresses in another way.
    const printed = `format('%s', p.${quoteName(parent.plan.typeColumn)})`;
    return [`${printed} = ANY(${this.#parameter({ node: index, names: true }, false)})`];
  }

  /** A parameter used twice stays one, so that Postgres infers its type as it does in the user's own statement. */
  #parameter(parameter: Parameter, countsRows: boolean): string {
    const key = JSON.stringify(parameter);
    let known = this.#parameters.get(key);
    if (known === undefined) {
      known = { number: this.#parameters.size + 1, parameter };
      this.#parameters.set(key, known);
    }
    return markParameter(known.number, countsRows);
  }
}

/**
 * Outside the writer, so that a shape which is kept does not hold the nodes, with their values, that it was written for.
 * `overFound`: the same statement with what is found once for several nodes in the tables.
 */
function shapeOf(apart: Written, overFound: Written | null, tables: readonly FoundTable[], places: Places): FusedShape {
  const few = new Few(tables);
  const statement = binderOf(apart);
  const statementOverFound = overFound === null ? statement : binderOf(overFound);
  return {
    statement: (nodes) => (few.areFew ? statementOverFound : statement)(nodes),
    fits: (columns) => places.fit(columns),
    columnsOf: (index) => places.columnsOf(index),
    learns: tables.length > 0,
    learn: (rows) => few.learn(rows),
    learnCounts: (countOf) => few.learnCounts(countOf),
  };
}

function binderOf({ text, parameters }: Written): (nodes: readonly Node[]) => Statement {
  const statement = new CountingStatement(text);
  return (nodes) => statement.for(parameters.map((parameter) => bind(nodes, parameter)));
}

function bind(nodes: readonly Node[], parameter: Parameter): TypedText {
  const node = nodes[parameter.node];
  if (node === undefined) {
    throw new TypeError("the shape has other nodes");
  }
  if ("names" in parameter) {
    return [arrayOidOf(OID.text), printArray(namesOf(node))];
  }
  const value = node.params?.[parameter.index] ?? node.plan.params[parameter.index];
  // A parameter that the plan lacks is the user's mistake, which running the plan alone tells.
  return value === undefined || "parent" in value ? [0, null] : value;
}

/** What the type column holds for the type that the node is for. */
function namesOf({ parent, typeName }: Node): string[] {
  const typeNames = parent?.plan.typeNames ?? {};
  const values = Object.entries(typeNames).flatMap(([value, name]) => (name === typeName ? [value] : []));
  return typeName === null || typeName in typeNames ? values : [...values, typeName];
}

/** Which place of the arms each column of each node takes: columns of one type share a place. */
class Places {
  readonly #oids: number[] = [];
  /** By node, by place. */
  readonly #columns: (Column | undefined)[][];

  constructor(nodes: readonly Node[]) {
    this.#columns = nodes.map(({ columns }) => {
      const taken: (Column | undefined)[] = [];
      for (const column of columns) {
        const oid = shownAs(column);
        let place = this.#oids.findIndex((other, index) => other === oid && taken[index] === undefined);
        if (place === -1) {
          place = this.#oids.push(oid) - 1;
        }
        taken[place] = column;
      }
      return taken;
    });
  }

  /** `, q."id", NULL::text, …` */
  write(index: number): string {
    return this.#oids
      .map((oid, place) => {
        const column = this.#columns[index]?.[place];
        if (column === undefined) {
          return `, NULL::${typeNameOf(oid)}`;
        }
        return `, q.${quoteName(column.name)}${oid === column.oid ? "" : "::text"}`;
      })
      .join("");
  }

  /** `columns`: the statement's, the tag before the places. */
  fit(columns: readonly Column[]): boolean {
    return this.#oids.every((oid, place) => columns[place + 1]?.oid === oid);
  }

  columnsOf(index: number): Column[] {
    const places = this.#oids.map((_, place) => this.#columns[index]?.[place] ?? { name: "", oid: 0 });
    return [{ name: "", oid: OID.int4 }, ...places];
  }
}

/** What has no name here (enums, domains over them, extensions' types) is shown as text. */
function shownAs({ oid }: Column): number {
  return typeNameOf(oid) === "text" ? OID.text : oid;
}
