/**
 * Writes the code that turns one statement's rows into an answer: for each layer a function that writes one row, tables of
 * integer keys, and the root object. The code holds numbers alone: what stands between values is given to it as bytes of
 * numbers, so nothing that a user or a schema says becomes code.
 */
import { randomInt } from "node:crypto";
import { NO_ROOM, NOT_SERVED } from "../bytes/output.ts";
import type { ProgramFacts, ProgramField, ProgramKey, ProgramLeaf, ProgramNode, ProgramTypes } from "./nodes.ts";

/** What the code is given, by name. */
export const given = ["copy", "text", "integer", "other", "space", "addBytes", "findBytes", "asked"] as const;

/** Bytes that may be written past an end, four at a time. */
const slack = 16;
/** How many times longer a character can be in JSON. */
const mostGrowth = 6;
const nullWord = 0x6c6c756e;
const trueWord = 0x65757274;
const falseWord = 0x736c6166;

/** Odd, and others in each process: nobody can choose keys that fall together. */
const [lowFactor, highFactor] = [randomInt(2 ** 30) * 2 + 1, randomInt(2 ** 30) * 2 + 1];

/**
 * The body of a function of {@link given} that gives the writer: from the rows' messages to the end of
 * the answer, or what {@link NOT_SERVED} and {@link NO_ROOM} stand for. A row leaves room for what it writes behind the rows
 * below it.
 */
export function generate(root: readonly ProgramField[], nodes: readonly ProgramNode[]): string {
  const isTagged = nodes.length > 1;
  const areNoted = isTagged || nodes.some(({ isPaged }) => isPaged);
  const main = new Code();
  writeFields(main, root, {
    layer: -1,
    node: (code, node) => writeRoot(code, node, areNoted),
    facts: (code, facts) => writeRootFacts(code, facts, isTagged),
  });
  main.flush();
  return `"use strict";
${nodes.map(({ index: i }) => `let n${i}, o${i}, t${i}, h${i}, k${i}, x${i}, m${i};`).join("\n")}
${nodes.map((node) => rowFunction(node, isTagged)).join("\n")}
return (src, sv, end, out, ov, begin, limit) => {
let at = begin;
const b = asked.bounds;
const cap = limit - ${main.constants + slack};
if (at > cap) return ${NO_ROOM};
${isTagged ? distribute(nodes) : areNoted ? noteRows : ""}
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

interface FieldWriter {
  /** Number of the layer whose row is written; -1: the root object. */
  readonly layer: number;
  node(code: Code, node: ProgramNode): void;
  facts(code: Code, facts: ProgramFacts): void;
}

function writeFields(code: Code, fields: readonly ProgramField[], write: FieldWriter): void {
  code.constant("{");
  for (const [index, { key, value }] of fields.entries()) {
    code.constant(`${index === 0 ? "" : ","}${JSON.stringify(key)}:`);
    if (typeof value === "string") {
      code.constant(value);
    } else if ("form" in value) {
      writeLeaf(code, value);
    } else if ("parts" in value) {
      writeFields(code, value.parts, write);
    } else if ("facts" in value) {
      write.facts(code, value);
    } else if ("terms" in value) {
      code.line(cursorOf(write.layer, value.terms));
    } else {
      write.node(code, value);
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

/** Writes the cursor of the row whose columns were sought. `layer`: its number. */
function cursorOf(layer: number | string, terms: readonly number[]): string {
  const bounds = terms.map(
    (term, index) => `b[${2 * index}] = l${term} < 0 ? -1 : s${term}; b[${2 * index + 1}] = e${term};`,
  );
  return `${bounds.join(" ")}
at = asked.cursor(src, sv, out, at, ${layer}, ${terms.length}, cap); if (at < 0) return at;`;
}

/** What the page of a root field says of itself: its rows are all that the layer has. */
function writeRootFacts(code: Code, facts: ProgramFacts, isTagged: boolean): void {
  const i = facts.list.index;
  const shown = facts.list.isCut ? `Math.min(n${i}, asked.limits[${i}])` : `n${i}`;
  code.line(`{ const shown = ${shown}, isMore = n${i} > shown;`);
  code.line(`const first = shown === 0 ? -1 : o${i}[0], last = shown === 0 ? -1 : o${i}[shown - 1];`);
  writeFacts(code, facts, isTagged);
  code.line("}");
}

/** The same of a page of each parent: its rows are those of the parent's key. */
function writeChildFacts(code: Code, facts: ProgramFacts): void {
  const { list } = facts;
  const i = list.index;
  code.line("{ let first = -1, last = -1, isMore = false; {");
  code.line(findFirst(list));
  code.line(`let left = ${list.isCut ? `asked.limits[${i}]` : -1};`);
  code.line(`if (r !== -1 && left !== 0) first = o${i}[r];`);
  code.line(`for (; r !== -1 && left !== 0; r = x${i}[r]) { last = o${i}[r]; left--; }`);
  code.line("isMore = r !== -1; }");
  writeFacts(code, facts, true);
  code.line("}");
}

function writeFacts(code: Code, { facts, list, terms }: ProgramFacts, isTagged: boolean): void {
  code.constant("{");
  for (const [index, { key, fact }] of facts.entries()) {
    code.constant(`${index === 0 ? "" : ","}${JSON.stringify(key)}:`);
    if (typeof fact !== "string") {
      code.constant(fact.json);
    } else if (fact === "hasNextPage" || fact === "hasPreviousPage") {
      code.line(writeBoolean(fact === "hasNextPage" ? "isMore" : `asked.came[${list.index}] === true`));
      code.constants += 5;
    } else {
      const row = fact === "startCursor" ? "first" : "last";
      code.line(`if (${terms.length === 0} || ${row} === -1) { ${writeNull} } else { const o = ${row};`);
      code.line(`${seek(list, isTagged, new Set(terms))} ${cursorOf(list.index, terms)} }`);
      code.constants += 4;
    }
  }
  code.constant("}");
}

const writeNull = `ov.setInt32(at, ${nullWord}, true); at += 4;`;

function writeBoolean(condition: string): string {
  return `if (${condition}) { ov.setInt32(at, ${trueWord}, true); at += 4; } else {
ov.setInt32(at, ${falseWord}, true); out[at + 4] = 101; at += 5; }`;
}

/** The field's rows are all that the layer has, of which each parent has all. */
function writeRoot(code: Code, { index, list, lack, isCut }: ProgramNode, areNoted: boolean): void {
  const write = (row: string): string => `at = w${index}(src, sv, out, ov, at, ${row}, cap); if (at < 0) return at;`;
  if (list) {
    code.constant("[");
    code.line("{ const before = at;");
    code.line(
      areNoted
        ? `for (let r = 0, past = ${isCut ? `Math.min(n${index}, asked.limits[${index}])` : `n${index}`}; r < past; r++) { ${write(`o${index}[r]`)} }`
        : `for (let p = 0; p < end; p += sv.getInt32(p + 1) + 1) { ${write("p + 5")} }`,
    );
    code.line("if (at > before) at--; }"); // the last comma
    code.constant("]");
    return;
  }
  code.constants += longestLack;
  code.line(`if (${areNoted ? `n${index}` : "end"} === 0) { ${writeLack(lack)} } else {`);
  code.line(`${write(areNoted ? `o${index}[0]` : "5")} at--; }`);
}

/** The field's rows are those of its parent's key. */
function writeChildren(code: Code, node: ProgramNode): void {
  const { index: i, list, lack, isCut } = node;
  if (node.key === null) {
    writeRoot(code, node, true);
    return;
  }
  if (list) {
    code.constant("[");
  }
  code.line(`{ ${findFirst(node)}`);
  const write = `at = w${i}(src, sv, out, ov, at, o${i}[r], cap); if (at < 0) return at;`;
  if (list && isCut) {
    code.line(`const before = at; let left = asked.limits[${i}];`);
    code.line(`for (; r !== -1 && left !== 0; r = x${i}[r]) { ${write} left--; }`);
    code.line("if (at > before) at--; }");
    code.constant("]");
  } else if (list) {
    code.line(`if (r !== -1) { do { ${write} r = x${i}[r]; } while (r !== -1); at--; } }`);
    code.constant("]");
  } else {
    code.constants += longestLack;
    code.line(`if (r === -1) { ${writeLack(lack)} } else { ${write} at--; } }`);
  }
}

/** Finds the first row `r` of the parent's key; -1: there is none. */
function findFirst({ index: i, key }: ProgramNode): string {
  const column = key?.parent ?? 0;
  const find =
    key?.isShort === true
      ? `const key = integer(src, s${column}, e${column}); if (key !== key) return ${NOT_SERVED};
let slot = ${hash("key")} & m${i};
while ((r = h${i}[slot]) !== -1 && k${i}[r] !== key) slot = (slot + 1) & m${i}; }`
      : `r = findBytes(t${i}, src, s${column}, e${column}); }`;
  return `let r = -1; if (l${column} >= 0) {\n${find}`;
}

/** Bytes of what stands for no row. */
const longestLack = 4;

function writeLack(lack: ProgramNode["lack"]): string {
  switch (lack) {
    case "null":
      return writeNull;
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
  const { index, fields, key, lack } = node;
  const code = new Code();
  if ("form" in fields) {
    writeLeaf(code, fields);
    if (lack === "zero" && key === null) {
      // How the next statement is best written may depend on it.
      code.line(`asked.counted[${index}] = integer(src, s${fields.column}, e${fields.column});`);
    }
  } else if ("types" in fields) {
    writeTypes(code, fields, { layer: index, node: writeChildren, facts: writeChildFacts });
  } else {
    writeFields(code, fields, { layer: index, node: writeChildren, facts: writeChildFacts });
  }
  code.constant(",");
  code.flush();
  return `const w${index} = (src, sv, out, ov, begin, o, limit) => {
let at = begin;
const b = asked.bounds;
const cap = limit - ${mostGrowth} * sv.getInt32(o - 4) - ${code.constants + 4 * node.columns.length + slack};
if (at > cap) return ${NO_ROOM};
${seek(node, isTagged, new Set(columnsOf(fields)))}
${code.text}
return at;
};`;
}

/** Writes an object by its type. Of one that is not among them only the other writer tells what is wrong. */
function writeTypes(code: Code, { column, types }: ProgramTypes, writer: FieldWriter): void {
  if (column === null) {
    writeFields(code, types[0]?.fields ?? [], writer);
    return;
  }
  for (const { texts, isDefault, fields } of types) {
    const conditions = [...(isDefault ? [`l${column} < 0`] : []), ...texts.map((text) => hasBytes(column, text))];
    code.line(`if (${conditions.join(" || ") || "false"}) {`);
    writeFields(code, fields, writer);
    code.line("} else");
  }
  code.line(`return ${NOT_SERVED};`);
}

/** Whether a column has these bytes, as numbers. */
function hasBytes(column: number, text: string): string {
  const bytes = [...Buffer.from(text)].map((byte, index) => `src[s${column} + ${index}] === ${byte}`);
  return [`l${column} === ${bytes.length}`, ...bytes].join(" && ");
}

function columnsOf(fields: ProgramNode["fields"]): readonly number[] {
  if ("form" in fields) {
    return [fields.column];
  }
  return "types" in fields
    ? [...(fields.column === null ? [] : [fields.column]), ...fields.types.flatMap((type) => columnsRead(type.fields))]
    : columnsRead(fields);
}

function columnsRead(fields: readonly ProgramField[]): number[] {
  return fields.flatMap(({ value }) => {
    if (typeof value === "string") {
      return [];
    }
    if ("parts" in value) {
      return columnsRead(value.parts);
    }
    if ("facts" in value) {
      return [value.list.key?.parent ?? 0];
    }
    if ("terms" in value) {
      return value.terms;
    }
    return "form" in value ? [value.column] : value.key === null ? [] : [value.key.parent];
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

/** Finds the rows of the one layer that there is. */
const noteRows = `n0 = 0; o0 = space.rows(0);
for (let p = 0; p < end; p += sv.getInt32(p + 1) + 1) { if (n0 === o0.length) o0 = space.growRows(0); o0[n0++] = p + 5; }`;

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
