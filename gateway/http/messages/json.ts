/** JSON from clients: not deeper than the code behind it, Python's among it, can follow. */
import { PuffError, parseExact } from "../../../schema/index.ts";

/** Levels of arrays and objects. */
export const MOST_JSON_LEVELS = 200;

/**
 * Parses JSON that a client sent; numbers keep their digits, see `parseExact`.
 *
 * @throws PuffError `PUFF_JSON_TOO_DEEP`; SyntaxError for what is not JSON.
 * @example parseJson('{"query": "{ posts { id } }"}'); // { query: "{ posts { id } }" }
 */
export function parseJson(text: string): unknown {
  checkJsonLevels(text);
  return parseExact(text);
}

/**
 * Checks how deep JSON is, without parsing it.
 *
 * @throws PuffError `PUFF_JSON_TOO_DEEP`
 */
export function checkJsonLevels(text: string): void {
  if (text.length <= 2 * MOST_JSON_LEVELS) {
    return; // each level has two brackets, or it is not JSON
  }
  let level = 0;
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case QUOTE:
        at = endOfString(text, at);
        break;
      case OPEN_ARRAY:
      case OPEN_OBJECT:
        level += 1;
        if (level > MOST_JSON_LEVELS) {
          throw new PuffError("PUFF_JSON_TOO_DEEP", `the JSON is nested deeper than ${MOST_JSON_LEVELS} levels`);
        }
        break;
      case CLOSE_ARRAY:
      case CLOSE_OBJECT:
        level -= 1;
    }
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end !== -1 && isEscaped(text, end)) {
    end = text.indexOf('"', end + 1);
  }
  return end === -1 ? text.length : end;
}

/** An odd number of backslashes before it escapes a quote. */
function isEscaped(text: string, quote: number): boolean {
  let at = quote;
  while (text.charCodeAt(at - 1) === BACKSLASH) {
    at -= 1;
  }
  return (quote - at) % 2 === 1;
}
