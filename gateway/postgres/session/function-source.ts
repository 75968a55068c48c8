/** Which functions' sources show that they leave their session as it was, unless a function that they call does not. */

/**
 * Words of commands that change a session, or run text that is not known. `create` may make a temporary table, and
 * `hold` a cursor that outlives its transaction.
 */
const suspicious = new Set(
  "execute reset discard listen unlisten load prepare deallocate hold create alter temp temporary pg_temp import copy".split(
    " ",
  ),
);
const word = String.raw`(?:"[^"]+"|[\p{L}_][\p{L}\p{M}\p{N}_]*)`;
/** Of a table, which is not a word that a command follows. */
const table = String.raw`(?!(?:begin|then|else|loop)\b)${word}(?:\s*\.\s*${word})*`;
/** SET as a part of UPDATE, of INSERT … ON CONFLICT and of MERGE. */
const ofUpdate = new RegExp(String.raw`\bupdate\s+(?:only\s+)?(?:${table}\s+(?:as\s+)?(?:${table}\s+)?)?set\b`, "gu");
/** DO as a part of ON CONFLICT. */
const ofConflict = /\bdo\s+(?=(?:nothing|update)\b)/g;
/** SET as a command, or DO. */
const commands = /\b(?:set|do)\b/;
/** Identifiers whose letters are escaped. */
const escaped = /\bu&"/;

/**
 * @param source Of a function in SQL or PL/pgSQL, in lower case.
 *
 * @example
 * isHarmless("begin new.updated_at = now(); return new; end"); // true
 * isHarmless("begin set role to someone; return new; end"); // false
 */
export function isHarmless(source: string): boolean {
  const code = codeOf(source);
  return (
    code !== null &&
    !escaped.test(code) &&
    !commands.test(code.replace(ofConflict, " ").replace(ofUpdate, " ")) &&
    !wordsOf(code).some((each) => suspicious.has(each))
  );
}

/** The words of a lower-case text, those of its strings and comments, too. */
export function wordsOf(text: string): readonly string[] {
  return text.match(/[\p{L}\p{M}\p{N}_$]+/gu) ?? [];
}

/** The beginning of a comment, one to the end of its line, a string, or what is none of these. */
const tokens =
  /(?<begin>\/\*)|(?<comment>--[^\n]*)|(?<string>\be'(?:[^'\\]|\\[\s\S]|'')*'|'(?:[^']|'')*'|\$(?<tag>\w*)\$[\s\S]*?\$\k<tag>\$)|"[^"]*"|[^-/'"$e]+|[\s\S]/y;

/** The source without comments, and with empty strings; null where a comment does not end. */
function codeOf(source: string): string | null {
  let code = "";
  tokens.lastIndex = 0;
  for (let match = tokens.exec(source); match !== null; match = tokens.exec(source)) {
    const { begin, comment, string } = match.groups ?? {};
    if (begin !== undefined) {
      const end = endOfComment(source, tokens.lastIndex);
      if (end === null) {
        return null;
      }
      tokens.lastIndex = end;
    }
    code += begin !== undefined || comment !== undefined ? " " : string === undefined ? match[0] : "''";
  }
  return code;
}

/** Where a comment ends, which may have others within. */
function endOfComment(source: string, from: number): number | null {
  const marks = /\/\*|\*\//g;
  marks.lastIndex = from;
  let depth = 1;
  for (let match = marks.exec(source); match !== null; match = marks.exec(source)) {
    depth += match[0] === "/*" ? 1 : -1;
    if (depth === 0) {
      return marks.lastIndex;
    }
  }
  return null;
}
