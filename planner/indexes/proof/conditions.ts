/** Conditions as Postgres prints them in a plan: which column of which table is compared how. */

export interface Comparison {
  /** A column or an expression of one table, without the table's name. */
  readonly sql: string;
  /** `=`, `~~`, `IS NULL`, …; empty for a Boolean. */
  readonly operator: string;
}

/**
 * What a condition compares of a table, given the table's name in the plan. Of alternatives, nothing is told.
 *
 * @example comparisonsOf("((post.votes > 1) AND (post.id = puff.k))", "post"); // votes by >, id by =
 */
export function comparisonsOf(condition: string, alias: string): Comparison[] {
  const plain = unwrap(condition);
  const all = splitAt(plain, " AND ");
  if (all.length > 1) {
    return all.flatMap((part) => comparisonsOf(part, alias));
  }
  if (splitAt(plain, " OR ").length > 1) {
    return [];
  }
  const found = compared(plain);
  const sides = found.sides.filter((side) => isOf(side, alias));
  return sides.map((side) => ({ sql: withoutAlias(side, alias), operator: found.operator }));
}

/** Whether an expression is of this table alone. */
export function isOf(sql: string, alias: string): boolean {
  const own = prefixOf(alias);
  const names = maskTexts(sql).match(/("(?:[^"]|"")+"|[a-z_][\w$]*)\.(?=["a-z_])/gi) ?? [];
  return names.length > 0 && names.every((name) => name === own);
}

/** An expression without its table's name, and without a cast of varchar to text, which an index does not need. */
export function withoutAlias(sql: string, alias: string): string {
  const plain = sql.replaceAll(new RegExp(`(?<![\\w$"])${escapePattern(prefixOf(alias))}(?=["a-z_])`, "gi"), "");
  return unwrap(/^\(("(?:[^"]|"")+"|[a-z_][\w$]*)\)::text$/i.exec(plain)?.[1] ?? plain);
}

/** The same text for the same expression, however Postgres puts parentheses and casts of texts. */
export function normalize(sql: string): string {
  return sql.replaceAll(/::(text|character varying)\b|[()\s]/gi, "").toLowerCase();
}

export function escapePattern(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}

function prefixOf(alias: string): string {
  return `${/^[a-z_][a-z0-9_$]*$/.test(alias) ? alias : `"${alias.replaceAll('"', '""')}"`}.`;
}

function compared(plain: string): { readonly sides: readonly string[]; readonly operator: string } {
  const nullTest = /^(.*) (IS (?:NOT )?NULL)$/s.exec(plain);
  if (nullTest !== null) {
    return { sides: [unwrap(nullTest[1] ?? "")], operator: nullTest[2] ?? "" };
  }
  const masked = maskDeep(plain);
  const operator = / ([-+*/<>=~!@#%^&|?]+) /.exec(masked);
  if (operator !== null) {
    const [whole, name = ""] = operator;
    const sides = [plain.slice(0, operator.index), plain.slice(operator.index + whole.length)];
    return { sides: sides.map(unwrap), operator: name };
  }
  return { sides: [plain.replace(/^NOT /, "")].map(unwrap), operator: "" };
}

/** An expression without the parentheses around it. */
export function unwrap(sql: string): string {
  let plain = sql.trim();
  while (plain.startsWith("(") && closing(plain) === plain.length - 1) {
    plain = plain.slice(1, -1).trim();
  }
  return plain;
}

/** Where the first parenthesis is closed. */
function closing(sql: string): number {
  const masked = maskTexts(sql);
  let depth = 0;
  for (let at = 0; at < masked.length; at++) {
    depth += masked[at] === "(" ? 1 : masked[at] === ")" ? -1 : 0;
    if (depth === 0) {
      return at;
    }
  }
  return -1;
}

function splitAt(sql: string, word: string): string[] {
  const masked = maskDeep(sql);
  const parts: string[] = [];
  let from = 0;
  for (let at = masked.indexOf(word); at !== -1; at = masked.indexOf(word, at + 1)) {
    parts.push(sql.slice(from, at));
    from = at + word.length;
  }
  return [...parts, sql.slice(from)];
}

/** The text with strings made unreadable, at its length. */
function maskTexts(sql: string): string {
  return sql.replaceAll(/'(?:[^']|'')*'/g, (text) => "'".padEnd(text.length, "'"));
}

/** The text with what is in strings, in quotes and in parentheses made unreadable, at its length. */
function maskDeep(sql: string): string {
  const masked = maskTexts(sql).replaceAll(/"(?:[^"]|"")*"/g, (name) => "_".repeat(name.length));
  let depth = 0;
  let deep = "";
  for (const character of masked) {
    depth -= character === ")" || character === "]" ? 1 : 0;
    deep += depth > 0 ? "_" : character;
    depth += character === "(" || character === "[" ? 1 : 0;
  }
  return deep;
}
