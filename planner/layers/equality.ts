/** Which keys are equal where their texts don't tell: there, Postgres compares. */
import { LRUCache } from "lru-cache";
import type { SqlPlan } from "../../schema/index.ts";
import type { RowSet } from "../bytes/rows.ts";
import type { Session } from "../database/database.ts";
import { isAnswer, stateOf } from "../database/statement-errors.ts";
import { attempt } from "../database/transaction.ts";
import { cutSql, quoteName } from "../sql/sql-text.ts";
import { areTexts, arrayOidOf, OID, printArray, textsTell } from "../types/oids.ts";
import type { ColumnReader, Layer } from "./layers.ts";

/** From texts of a key to its class: the values of one class are equal. What is in none equals no value of the other side. */
export interface KeyClasses {
  readonly parents: ReadonlyMap<string, number>;
  readonly children: ReadonlyMap<string, number>;
}

/** A key of the parents and that of the rows below which may equal it. */
export interface KeyPair {
  readonly parent: ColumnReader;
  readonly child: ColumnReader;
  readonly parentName: string;
  readonly childName: string;
}

/** How long the gateway believes whether the database has a collation that takes different texts for equal. */
const COLLATIONS_HOLD = 10_000;

interface KeyType {
  /** As a cast writes it. */
  readonly name: string;
  /** Whether equal values have equal texts: enums. */
  readonly textsTell: boolean;
}

/** What is known of one database's types and collations. */
export class Equality {
  readonly #types = new LRUCache<number, KeyType>({ max: 1000 });
  /** Pairs of types that have no `=`: their texts are compared. */
  readonly #incomparable = new LRUCache<string, true>({ max: 1000 });
  /** By statement and column: the name of a collation that takes different texts for equal; null: it does not. */
  readonly #collations = new LRUCache<string, { readonly name: string | null }>({ max: 1000, ttl: 60_000 });
  #hasCollation = { answer: true, until: 0 };

  /** Whether no collation takes different texts for equal, as far as is known at present. */
  get areTextsDistinct(): boolean {
    return !this.#hasCollation.answer && performance.now() < this.#hasCollation.until;
  }

  /** Whether two keys are equal where their texts are; else Postgres has to be asked. */
  isToldByTexts({ parent, child }: KeyPair, scope: string): boolean {
    const [one, other] = [parent.oid, child.oid];
    if (textsTell(one, other)) {
      return true;
    }
    if (areTexts(one, other)) {
      return this.areTextsDistinct;
    }
    return (
      (one === other && this.#types.get(one)?.textsTell === true) || this.#incomparable.has(`${one} ${other} ${scope}`)
    );
  }

  /**
   * The classes of two keys' values; null where texts tell.
   *
   * @throws PuffError if the database can't be had.
   */
  async classesOf(
    session: Session,
    pair: KeyPair,
    [parents, children]: readonly [Layer, Layer],
    members: readonly number[],
  ): Promise<KeyClasses | null> {
    const { parent, child } = pair;
    // A text of which no type is known is read as what it is compared with.
    const oids = [parent.oid || child.oid, child.oid || parent.oid] as const;
    try {
      // One after the other: within a transaction each has a savepoint.
      const types = [await this.#typeOf(session, oids[0]), await this.#typeOf(session, oids[1])] as const;
      if (oids[0] === oids[1] && types[0].textsTell) {
        return null;
      }
      let collations: (string | null)[] = [];
      if (await this.#hasCollations(session)) {
        collations = [
          await this.#collationOf(session, parents, pair.parentName),
          await this.#collationOf(session, children, pair.childName),
        ];
      }
      if (areTexts(...oids) && !collations.some((name) => name !== null)) {
        return null;
      }
      const parentTexts = distinct(members, parent);
      const childTexts = distinct(children.count, child);
      if (parentTexts.length === 0 || childTexts.length === 0) {
        return { parents: new Map(), children: new Map() };
      }
      const rows = await attempt(session, {
        text: compare(types, collations),
        params: [parentTexts, childTexts].map((texts) => [TEXT_ARRAY, printArray(texts)] as const),
      });
      return classify(rows, parentTexts, childTexts);
    } catch (error) {
      if (!isAnswer(error)) {
        throw error;
      }
      const state = stateOf(error);
      if (!/^(22|42|0A)/.test(state)) {
        throw error; // it is not about these values
      }
      if (NO_OPERATOR.has(state)) {
        this.#incomparable.set(`${parent.oid} ${child.oid} ${session.scope ?? ""}`, true);
      }
      return null;
    }
  }

  async #hasCollations(session: Session): Promise<boolean> {
    if (performance.now() < this.#hasCollation.until) {
      return this.#hasCollation.answer;
    }
    const text = "SELECT FROM pg_catalog.pg_collation WHERE NOT collisdeterministic LIMIT 1";
    const answer = (await attempt(session, { text, params: [] })).count > 0;
    this.#hasCollation = { answer, until: performance.now() + COLLATIONS_HOLD };
    return answer;
  }

  /** Of a column that a statement has: Postgres says so without running it. */
  async #collationOf(session: Session, layer: Layer, column: string): Promise<string | null> {
    if (layer.kind === "values") {
      return null;
    }
    const { plan, parents } = layer.origin;
    const key = `${session.scope ?? ""} ${JSON.stringify(column)} ${plan.text}`;
    let known = this.#collations.get(key);
    if (known === undefined) {
      known = { name: await askCollation(session, plan, parents, column) };
      this.#collations.set(key, known);
    }
    return known.name;
  }

  async #typeOf(session: Session, oid: number): Promise<KeyType> {
    let type = this.#types.get(oid);
    if (type === undefined) {
      const text = `SELECT quote_ident(n.nspname) || '.' || quote_ident(t.typname), t.typtype = 'e' FROM pg_catalog.pg_type AS t
        JOIN pg_catalog.pg_namespace AS n ON n.oid = t.typnamespace WHERE t.oid = $1::pg_catalog.oid`;
      const rows = await attempt(session, { text, params: [[OID.text, String(oid)]] });
      if (rows.count === 0) {
        return { name: "pg_catalog.text", textsTell: false }; // it was dropped meanwhile
      }
      rows.seek(0);
      type = { name: rows.text(0), textsTell: rows.text(1) === "t" };
      this.#types.set(oid, type);
    }
    return type;
  }
}

const TEXT_ARRAY = 1009;

/** No `=` for these types, no cast from a text, or several that would do. */
const NO_OPERATOR: ReadonlySet<string> = new Set(["42883", "42846", "42725", "0A000"]);

function compare(types: readonly KeyType[], collations: readonly (string | null)[]): string {
  // Where both have one it is the same, or they can't be compared.
  const collated = collations.findIndex((name) => name !== null);
  const [parents, children] = types.map(({ name }, side) => {
    const collation = side === collated ? ` COLLATE ${collations[side]}` : "";
    const unnested = `unnest($${side + 1}) WITH ORDINALITY AS u (k, n)`;
    return `AS MATERIALIZED (SELECT CAST(k AS ${name})${collation} AS k, n FROM ${unnested})`;
  });
  return `WITH p ${parents}, c ${children} SELECT p.n, c.n FROM p JOIN c ON p.k = c.k`;
}

async function askCollation(session: Session, plan: SqlPlan, parents: Layer, column: string): Promise<string | null> {
  const { text } = await cutSql(plan.text);
  const params = plan.params.map((param) =>
    "parent" in param ? ([arrayOidOf(parents.reader(param.parent)?.oid ?? 0), null] as const) : param,
  );
  const name = `(SELECT pg_catalog.pg_collation_for(q.${quoteName(column)}) AS name FROM (SELECT) AS one LEFT JOIN (${text}\n) AS q ON false)`;
  const rows = await attempt(session, {
    text: `SELECT c.name FROM ${name} AS c JOIN pg_catalog.pg_collation AS p ON p.oid = pg_catalog.to_regcollation(c.name) WHERE NOT p.collisdeterministic`,
    params,
  }).catch((error: unknown) => {
    if (isAnswer(error)) {
      return null; // it can't stand as a subquery
    }
    throw error;
  });
  if (rows === null || rows.count === 0) {
    return null;
  }
  rows.seek(0);
  return rows.text(0);
}

function distinct(rows: readonly number[] | number, reader: ColumnReader): string[] {
  const texts = new Set<string>();
  const count = typeof rows === "number" ? rows : rows.length;
  for (let index = 0; index < count; index++) {
    const text = reader.text(typeof rows === "number" ? index : (rows[index] as number)); // in bounds
    if (text !== null) {
      texts.add(text);
    }
  }
  return [...texts];
}

/** Values that equal a common one are of one class. */
function classify(rows: RowSet, parentTexts: readonly string[], childTexts: readonly string[]): KeyClasses {
  const classOf = new Map<number, number>();
  const rootOf = (value: number): number => {
    let root = value;
    for (let next = classOf.get(root); next !== undefined && next !== root; next = classOf.get(root)) {
      root = next;
    }
    classOf.set(value, root);
    return root;
  };
  const parents = new Map<string, number>();
  const children = new Map<string, number>();
  for (let row = 0; row < rows.count; row++) {
    rows.seek(row);
    const [parent, child] = [rows.integer(0), rows.integer(1)];
    classOf.set(rootOf(-child), rootOf(parent)); // children's numbers are negative
    parents.set(parentTexts[parent - 1] as string, parent); // numbered from 1 by the statement
    children.set(childTexts[child - 1] as string, -child);
  }
  for (const texts of [parents, children]) {
    for (const [text, value] of texts) {
      texts.set(text, rootOf(value));
    }
  }
  return { parents, children };
}
