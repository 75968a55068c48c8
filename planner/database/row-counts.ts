/**
 * Values of LIMIT and OFFSET, in the text of a statement rather than beside it.
 *
 * Postgres keeps one plan for a prepared statement only where that seems no dearer than a plan for each run's values, and
 * where it does not know a LIMIT it reckons with a tenth of all rows. So it planned each run anew: with the number in the
 * text the fused statement of the benchmark's W2 takes 0.4 rather than 0.8 ms of Postgres, on a busy machine, and a list of
 * 20 rows 0.1 rather than 0.17 ms.
 */
import { LRUCache } from "lru-cache";
import type { TypedText } from "../../schema/index.ts";
import { cutSql, fillSql } from "../sql/sql-text.ts";
import { isIntegerOid } from "../types/oids.ts";
import type { Statement } from "./database.ts";

/** Texts for one statement. Further values stay parameters, lest statements are prepared that are never run again. */
const MOST_TEXTS = 8;
/** No SQL has it. */
const MARK = "\0";

/** A parameter in a text that {@link CountingStatement} is made of. */
export function markParameter(number: number, countsRows: boolean): string {
  return `${MARK}${countsRows ? -number : number}${MARK}`;
}

/** A text, and which of the parameters are left in it, by their numbers. */
interface Written {
  readonly text: string;
  readonly numbers: readonly number[];
}

/** A statement with a text for each of the numbers of rows that it is asked for. */
export class CountingStatement {
  /** Text, number of a parameter, text, … */
  readonly #pieces: readonly string[];
  readonly #counts: readonly number[];
  /** How many parameters it has to be given. */
  readonly #wanted: number | null;
  readonly #plain: string;
  /** By the values that they hold. */
  readonly #texts = new Map<string, Written>();

  /** @param text With {@link markParameter} in the place of each parameter. */
  constructor(text: string) {
    this.#pieces = text.split(MARK);
    const numbers = this.#pieces.filter((_, index) => index % 2 === 1).map(Number);
    this.#counts = [...new Set(numbers.filter((number) => number < 0).map((number) => -number))];
    const used = new Set(numbers.map(Math.abs));
    this.#wanted = Math.max(...used) === used.size ? used.size : null;
    this.#plain = this.#write((number) => `$${number}`);
  }

  /** The statement for the parameters' values. */
  for(params: readonly TypedText[]): Statement {
    if (this.#counts.length === 0 || params.length !== this.#wanted) {
      return { text: this.#plain, params }; // where one is missing or too many, that is told as ever
    }
    const key = this.#counts.map((number) => countOf(params, number)).join();
    let written = this.#texts.get(key);
    if (written === undefined) {
      if (this.#texts.size >= MOST_TEXTS) {
        return { text: this.#plain, params };
      }
      written = this.#writeFor(params);
      this.#texts.set(key, written);
    }
    return { text: written.text, params: written.numbers.map((number) => params[number - 1] ?? [0, null]) };
  }

  #writeFor(params: readonly TypedText[]): Written {
    const numbers: number[] = [];
    const text = this.#write((number, countsRows) => {
      const count = countsRows ? countOf(params, number) : null;
      if (count === null && !numbers.includes(number)) {
        numbers.push(number);
      }
      return count ?? `$${numbers.indexOf(number) + 1}`;
    });
    return { text, numbers };
  }

  #write(parameter: (number: number, countsRows: boolean) => string): string {
    return this.#pieces
      .map((piece, index) => (index % 2 === 1 ? parameter(Math.abs(Number(piece)), Number(piece) < 0) : piece))
      .join("");
  }
}

/** A parameter's value, where it is a number that can stand in the text. */
function countOf(params: readonly TypedText[], number: number): string | null {
  const [oid = 0, value = null] = params[number - 1] ?? [];
  return isIntegerOid(oid) ? value : null;
}

const statements = new LRUCache<string, CountingStatement>({ max: 1000 });

/** A plan's own statement, ready to run. */
export async function statementFor(text: string, params: readonly TypedText[]): Promise<Statement> {
  return params.length === 0 ? { text, params } : (await countingStatement(text, params)).for(params);
}

/** A statement for any values of its parameters, which are those that it has to be given. What is not SQL stays as it is. */
export async function countingStatement(text: string, params: readonly TypedText[]): Promise<CountingStatement> {
  if (params.length === 0) {
    return new CountingStatement(text);
  }
  let counting = statements.get(text);
  if (counting === undefined) {
    counting = new CountingStatement(await markAll(text));
    statements.set(text, counting);
  }
  return counting;
}

async function markAll(text: string): Promise<string> {
  const cut = await cutSql(text).catch(() => null);
  return cut?.parameters.some(({ countsRows }) => countsRows) === true
    ? fillSql(cut, ({ number, countsRows }) => markParameter(number, countsRows))
    : text;
}
