/**
 * Tells which channels a Redis pattern matches: `*`, `?`, `[ab]`, `[^a]`, `[a-z]`, and `\` before what is meant
 * plainly. An open bracket goes on to the pattern's end.
 *
 * @see https://redis.io/docs/latest/commands/psubscribe/
 * @example matcherOf("room.*")("room.3"); // true
 */
export function matcherOf(pattern: string): (channel: string) => boolean {
  const source = pattern.replace(
    /\\([\s\S])|\[(\^?)((?:\\[\s\S]|[^\]\\])*)\]?|[\s\S]/gu,
    (token: string, escaped: string | undefined, not: string | undefined, set: string | undefined) => {
      if (escaped !== undefined) {
        return quote(escaped);
      }
      if (set !== undefined) {
        return readSet(set, not === "^");
      }
      return token === "*" ? "[^]*" : token === "?" ? "[^]" : quote(token);
    },
  );
  const whole = new RegExp(`^${source}$`, "u");
  return (channel) => whole.test(channel);
}

/** The characters within brackets: ranges in either order. */
function readSet(set: string, not: boolean): string {
  const members = [...set.matchAll(/(\\?[\s\S])(?:-(\\?[\s\S]))?/gu)].map(([, from = "", to]) => {
    const [first = "", last = ""] = [plain(from), plain(to ?? from)].sort();
    return `${quote(first)}-${quote(last)}`;
  });
  if (members.length === 0) {
    return not ? "[^]" : "[]";
  }
  return `[${not ? "^" : ""}${members.join("")}]`;
}

function quote(character: string): string {
  return /[\w\s]/.test(character) ? character : `\\u{${character.codePointAt(0)?.toString(16)}}`;
}

function plain(character: string): string {
  return character.length > 1 && character.startsWith("\\") ? character.slice(1) : character;
}
