/** Which statements may leave something behind in their session, where the next request would find it. */
import { LRUCache } from "lru-cache";
import type { RowSet, Statement } from "../../../planner/index.ts";
import { wordsOf } from "./function-source.ts";
import { catalogueStatement, mentions, readCatalogue, type SessionCatalogue } from "./session-catalogue.ts";

/** Milliseconds until the catalogue is read again: functions, views and policies may have been replaced. */
const catalogueLife = 30_000;
/** Milliseconds between two readings at least. */
const shortestPause = 200;
const mostTexts = 5_000;

/** What is known of a text. */
interface Verdict {
  /** When it came first. */
  readonly since: number;
  /** What it was judged by. */
  catalogue: SessionCatalogue | null;
  /** Whether it may change its session, where it only reads and where it writes. */
  reading: boolean;
  writing: boolean;
}

/**
 * Judges statements by their words. Only functions change a session, since other commands are refused: those of users
 * whose source does not show that they do not, and a few built-in ones. A text that has the name of one may change
 * it, and so may one that has the name of what calls one: a view, a policy's table, an operator, and where the text
 * writes a table with a trigger, a rule, a default, a check or a cascade. So may each text that came after the catalogue
 * was read, since a function may be new.
 */
export class SessionEffects {
  readonly #verdicts = new LRUCache<string, Verdict>({ max: mostTexts });
  #catalogue: SessionCatalogue | null = null;
  /** Counts texts and readings, so that one can tell which came first. */
  #clock = 0;
  #readBegun = 0;
  #isReading = false;
  #isStale = true;
  #nextReading = 0;

  /** Whether functions may prepare statements. */
  get mayPrepare(): boolean {
    return this.#catalogue?.prepares ?? true;
  }

  /** `writes`: whether it may write; what a transaction that only reads can't write does not count otherwise. */
  mayChange(text: string, writes: boolean): boolean {
    let verdict = this.#verdicts.get(text);
    if (verdict === undefined) {
      verdict = { since: ++this.#clock, catalogue: null, reading: true, writing: true };
      this.#verdicts.set(text, verdict);
    }
    const catalogue = this.#catalogue;
    if (verdict.catalogue !== catalogue && catalogue !== null && verdict.since < this.#readBegun) {
      verdict.catalogue = catalogue;
      judge(verdict, text, catalogue);
    }
    if (verdict.catalogue === null) {
      this.#isStale = true;
    }
    return writes ? verdict.writing : verdict.reading;
  }

  /** Forgets what it knows: what the catalogue has was changed. */
  forget(): void {
    this.#catalogue = null;
    this.#verdicts.clear();
    this.#isStale = true;
    this.#nextReading = 0;
  }

  /**
   * Reads the catalogue where that is due; called whenever a statement has been answered.
   *
   * @param read Runs a statement; null: not now.
   */
  refresh(read: (statement: Statement) => Promise<RowSet> | null): void {
    if (!this.#isStale || this.#isReading || performance.now() < this.#nextReading) {
      return;
    }
    const begun = ++this.#clock;
    const reading = read(catalogueStatement);
    if (reading === null) {
      return;
    }
    this.#isReading = true;
    this.#isStale = false;
    this.#nextReading = performance.now() + shortestPause;
    reading
      .then(
        (rows) => {
          this.#catalogue = readCatalogue(rows);
          this.#readBegun = begun;
          setTimeout(() => {
            this.#isStale = true;
          }, catalogueLife).unref();
        },
        () => {
          this.#isStale = true; // a later one may go well
        },
      )
      .finally(() => {
        this.#isReading = false;
      });
  }
}

/** Identifiers whose letters are escaped. */
const escaped = /\bU&"/i;

function judge(verdict: Verdict, text: string, { everything, reads, writes }: SessionCatalogue): void {
  const lower = text.toLowerCase();
  const words = wordsOf(lower);
  const isUnclear = everything || escaped.test(text);
  verdict.reading = isUnclear || mentions(lower, words, reads);
  verdict.writing = verdict.reading || mentions(lower, words, writes);
}
