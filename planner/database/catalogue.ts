/** What Postgres says of the types that a database has beside the built-in ones. */
import { LRUCache } from "lru-cache";
import type { Column, RowSet } from "../bytes/rows.ts";
import {
  type Attribute,
  arrayType,
  builtInType,
  compositeType,
  holdsAttributes,
  type PgType,
  scalarType,
} from "../types/pg-types.ts";
import type { Session, Statement } from "./database.ts";

/** Types kept of a database. */
const MOST_TYPES = 10_000;
/** Milliseconds for which the attributes of a composite type are taken to be what they were. */
const LASTING = 10_000;

interface Known {
  readonly type: PgType;
  /** When it has to be asked for again; `Infinity` where its parts can't change. */
  readonly until: number;
}

/** The types of one database. Postgres is asked for one once, when a statement first has a column of it. */
export class Catalogue {
  readonly #known = new LRUCache<number, Known>({ max: MOST_TYPES });

  /** Whether Postgres has to be asked for one of the columns' types. */
  lacks(columns: readonly Column[]): boolean {
    return columns.some(({ oid }) => this.#isUnknown(oid));
  }

  /** Asks for the types of columns that are not known. */
  async learn(session: Session, columns: readonly Column[]): Promise<void> {
    const oids = columns.map(({ oid }) => oid).filter((oid) => this.#isUnknown(oid));
    const rows = await session.query({ text: question, params: [[OID_ARRAY, `{${oids.join()}}`]] });
    const until = performance.now() + LASTING;
    const read = new Reader(readRows(rows));
    for (const oid of oids) {
      const type = read.type(oid);
      this.#known.set(oid, { type, until: holdsAttributes(type) ? until : Number.POSITIVE_INFINITY });
    }
  }

  /** Of a column that {@link lacks} was asked about. */
  of(oid: number): PgType {
    const type = builtInType(oid) ?? this.#known.get(oid)?.type;
    if (type === undefined && oid !== 0) {
      throw new TypeError(`nobody has asked for the type ${oid}`);
    }
    return type ?? scalarType(oid);
  }

  #isUnknown(oid: number): boolean {
    if (oid === 0 || builtInType(oid) !== undefined) {
      return false;
    }
    const known = this.#known.get(oid);
    return known === undefined || known.until < performance.now();
  }
}

/** Whether a statement is {@link Catalogue.learn}'s. */
export function isTypeQuestion({ text }: Statement): boolean {
  return text === question;
}

const OID_ARRAY = 1028;

/** A row a type, or a row each of its attributes; the types that these are made of, too. */
const question = `
  WITH RECURSIVE wanted (oid) AS (
    SELECT pg_catalog.unnest($1::pg_catalog.oid[])
    UNION
    SELECT part.oid
      FROM wanted
      JOIN pg_catalog.pg_type AS type ON type.oid = wanted.oid
      CROSS JOIN LATERAL (
        SELECT item.oid FROM pg_catalog.pg_type AS item WHERE item.oid = type.typelem AND item.typarray = type.oid
        UNION ALL
        SELECT type.typbasetype WHERE type.typtype = 'd'
        UNION ALL
        SELECT attribute.atttypid
          FROM pg_catalog.pg_attribute AS attribute
          WHERE type.typtype = 'c' AND attribute.attrelid = type.typrelid
            AND attribute.attnum > 0 AND NOT attribute.attisdropped
      ) AS part
  )
  SELECT type.oid, item.oid AS item, item.typdelim AS delimiter, nullif(type.typbasetype, 0) AS base,
         type.typtype = 'c' AS composite, attribute.attname AS name, attribute.atttypid AS attribute
    FROM wanted
    JOIN pg_catalog.pg_type AS type ON type.oid = wanted.oid
    LEFT JOIN pg_catalog.pg_type AS item ON item.oid = type.typelem AND item.typarray = type.oid
    LEFT JOIN pg_catalog.pg_attribute AS attribute
      ON type.typtype = 'c' AND attribute.attrelid = type.typrelid
      AND attribute.attnum > 0 AND NOT attribute.attisdropped
    ORDER BY type.oid, attribute.attnum`;

interface Row {
  readonly item: number | null;
  readonly delimiter: string;
  readonly base: number | null;
  readonly isComposite: boolean;
  readonly attributes: { readonly name: string; readonly oid: number }[];
}

function readRows(rows: RowSet): Map<number, Row> {
  const types = new Map<number, Row>();
  for (let row = 0; row < rows.count; row++) {
    rows.seek(row);
    const [oid, item, delimiter, base, composite, name, attribute] = rows.columns.map((_, column) =>
      rows.isNull(column) ? null : rows.text(column),
    );
    const number = (text: string | null | undefined) => (text === null || text === undefined ? null : Number(text));
    const type = types.get(Number(oid)) ?? {
      item: number(item),
      delimiter: delimiter ?? ",",
      base: number(base),
      isComposite: composite === "t",
      attributes: [],
    };
    types.set(Number(oid), type);
    if (name !== null && name !== undefined) {
      type.attributes.push({ name, oid: Number(attribute) });
    }
  }
  return types;
}

/** Puts types together from what Postgres said of each. */
class Reader {
  readonly #rows: ReadonlyMap<number, Row>;
  readonly #made = new Map<number, PgType>();

  constructor(rows: ReadonlyMap<number, Row>) {
    this.#rows = rows;
  }

  type(oid: number): PgType {
    const type = builtInType(oid) ?? this.#made.get(oid) ?? this.#make(oid);
    this.#made.set(oid, type);
    return type;
  }

  /** A type can't hold itself. */
  #make(oid: number): PgType {
    const row = this.#rows.get(oid);
    if (row === undefined) {
      return scalarType(oid); // dropped meanwhile
    }
    if (row.base !== null) {
      return this.type(row.base);
    }
    if (row.item !== null) {
      return arrayType(oid, this.type(row.item), row.delimiter);
    }
    if (!row.isComposite) {
      return scalarType(oid);
    }
    const attributes = row.attributes.map(({ name, oid: of }): Attribute => ({ name, type: this.type(of) }));
    return compositeType(oid, attributes);
  }
}
