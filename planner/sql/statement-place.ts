/** Where a statement that failed stands: the field that it answers, and the place in its SQL. */
import { PuffError } from "../../schema/index.ts";
import { tokensOf } from "./sql-text.ts";

/**
 * The error with its field, and with line and column where Postgres does not tell them: of the second statement, or of
 * the word that writes. What is not the plan's fault stays as it is.
 */
export async function inField(error: unknown, field: string, text: string): Promise<unknown> {
  if (!(error instanceof PuffError) || error.safe || error.status === 503 || error.place !== undefined) {
    return error;
  }
  const { code, message, remedy, cause, extensions, said } = error;
  const find = finders[code];
  const offset = find === undefined ? null : await findOffset(text, find);
  const details = {
    place: field,
    ...(remedy === undefined ? {} : { remedy }),
    cause,
    ...(said === null ? {} : { said }),
  };
  if (offset === null) {
    return new PuffError(code, message, { ...details, extensions });
  }
  const before = text.slice(0, offset).split("\n");
  const [line, column] = [before.length, (before.at(-1)?.length ?? 0) + 1];
  return new PuffError(code, `${message}, at line ${line}, column ${column}`, {
    ...details,
    extensions: { ...extensions, line, column },
  });
}

/** Of an SQL's words, the one at which it is wrong; -1: none of them is. */
type Finder = (words: readonly string[]) => number;

const writing = /^(INSERT|UPDATE|DELETE|MERGE|CREATE|ALTER|DROP|TRUNCATE|GRANT|REVOKE|COPY|COMMENT|REFRESH|LOCK)$/i;

const finders: { readonly [code: string]: Finder } = {
  PUFF_PLAN_STATEMENTS(words) {
    const end = words.indexOf(";");
    const next = words.findIndex((word, index) => index > end && word !== ";");
    return end === -1 ? -1 : next;
  },
  PUFF_PLAN_WRITES: (words) => words.findIndex((word) => writing.test(word)),
};

async function findOffset(text: string, find: Finder): Promise<number | null> {
  try {
    const tokens = await tokensOf(text);
    const start = tokens[find(tokens.map((token) => token.text))]?.start;
    return start === undefined ? null : Buffer.from(text).toString("utf8", 0, start).length;
  } catch {
    return null; // it is not made of SQL's words
  }
}
