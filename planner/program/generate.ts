/**
 * Writes the code that turns one statement's rows into an answer: for each layer a function that writes one row, tables of
 * integer keys, and the root object. The code holds numbers alone: what stands between values is given to it as bytes of
 * numbers, so nothing that a user or a schema says becomes code.
 */
import { randomInt } from "node:crypto";
import { NO_ROOM, NOT_SERVED } from "../bytes/output.ts";

/** One layer of the statement. */
export interface ProgramNode {
  /** What its rows are tagged with, where there are several layers. */
  readonly index: number;
  /** Whether each column of a row, the tag left out, holds something: the others are NULL. */
  readonly columns: readonly boolean[];
  /** Columns of its parents' key and of its own; null: it is a root. */
  readonly key: ProgramKey | null;
  readonly list: boolean;
  /** What the field is where it has no row; `left`: what only the other writer tells. */
  readonly lack: "null" | "zero" | "left";
  /** The fields of its objects; or the leaf that a row is. */
  readonly fields: readonly ProgramField[] | ProgramLeaf;
}

/** Columns of a parent's key and of its children's; equal ones have the same bytes, and are integers of few digits if they are short. */
export interface ProgramKey {
  readonly parent: number;
  readonly child: number;
  readonly isShort: boolean;
}

export interface ProgramLeaf {
  readonly column: number;
  /** A number: the other writer's. */
  readonly form: "copy" | "text" | "quoted" | number;
  readonly nonNull: boolean;
}

/** An object that is the same row under another name. */
export interface ProgramPart {
  readonly parts: readonly ProgramField[];
}

export interface ProgramField {
  /** As {@link ProgramLeaf}, another layer, a part of the same row, or JSON that is always the same. */
  readonly value: ProgramLeaf | ProgramNode | ProgramPart | string;
  /** Of the response. */
  readonly key: string;
}

/** What the code is given, by name. */
export const given = ["copy", "text", "integer", "other", "space", "addBytes", "findBytes"] as const;

/** Bytes that may be written past an end, four at a time. */
const slack = 16;
/** How many times longer a character can be in JSON. */
const mostGrowth = 6;
const nullWord = 0x6c6c756e;

/** Odd, and others in each process: nobody can choose keys that fall together. */
const [lowFactor, highFactor] = [randomInt(2 ** 30) * 2 + 1, randomInt(2 ** 30) * 2 + 1];

/**
 * The body of a function of {@link given} that gives the writer: from the rows' messages to the end of
 * the answer, or what {@link NOT_SERVED} and {@link NO_ROOM} stand for. A row leaves room for what it writes behind the rows
 * below it.
 */
export function generate(root: readonly ProgramField[], nodes: readonly ProgramNode[]): string {
  const isTagged = nodes.length > 1;
  const main = new Code();
  writeFields(main, root, (code, node) => writeRoot(code, node, isTagged));
  main.flush();
  return `"use strict";
${nodes.map(({ index: i }) => `let n${i}, o${i}, t${i}, h${i}, k${i}, x${i}, m${i};`).join("\n")}
${nodes.map((node) => rowFunction(node, isTagged)).join("\n")}
return (src, sv, end, out, ov, begin, limit) => {
let at = begin;
const cap = limit - ${main.constants + slack};
if (at > cap) return ${NO_ROOM};
${isTagged ? distribute(nodes) : ""}
${nodes.map((node) => (node.key === null ? "" : fillTable(node, node.key))).join("\n")}
${main.text}
return at;
};`;
}

/** Lines of code, and bytes that are the same in each answer, as the numbers that write them. */
class Code {
  readonly #lines: string[] = [];
  #pending = "";
  /** Bytes of them. */
  constants = 0;

  get text(): string {
    return this.#lines.join("\n");
  }

  constant(text: string): void {
    this.#pending += text;
  }

  line(text: string): void {
    this.flush();
    this.#lines.push(text);
  }

  flush(): void {
    const { length } = Buffer.from(this.#pending);
    if (length === 0) {
      return;
    }
    const bytes = Buffer.concat([Buffer.from(this.#pending), Buffer.alloc(4)]);
    for (let from = 0; from < length; from += 4) {
      this.#lines.push(`ov.setInt32(at + ${from}, ${bytes.readInt32LE(from)}, true);`);
    }
    this.#lines.push(`at += ${length};`);
    this.#pending = "";
    this.constants += length;
  }
}

type WriteNode = (code: Code, node: ProgramNode) => void;

function writeFields(code: Code, fields: readonly ProgramField[], writeNode: WriteNode): void {
  code.constant("{");
  for (const [index, { key, value }] of fields.entries()) {
    code.constant(`${index === 0 ? "" : ","}${JSON.stringify(key)}:`);
    if (typeof value === "string") {
      code.constant(value);
    } else if ("form" in value) {
      writeLeaf(code, value);
    } else if ("parts" in value) {
      writeFields(code, value.parts, writeNode);
    } else {
      writeNode(code, value);
    }
  }
  code.constant("}");
}

function writeLeaf(code: Code, { column, form, nonNull }: ProgramLeaf): void {
  const isQuoted = form === "text" || form === "quoted";
  const bounds = `s${column}, e${column}`;
  const lines =
    typeof form === "number"
      ? [`at = other(${form}, src, sv, out, at, ${bounds}, cap);`, "if (at < 0) return at;"]
      : [`at = ${form === "text" ? "text" : "copy"}(src, sv, out, ov, at, ${bounds});`];
  if (nonNull) {
    code.constant(isQuoted ? '"' : "");
    code.line(`if (l${column} < 0) return ${NOT_SERVED};`);
    code.line(lines.join(" "));
    code.constant(isQuoted ? '"' : "");
    return;
  }
  const quote = isQuoted ? "out[at++] = 34;" : "";
  code.line(`if (l${column} < 0) { ov.setInt32(at, ${nullWord}, true); at += 4; } else {`);
  code.line(`${quote} ${lines.join(" ")} ${quote} }`);
}

/** The field's rows are all that the layer has. */
function writeRoot(code: Code, { index, list, lack }: ProgramNode, isTagged: boolean): void {
  const write = (row: string): string => `at = w${index}(src, sv, out, ov, at, ${row}, cap); if (at < 0) return at;`;
  if (list) {
    code.constant("[");
    code.line("{ const before = at;");
    code.line(
      isTagged
        ? `for (let r = 0; r < n${index}; r++) { ${write(`o${index}[r]`)} }`
        : `for (let p = 0; p < end; p += sv.getInt32(p + 1) + 1) { ${write("p + 5")} }`,
    );
    code.line("if (at > before) at--; }"); // the last comma
    code.constant("]");
    return;
  }
  code.line(`if (${isTagged ? `n${index}` : "end"} === 0) { ${writeLack(lack)} } else {`);
  code.line(`${write(isTagged ? `o${index}[0]` : "5")} at--; }`);
}

/** The field's rows are those of its parent's key. */
function writeChildren(code: Code, { index: i, key, list, lack }: ProgramNode): void {
  const column = key?.parent ?? 0;
  if (list) {
    code.constant("[");
  }
  code.line(`{ let r = -1; if (l${column} >= 0) {`);
  if (key?.isShort === true) {
    code.line(`const key = integer(src, s${column}, e${column}); if (key !== key) return ${NOT_SERVED};`);
    code.line(`let slot = ${hash("key")} & m${i};`);
    code.line(`while ((r = h${i}[slot]) !== -1 && k${i}[r] !== key) slot = (slot + 1) & m${i}; }`);
  } else {
    code.line(`r = findBytes(t${i}, src, s${column}, e${column}); }`);
  }
  const write = `at = w${i}(src, sv, out, ov, at, o${i}[r], cap); if (at < 0) return at;`;
  if (list) {
    code.line(`if (r !== -1) { do { ${write} r = x${i}[r]; } while (r !== -1); at--; } }`);
    code.constant("]");
  } else {
    code.line(`if (r === -1) { ${writeLack(lack)} } else { ${write} at--; } }`);
  }
}

function writeLack(lack: ProgramNode["lack"]): string {
  switch (lack) {
    case "null":
      return `ov.setInt32(at, ${nullWord}, true); at += 4;`;
    case "zero":
      return "out[at++] = 48;";
    case "left":
      return `return ${NOT_SERVED};`;
  }
}

/** Of integers of at most 15 digits. */
function hash(key: string): string {
  return `((Math.imul(${key} | 0, ${lowFactor}) + Math.imul(${key} / 4294967296 | 0, ${highFactor})) >>> 8)`;
}

/** Writes one row and a comma. */
function rowFunction(node: ProgramNode, isTagged: boolean): string {
  const { index, fields } = node;
  const code = new Code();
  const read = "form" in fields ? new Set([fields.column]) : new Set(columnsRead(fields));
  if ("form" in fields) {
    writeLeaf(code, fields);
  } else {
    writeFields(code, fields, writeChildren);
  }
  code.constant(",");
  code.flush();
  return `const w${index} = (src, sv, out, ov, begin, o, limit) => {
let at = begin;
const cap = limit - ${mostGrowth} * sv.getInt32(o - 4) - ${code.constants + 4 * node.columns.length + slack};
if (at > cap) return ${NO_ROOM};
${seek(node, isTagged, read)}
${code.text}
return at;
};`;
}

function columnsRead(fields: readonly ProgramField[]): number[] {
  return fields.flatMap(({ value }) => {
    if (typeof value === "string") {
      return [];
    }
    return "parts" in value ? columnsRead(value.parts) : ["form" in value ? value.column : (value.key?.parent ?? 0)];
  });
}

/** Finds the bounds of the columns that are read: their length (-1: NULL), start and end. */
function seek({ index, columns }: ProgramNode, isTagged: boolean, read: ReadonlySet<number>): string {
  const lines: string[] = [];
  let base = "o";
  let offset = 2 + (isTagged ? 4 + String(index).length : 0);
  for (let column = 0; column <= Math.max(-1, ...read); column++) {
    if (columns[column] === true) {
      const length = `sv.getInt32(${base} + ${offset})`;
      lines.push(`const l${column} = ${length}, s${column} = ${base} + ${offset + 4};`);
      lines.push(`const e${column} = l${column} < 0 ? s${column} : s${column} + l${column};`);
      base = `e${column}`;
      offset = 0;
    } else {
      offset += 4; // the length of a NULL
    }
  }
  return lines.join("\n");
}

/** Finds the rows of each layer. */
function distribute(nodes: readonly ProgramNode[]): string {
  const tag =
    nodes.length <= 10
      ? "src[p + 11] - 48"
      : "sv.getInt32(p + 7) === 1 ? src[p + 11] - 48 : 10 * src[p + 11] + src[p + 12] - 528";
  const cases = nodes.map(
    ({ index: i }) =>
      `case ${i}: if (n${i} === o${i}.length) o${i} = space.growRows(${i}); o${i}[n${i}++] = p + 5; break;`,
  );
  return `${nodes.map(({ index: i }) => `n${i} = 0; o${i} = space.rows(${i});`).join(" ")}
for (let p = 0; p < end; p += sv.getInt32(p + 1) + 1) {
switch (${tag}) {
${cases.join("\n")}
default: return ${NOT_SERVED};
}
}`;
}

/** Makes an open-addressed table: of each slot the first row, of each row its key and the next row that has it. */
function fillTable(node: ProgramNode, { child: column, isShort }: ProgramKey): string {
  const i = node.index;
  return `{
t${i} = space.table(${i}, n${i});
h${i} = t${i}.firsts; k${i} = t${i}.keys; x${i} = t${i}.nexts; m${i} = t${i}.mask;
for (let r = n${i} - 1; r >= 0; r--) {
const o = o${i}[r];
${seek(node, true, new Set([column]))}
if (l${column} < 0) continue;
${isShort ? addShort(i, column) : `addBytes(t${i}, src, r, s${column}, e${column});`}
}
}`;
}

function addShort(i: number, column: number): string {
  return `const key = integer(src, s${column}, e${column}); if (key !== key) return ${NOT_SERVED};
let slot = ${hash("key")} & m${i}, first;
while ((first = h${i}[slot]) !== -1 && k${i}[first] !== key) slot = (slot + 1) & m${i};
x${i}[r] = first; h${i}[slot] = r; k${i}[r] = key;`;
}
