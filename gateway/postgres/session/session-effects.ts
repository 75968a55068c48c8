/** Which statements may leave something behind in their session, where the next request would find it. */
import { LRUCache } from "lru-cache";
import type { RowSet, Statement } from "../../../planner/index.ts";
import { catalogueStatement, readCatalogue, type SessionCatalogue, wordsOf } from "./session-catalogue.ts";

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
  mayChange: boolean;
}

/**
 * Judges statements by their words. Only functions change a session, since other commands are refused: those of users, in
 * whatever language, and a few of Postgres's own. A text that has the name of one, or of a view, a policy's table or an
 * operator that has, may change it. So may each text that came after the catalogue was read, since a function may be new.
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

  mayChange(text: string): boolean {
    let verdict = this.#verdicts.get(text);
    if (verdict === undefined) {
      verdict = { since: ++this.#clock, catalogue: null, mayChange: true };
      this.#verdicts.set(text, verdict);
    }
    const catalogue = this.#catalogue;
    if (verdict.catalogue !== catalogue && catalogue !== null && verdict.since < this.#readBegun) {
      verdict.catalogue = catalogue;
      verdict.mayChange = hasEffects(text, catalogue);
    }
    if (verdict.catalogue === null) {
      this.#isStale = true;
    }
    return verdict.mayChange;
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

function hasEffects(text: string, { everything, names, oddNames }: SessionCatalogue): boolean {
  const lower = text.toLowerCase();
  return (
    everything ||
    escaped.test(text) ||
    wordsOf(lower).some((word) => names.has(word)) ||
    oddNames.some((name) => lower.includes(name))
  );
}
