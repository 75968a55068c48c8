/** Tries indexes on empty copies of tables. All of it is gone when its transaction ends. */
import type { Session } from "../../database/database.ts";
import { quoteName } from "../../sql/sql-text.ts";
import type { Candidate } from "./candidates.ts";
import type { TableFacts, Tables } from "./catalogue.ts";
import { normalize } from "./conditions.ts";
import type { Scan } from "./plan-tree.ts";
import type { Index } from "./report.ts";
import { writeKeys } from "./write-index.ts";

export class Trial {
  readonly #session: Session;
  readonly #tables: Tables;
  readonly #made = new Map<string, Index>();

  constructor(session: Session, tables: Tables) {
    this.#session = session;
    this.#tables = tables;
  }

  /**
   * Copies the tables with their indexes. Statements that name them without a schema read the copies from then on.
   *
   * @throws PuffError if temporary tables can't be made.
   */
  async copyTables(): Promise<void> {
    const names = new Map([...this.#tables.values()].map(({ name, last }) => [name, last]));
    for (const [name, last] of names) {
      await this.#run(`CREATE TEMP TABLE ${quoteName(last)} (LIKE ${name} INCLUDING INDEXES)`);
    }
  }

  /** Makes an index on a copy, unless Postgres refuses it: not each type has each method. */
  async make(candidate: Candidate): Promise<void> {
    const index = indexOf(this.#tables, candidate);
    const table = tableOf(this.#tables, candidate.scan);
    if (table === undefined || [...this.#made.values()].some((other) => isSame(other, index))) {
      return;
    }
    const name = `puff_index_${this.#made.size}`;
    await this.#run("SAVEPOINT puff_index");
    try {
      if (index.extension !== null) {
        await this.#run(`CREATE EXTENSION IF NOT EXISTS ${index.extension}`);
      }
      await this.#run(`CREATE INDEX ${name} ON pg_temp.${quoteName(table.last)} ${writeKeys(index)}`);
      this.#made.set(name, index);
    } catch {
      await this.#run("ROLLBACK TO SAVEPOINT puff_index");
    }
  }

  /** Those of the indexes that scans read. */
  usedBy(scans: readonly Scan[]): Index[] {
    const names = new Set(scans.flatMap(({ ways }) => ways.flat().map(({ index }) => index)));
    return [...this.#made].flatMap(([name, index]) => (names.has(name) ? [index] : []));
  }

  async #run(text: string): Promise<void> {
    await this.#session.query({ text, params: [] });
  }
}

/** A candidate as an index of its table. */
export function indexOf(tables: Tables, { scan, method, columns, extension }: Candidate): Index {
  return { table: tableOf(tables, scan)?.name ?? scan.table, method, columns, extension };
}

/** Whether a table has a B-tree that begins with an expression. */
export function hasIndex(tables: Tables, scan: Scan, sql: string): boolean {
  return tableOf(tables, scan)?.leading.includes(normalize(sql)) === true;
}

function tableOf(tables: Tables, { schema, table }: Scan): TableFacts | undefined {
  return tables.get(`${schema}.${table}`);
}

function isSame(one: Index, other: Index): boolean {
  return one.table === other.table && writeKeys(one) === writeKeys(other);
}
