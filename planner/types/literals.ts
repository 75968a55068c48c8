/** Reads Postgres's text forms of arrays and of composite values, one level at a time. */

/**
 * The items of an array: `{1,NULL,"a \"quoted\" text"}`. Lower bounds, as in `[0:1]={1,2}`, are left out; the items of
 * an array of several dimensions are arrays in this form.
 *
 * @see https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO
 * @throws SyntaxError if the text is not an array.
 */
export function splitArray(text: string, delimiter = ","): (string | null)[] {
  const start = text.startsWith("[") ? text.indexOf("=") + 1 : 0;
  const reader = new Reader(text, start + 1, delimiter, "}");
  const items: (string | null)[] = [];
  if (text[start] !== "{") {
    throw malformed(text, start);
  }
  if (text[start + 1] === "}") {
    reader.at = start + 2;
  } else {
    do {
      items.push(text[reader.at] === "{" ? reader.nested() : reader.item());
    } while (reader.next());
  }
  if (reader.at !== text.length) {
    throw malformed(text, reader.at);
  }
  return items;
}

/** Whether an array's item is an array itself. */
export function isNested(arrayText: string): boolean {
  const start = arrayText.startsWith("[") ? arrayText.indexOf("=") + 1 : 0;
  return arrayText[start + 1] === "{";
}

/**
 * The attributes of a composite value: `(1,"a ""quoted"" text",)`.
 *
 * @see https://www.postgresql.org/docs/current/rowtypes.html#ROWTYPES-IO-SYNTAX
 * @throws SyntaxError if the text is not a composite value.
 */
export function splitRecord(text: string): (string | null)[] {
  if (text[0] !== "(") {
    throw malformed(text, 0);
  }
  const values: (string | null)[] = [];
  let at = 1;
  for (;;) {
    let value: string | null = null;
    for (let code = text[at]; code !== "," && code !== ")"; code = text[at]) {
      if (code === undefined) {
        throw malformed(text, at);
      }
      const end = code === '"' ? endOfQuoted(text, at) : endOfBare(text, at);
      const part = code === '"' ? text.slice(at + 1, end - 1) : text.slice(at, end);
      value = (value ?? "") + (code === '"' ? part.replace(/\\(.)|""/gs, (_, escaped) => escaped ?? '"') : part);
      at = end;
    }
    values.push(value);
    if (text[at++] === ")") {
      break;
    }
  }
  if (at !== text.length) {
    throw malformed(text, at);
  }
  return values;
}

/** Behind the quote that ends what begins at `start`; two quotes, and one behind a backslash, are part of it. */
function endOfQuoted(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === "\\") {
      at++;
    } else if (text[at] === '"') {
      if (text[at + 1] !== '"') {
        return at + 1;
      }
      at++;
    }
  }
  throw malformed(text, text.length);
}

function endOfBare(text: string, start: number): number {
  let at = start;
  while (at < text.length && text[at] !== "," && text[at] !== ")" && text[at] !== '"') {
    at++;
  }
  return at;
}

class Reader {
  at: number;
  readonly #text: string;
  readonly #delimiter: string;
  readonly #end: string;

  constructor(text: string, at: number, delimiter: string, end: string) {
    this.#text = text;
    this.at = at;
    this.#delimiter = delimiter;
    this.#end = end;
  }

  /** Goes on behind a delimiter; false at the end. */
  next(): boolean {
    const character = this.#text[this.at++];
    if (character !== this.#delimiter && character !== this.#end) {
      throw malformed(this.#text, this.at - 1);
    }
    return character === this.#delimiter;
  }

  item(): string | null {
    const text = this.#text;
    const start = this.at;
    if (text[start] === '"') {
      this.#skipQuoted();
      const item = text.slice(start + 1, this.at - 1);
      return item.includes("\\") ? item.replace(/\\(.)/gs, "$1") : item;
    }
    while (this.at < text.length && text[this.at] !== this.#delimiter && text[this.at] !== this.#end) {
      this.at++;
    }
    const item = text.slice(start, this.at);
    return item.toUpperCase() === "NULL" ? null : item;
  }

  /** An array's text within an array's. */
  nested(): string {
    const start = this.at;
    let depth = 0;
    do {
      const character = this.#text[this.at];
      if (character === undefined) {
        throw malformed(this.#text, this.at);
      }
      if (character === '"') {
        this.#skipQuoted();
        continue;
      }
      depth += character === "{" ? 1 : character === "}" ? -1 : 0;
      this.at++;
    } while (depth > 0);
    return this.#text.slice(start, this.at);
  }

  #skipQuoted(): void {
    const text = this.#text;
    this.at++;
    while (text[this.at] !== '"') {
      if (this.at >= text.length) {
        throw malformed(text, this.at);
      }
      this.at += text[this.at] === "\\" ? 2 : 1;
    }
    this.at++;
  }
}

function malformed(text: string, at: number): SyntaxError {
  return new SyntaxError(`Postgres prints no such value, at position ${at}: ${text.slice(0, 80)}`);
}
