/** The user's SQL, cut at its parameters by Postgres's own scanner, so that `$1` in a string or comment stays what it is. */
import { scan } from "libpg-query";
import { LRUCache } from "lru-cache";

/** A statement's text around its parameters: `parts[0] $numbers[0] parts[1] $numbers[1] … parts[n]`. */
export interface SqlText {
  /** The statement without semicolons at its end. */
  readonly text: string;
  readonly parts: readonly string[];
  /** Numbers of the parameters, counted from 1, in the order of their places. */
  readonly parameters: readonly SqlParameter[];
}

export interface SqlParameter {
  readonly number: number;
  /** Whether it stands in `= ANY($n)`, where duplicates and nulls make no difference. */
  readonly inEqualsAny: boolean;
  /** Whether it is what LIMIT or OFFSET begin with. */
  readonly countsRows: boolean;
}

/** Characters that SQL has in strings and comments alone: the scanner gives its tokens as JSON, and does not escape them. */
const CONTROL = /[^\P{Cc}\t\n\r\x7f-\x9f]/gu;

const texts = new LRUCache<string, SqlText>({ max: 1000 });

/**
 * Cuts a statement at its parameters; semicolons at its end are left out.
 *
 * @throws Error if it is not even made of SQL's tokens.
 * @example await cutSql("SELECT '$1' FROM t WHERE a = ANY($1)"); // parts ["SELECT '$1' FROM t WHERE a = ANY(", ")"]
 */
export async function cutSql(text: string): Promise<SqlText> {
  const known = texts.get(text);
  if (known !== undefined) {
    return known;
  }
  const bytes = Buffer.from(text); // the scanner counts bytes
  const tokens = await tokensOf(text);
  let last = tokens.length;
  while (tokens[last - 1]?.text === ";") {
    last--;
  }
  const parts: string[] = [];
  const parameters: SqlParameter[] = [];
  let from = 0;
  for (const [index, token] of tokens.slice(0, last).entries()) {
    if (token.tokenName === "PARAM") {
      parts.push(bytes.toString("utf8", from, token.start));
      const before = tokens.slice(Math.max(0, index - 3), index).map((other) => other.text.toUpperCase());
      parameters.push({
        number: Number(token.text.slice(1)),
        inEqualsAny: before.join(" ") === "= ANY (" && tokens[index + 1]?.text === ")",
        countsRows: /^(LIMIT|OFFSET)$/.test(before.at(-1) ?? ""),
      });
      from = token.end;
    }
  }
  const end = last === tokens.length ? bytes.length : (tokens[last]?.start ?? bytes.length);
  parts.push(bytes.toString("utf8", from, end));
  const cut = { text: bytes.toString("utf8", 0, end), parts, parameters };
  texts.set(text, cut);
  return cut;
}

/** The tokens that say something, with their places in bytes. */
export async function tokensOf(text: string) {
  const { tokens } = await scan(text.replace(CONTROL, " "));
  return tokens.filter(({ tokenName }) => !tokenName.endsWith("COMMENT"));
}

/** Puts other SQL in the places of the parameters. */
export function fillSql({ parts, parameters }: SqlText, replace: (parameter: SqlParameter) => string): string {
  return parts
    .map((part, index) => (index === 0 ? part : replace(parameters[index - 1] as SqlParameter) + part))
    .join("");
}

/** The statement for some of its columns alone: Postgres computes no others. */
export async function narrowSql(text: string, columns: readonly { readonly name: string }[]): Promise<string> {
  const names = columns.map(({ name }) => `q.${quoteName(name)}`).join(", ");
  return `SELECT ${names} FROM (${(await cutSql(text)).text}\n) AS q`;
}

/** An identifier as SQL quotes it. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
