/**
 * JSON whose numbers keep their digits. A JavaScript number rounds `12345678901234567.89` and forgets that `1.50` had
 * two decimals: where it would print another text, the text itself is kept, as `JSON.rawJSON`, which JSON.stringify
 * writes as it is. Only scalars that hold such numbers are given them, see `readInputs` of the planner.
 */

/** A number as its text. */
export type ExactNumber = { readonly rawJSON: string };

declare global {
  interface JSON {
    rawJSON(text: string): ExactNumber;
    isRawJSON(value: unknown): value is ExactNumber;
  }
}

/** Digits of the longest number: Python reads no longer integers. */
export const MOST_DIGITS = 4300;

/**
 * Parses JSON.
 *
 * @throws SyntaxError
 * @example JSON.stringify(parseExact('{"price": 1.50}')); // '{"price":1.50}'
 */
export function parseExact(text: string): unknown {
  // Most JSON has no such number, and a reviver is slow.
  return mayHaveExact.test(text) ? JSON.parse(text, keepDigits) : JSON.parse(text);
}

/** A number that begins with a minus and 0, has a point or an exponent, or 16 digits. */
const mayHaveExact = /[\s,:[](?:-0|-?\d{1,15}[.eE]|-?\d{16})/;

/** Is to be JSON.parse's reviver. */
export function keepDigits(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  const source = context?.source;
  if (typeof value !== "number" || source === undefined || String(value) === source) {
    return value;
  }
  if (source.length > MOST_DIGITS) {
    throw new SyntaxError(`a number has ${source.length} digits, and ${MOST_DIGITS} are allowed`);
  }
  return JSON.rawJSON(source);
}

/** Whether a value that was parsed is a number that keeps its digits. */
export function isExactNumber(value: unknown): value is ExactNumber {
  return typeof value === "object" && value !== null && JSON.isRawJSON(value);
}

/** A number's text as an integer, where it is one: `1e3` is 1000. Null if it is none, or too long. */
export function exactInteger(number: string): string | null {
  const parts = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(number);
  const [sign = "", whole = "", fraction = "", exponent = "0"] = parts?.slice(1) ?? [];
  const point = whole.length + Number(exponent);
  if (parts === null || point > MOST_DIGITS || whole.length + fraction.length > MOST_DIGITS) {
    return null;
  }
  const digits = whole + fraction;
  if (/[1-9]/.test(digits.slice(Math.max(point, 0)))) {
    return null;
  }
  const integer = digits
    .slice(0, Math.max(point, 0))
    .padEnd(point, "0")
    .replace(/^0+(?=\d)/, "");
  return integer === "" || integer === "0" ? "0" : sign + integer;
}

/** Whether a double can hold a number, though it may round it: neither too large nor too near to 0. */
export function fitsDouble(number: string): boolean {
  const value = Number(number);
  return Number.isFinite(value) && (value !== 0 || !/[1-9]/.test(number.replace(/[eE].*/, "")));
}
