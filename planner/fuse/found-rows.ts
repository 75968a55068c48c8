/**
 * The rows that a collection's filter leaves, for all parts of the collection: its page, their number, what is over all of
 * them. Where they are many, each part best finds them for itself: an index may give the page, and to count them Postgres
 * keeps none. Where they are few, the filter is what takes time, so they are found once and kept: the benchmark's W8 then
 * takes 0.7 rather than 1.5 ms of Postgres. How many there are is known from the last time they were counted.
 */
import type { SqlPlan } from "../../schema/index.ts";
import type { RowSet } from "../bytes/rows.ts";
import { COUNT_COLUMN, type Found, isPartOfFound, partOf } from "../contract/page-parts.ts";
import type { Node } from "./bound-statement.ts";

/** Rows that are kept. Of 50,000 kept ones a statement took five times as long as where an index gave the page. */
const FEW = 1000;

/** Rows for several nodes, and the one whose parameters they have. */
export interface FoundTable {
  readonly rows: Found;
  readonly name: string;
  readonly owner: number;
}

/** The rows that several nodes are parts of, if they are counted. */
export function foundTables(nodes: readonly Node[], prefix: string): FoundTable[] {
  const tables: FoundTable[] = [];
  for (const [owner, { step, plan }] of nodes.entries()) {
    const isShared = isPartOfFound(plan) && nodes.filter((other) => foundBy(other.plan) === plan.found).length > 1;
    if (isShared && partOf(step) === "totalCount") {
      tables.push({ rows: plan.found, name: `${prefix}${owner}_found`, owner });
    }
  }
  return tables;
}

function foundBy(plan: SqlPlan): Found | null {
  return isPartOfFound(plan) ? plan.found : null;
}

/** The text of a plan, over one of the tables where that has its rows. */
export function textOver(tables: readonly FoundTable[], plan: SqlPlan): string {
  const table = isPartOfFound(plan) ? tables.find(({ rows }) => rows === plan.found) : undefined;
  return table === undefined || !isPartOfFound(plan) ? plan.text : plan.overFound.join(table.name);
}

/** Whether tables' rows have been few so far. */
export class Few {
  /** Of the nodes that count them. */
  readonly #owners: readonly number[];
  #most: number | null = null;

  constructor(tables: readonly FoundTable[]) {
    this.#owners = tables.map(({ owner }) => owner);
  }

  get areFew(): boolean {
    return this.#most !== null && this.#most <= FEW;
  }

  /** Learns how many they are from the nodes' rows. Where they have been many, they are so for good. */
  learn(rows: readonly RowSet[]): void {
    if (this.#most !== null && this.#most > FEW) {
      return;
    }
    this.learnCounts((owner) => {
      const counted = rows[owner];
      if (counted?.count !== 1) {
        return null;
      }
      counted.seek(0);
      return counted.integer(counted.indexOf(COUNT_COLUMN));
    });
  }

  /** The same from the numbers that the nodes counted; null: none. */
  learnCounts(countOf: (owner: number) => number | null): void {
    for (const owner of this.#owners) {
      const count = countOf(owner);
      if (count !== null) {
        this.#most = Math.max(this.#most ?? 0, count);
      }
    }
  }
}
