/** Asks Postgres for plans: as the tables are, without any index, and on empty copies with an index more. */
import { PuffError } from "../../schema/index.ts";
import type { Database, PgSettings, Session, Statement } from "../database/database.ts";
import type { Probe } from "./probes.ts";
import { type Candidates, candidatesFor } from "./proof/candidates.ts";
import { indexesOf, tablesOf, textsOf } from "./proof/catalogue.ts";
import { type PlanReading, readPlan } from "./proof/plan-tree.ts";
import type { Index } from "./proof/report.ts";
import { hasIndex, indexOf, Trial } from "./proof/trial.ts";
import { type Bare, isNarrow, judge, type Verdict } from "./proof/verdict.ts";

/** Postgres does what an index can spare it only where none does; how many rows a table has then makes no difference. */
const serving: PgSettings = {
  ...{ enable_seqscan: "off", enable_sort: "off", enable_hashjoin: "off", enable_mergejoin: "off" },
  // What counts is how many rows it reads, not where they are.
  ...{ random_page_cost: "0", seq_page_cost: "0", cpu_operator_cost: "0" },
  enable_indexonlyscan: "off", // else all of an index may be read in place of the table
  max_parallel_workers_per_gather: "0",
};
/** All conditions are filters, and all orders are sorts. */
const plain: PgSettings = {
  ...{ enable_indexscan: "off", enable_indexonlyscan: "off", enable_bitmapscan: "off", enable_tidscan: "off" },
  ...{ enable_hashjoin: "off", enable_mergejoin: "off" },
  max_parallel_workers_per_gather: "0",
};

export interface Found {
  readonly indexes: readonly Index[];
  /** Whether Postgres was seen to use them. */
  readonly tried: boolean;
}

export class PlanAsker {
  readonly #database: Database;
  readonly #bare = new Map<string, Promise<Bare>>();

  constructor(database: Database) {
    this.#database = database;
  }

  /** Whether the database's indexes serve a probe. */
  async judge(probe: Probe): Promise<Verdict> {
    const bare = await this.#bareOf(probe); // first: a transaction must not wait for another connection
    return (await this.#inside(serving, (session) => judgeIn(session, probe, bare, ""))).verdict;
  }

  /**
   * Indexes with which a probe would be served better than now; where none can be tried, those that most likely serve.
   *
   * @param rank How well it is served now.
   */
  async findIndexes(probe: Probe, rank: Verdict["rank"]): Promise<Found> {
    const { reading, tables } = await this.#inside(plain, async (session) => {
      const read = await readingOf(session, probe.statement, "plain");
      return { reading: read, tables: await tablesOf(session, read.scans) };
    });
    const { rounds, likely } = candidatesFor(probe.kind, reading, (scan, sql) => hasIndex(tables, scan, sql));
    try {
      const bare = await this.#bareOf(probe);
      const indexes = await this.#inside(serving, async (session) => {
        const trial = new Trial(session, tables);
        await trial.copyTables();
        return await tryRounds(trial, rank, rounds, (mark) => judgeIn(session, probe, bare, mark));
      });
      if (indexes !== null) {
        return { indexes, tried: true };
      }
    } catch (error) {
      if (error instanceof PuffError && error.status !== 200) {
        throw error;
      }
      // The database's user may make no temporary tables.
    }
    return { indexes: likely.map((candidate) => indexOf(tables, candidate)), tried: false };
  }

  async #bareOf({ bare }: Probe): Promise<Bare> {
    const key = JSON.stringify([bare.text, bare.params]);
    const known = this.#bare.get(key) ?? this.#inside(serving, (session) => bareIn(session, bare));
    this.#bare.set(key, known);
    return await known;
  }

  #inside<T>(settings: PgSettings, work: (session: Session) => Promise<T>): Promise<T> {
    return this.#database.transaction(async (session) => ({ commit: false, result: await work(session) }), settings);
  }
}

/**
 * Makes the candidates, round by round, until the probe is served: the indexes of the best plan.
 * Null if the statement does not read the copies.
 */
async function tryRounds(
  trial: Trial,
  rank: Verdict["rank"],
  rounds: Candidates["rounds"],
  judgeAgain: (mark: string) => Promise<Judged>,
): Promise<readonly Index[] | null> {
  let best: { readonly rank: number; readonly indexes: readonly Index[] } = { rank, indexes: [] };
  for (const [round, candidates] of rounds.entries()) {
    for (const candidate of candidates) {
      await trial.make(candidate);
    }
    const { reading, verdict } = await judgeAgain(`${round}`);
    if (reading.scans.some(({ schema }) => schema !== "pg_temp")) {
      return null;
    }
    if (verdict.rank > best.rank) {
      best = { rank: verdict.rank, indexes: trial.usedBy(reading.scans) };
    }
    if (verdict.rank === 2) {
      break;
    }
  }
  return best.indexes;
}

interface Judged {
  readonly reading: PlanReading;
  readonly verdict: Verdict;
}

async function judgeIn(session: Session, probe: Probe, bare: Bare, mark: string): Promise<Judged> {
  const reading = await readingOf(session, probe.statement, mark);
  const foreign = reading.scans.find(({ isForeign }) => isForeign);
  if (foreign !== undefined) {
    throw new PuffError("PUFF_PLAN_INVALID", `${foreign.table} is a foreign table, whose indexes are elsewhere`);
  }
  const indexes = await indexesOf(session, reading.scans);
  return { reading, verdict: judge(probe.kind, reading, bare, probe.isOfParents, indexes) };
}

async function bareIn(session: Session, statement: Statement): Promise<Bare> {
  const reading = await readingOf(session, statement, "");
  const indexes = await indexesOf(session, reading.scans);
  return { reading, isNarrow: reading.scans.every((scan) => isNarrow(scan, indexes)) };
}

/** @param mark Tells statements apart whose tables differ, since they are kept as prepared. */
async function readingOf(session: Session, { text, params }: Statement, mark: string): Promise<PlanReading> {
  const rows = await textsOf(session, `EXPLAIN (FORMAT JSON, VERBOSE, COSTS OFF) /* ${mark} */ ${text}`, params);
  return readPlan(rows.flat().join("\n"));
}
