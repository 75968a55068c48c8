/**
 * Reads JSON text a level at a time, without making values of it: numbers keep their digits, and what nobody asks for is
 * only walked over. The text is valid, since Postgres or Python printed it.
 */

/** The texts of an array's items; null if the text is not an array. */
export function itemsOf(json: string): string[] | null {
  const start = skipSpace(json, 0);
  if (json[start] !== "[") {
    return null;
  }
  const items: string[] = [];
  let at = skipSpace(json, start + 1);
  while (json[at] !== "]") {
    const end = endOfValue(json, at);
    items.push(json.slice(at, end));
    at = skipComma(json, end);
  }
  return items;
}

/** The texts of an object's values by their keys, the last where several have one key; null if it is not an object. */
export function membersOf(json: string): { readonly [key: string]: string } | null {
  const start = skipSpace(json, 0);
  if (json[start] !== "{") {
    return null;
  }
  const members: { [key: string]: string } = Object.create(null); // a key may be __proto__
  let at = skipSpace(json, start + 1);
  while (json[at] !== "}") {
    const end = endOfString(json, at);
    const key = JSON.parse(json.slice(at, end)) as string; // an object's keys are strings
    at = skipSpace(json, skipSpace(json, end) + 1); // behind the colon
    const endOfMember = endOfValue(json, at);
    members[key] = json.slice(at, endOfMember);
    at = skipComma(json, endOfMember);
  }
  return members;
}

/**
 * An integer's digits, of `5`, `5.0` or `5e3`; null if it has a fraction, or is beyond what a double holds exactly and
 * written with an exponent.
 */
export function integerDigits(number: string): string | null {
  const plain = /^(-?\d+)(?:\.0+)?$/.exec(number);
  if (plain !== null) {
    return plain[1] ?? null;
  }
  const value = Number(number);
  return Number.isSafeInteger(value) && /[eE]/.test(number) ? String(value) : null;
}

function endOfValue(json: string, start: number): number {
  const first = json[start];
  if (first === '"') {
    return endOfString(json, start);
  }
  if (first !== "{" && first !== "[") {
    let at = start;
    while (at < json.length && !isEnd(json.charCodeAt(at))) {
      at++;
    }
    return at;
  }
  let depth = 0;
  for (let at = start; at < json.length; at++) {
    switch (json.charCodeAt(at)) {
      case 0x22:
        at = endOfString(json, at) - 1;
        break;
      case 0x5b:
      case 0x7b:
        depth++;
        break;
      case 0x5d:
      case 0x7d:
        if (--depth === 0) {
          return at + 1;
        }
    }
  }
  throw new SyntaxError("the JSON text has no end");
}

function endOfString(json: string, start: number): number {
  for (let at = start + 1; at < json.length; at++) {
    const code = json.charCodeAt(at);
    if (code === 0x5c) {
      at++;
    } else if (code === 0x22) {
      return at + 1;
    }
  }
  throw new SyntaxError("the JSON text has no end");
}

/** A comma, a bracket, a brace or white space. */
function isEnd(code: number): boolean {
  return code === 0x2c || code === 0x5d || code === 0x7d || code <= 0x20;
}

function skipComma(json: string, start: number): number {
  const at = skipSpace(json, start);
  return json[at] === "," ? skipSpace(json, at + 1) : at;
}

function skipSpace(json: string, start: number): number {
  let at = start;
  while (json.charCodeAt(at) <= 0x20) {
    at++;
  }
  return at;
}
