/** When each table was last written, as far as this process knows, counted in writes and not in time. */

/** Stands for all tables: of a statement whose tables can't be told. */
export const ANY_TABLE = "*";

/** Tables whose last writes are told apart. */
const MOST_TABLES = 10_000;

export class TableWrites {
  #now = 0;
  /** By name. */
  readonly #last = new Map<string, number>();
  /** The last write of tables that are not told apart. */
  #others = 0;
  /** The last write of any table. */
  #any = 0;

  /** A point in the order of writes. What was read after it is newer than all writes before it. */
  get now(): number {
    return this.#now;
  }

  /** @example writes.written(["post", "comment"]); */
  written(tables: Iterable<string>): void {
    this.#now += 1;
    for (const table of tables) {
      this.#any = this.#now;
      if (table === ANY_TABLE || (this.#last.size >= MOST_TABLES && !this.#last.has(table))) {
        this.#others = this.#now;
      } else {
        this.#last.set(table, this.#now);
      }
    }
  }

  /** Whether one of the tables was written after a point. */
  since(point: number, tables: Iterable<string>): boolean {
    if (this.#any <= point) {
      return false;
    }
    if (this.#others > point) {
      return true;
    }
    for (const table of tables) {
      if (table === ANY_TABLE || (this.#last.get(table) ?? 0) > point) {
        return true;
      }
    }
    return false;
  }
}
