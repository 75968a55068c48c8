/** How a leaf gets from what the database or a resolver holds into JSON. */
import { type GraphQLLeafType, isEnumType } from "graphql";
import { type ExecutableSchema, PuffError } from "../../schema/index.ts";
import { integerDigits } from "../types/json-text.ts";
import { isIntegerOid, isJsonOid, OID } from "../types/oids.ts";
import { type PgType, Typed } from "../types/pg-types.ts";
import { decode, jsonOf } from "../types/typed-values.ts";
import type { Chunk } from "./chunk.ts";
import { toGlobalId } from "./global-ids.ts";
import type { Output } from "./output.ts";

/**
 * Writes a non-null field of a row. Throws a PuffError where the value doesn't fit the type, and {@link jsonNull} where
 * a JSON column's value is null after all.
 */
export type BytesWriter = (out: Output, source: Chunk, start: number, end: number) => void;

/** A leaf type, ready to write its values. */
export class Leaf {
  readonly type: GraphQLLeafType;
  /** Name of the built-in scalar whose form the values have; `enum` for an enum. */
  readonly base: string;
  readonly #enumNames: ReadonlyMap<string, string> | undefined;
  /** Of global ids: the name of their objects' type. */
  readonly #globalId: string | null;
  readonly #writers = new WeakMap<PgType, BytesWriter>();

  constructor(type: GraphQLLeafType, schema: ExecutableSchema, globalId: string | null = null) {
    this.type = type;
    this.#globalId = globalId;
    this.base = isEnumType(type) ? "enum" : (schema.baseScalars.get(type.name) ?? type.name);
    this.#enumNames = schema.enums.get(type.name);
  }

  /** The writer for columns of the type. */
  writerFor(type: PgType): BytesWriter {
    let writer = this.#writers.get(type);
    if (writer === undefined) {
      const slow: BytesWriter = (out, source, start, end) =>
        this.writeValue(out, new Typed(type, source.bytes.toString("utf8", start, end)));
      const fitting = this.#globalId === null ? shortcut(this.base, type.oid, slow) : slow;
      writer = isJsonOid(type.oid) ? notNull(fitting) : fitting;
      this.#writers.set(type, writer);
    }
    return writer;
  }

  /** How bytes of columns of the type become JSON, where nothing but their copy is needed; null: by {@link writerFor}. */
  formFor(type: PgType): "copy" | "text" | "quoted" | null {
    const writer = this.writerFor(type);
    return writer === copy ? "copy" : writer === text ? "text" : writer === quoted ? "quoted" : null;
  }

  /** Writes a value that comes from no row: a JavaScript value, or a text with its type. */
  writeValue(out: Output, value: unknown): void {
    if (this.#globalId !== null) {
      out.json(toGlobalId(this.#globalId, value instanceof Typed ? value.text : String(value)));
      return;
    }
    if (this.base === "JSON") {
      out.string(value instanceof Typed ? jsonOf(value) : jsonText(this.#coerce(value)));
      return;
    }
    if (this.base === "Float" && value instanceof Typed && isFiniteFloat(value)) {
      out.string(value.text); // JavaScript's own text loses the sign of zero
      return;
    }
    out.json(this.#coerce(value instanceof Typed ? leafValue(this.base, value) : value));
  }

  /** graphql-js's own coercion: what the shortcuts abbreviate. */
  #coerce(value: unknown): unknown {
    const name = this.#enumNames?.get(String(value));
    let coerced: unknown;
    try {
      coerced = this.type.coerceOutputValue(name ?? value);
    } catch (error) {
      throw unfit(error instanceof Error ? error.message : String(error));
    }
    if (coerced === undefined || coerced === null) {
      throw unfit(`${this.type.name} cannot represent value: ${JSON.stringify(value)}`);
    }
    return coerced;
  }
}

/** The message shows a value of a row: in production clients must not see it. */
function unfit(message: string): PuffError {
  return new PuffError("PUFF_VALUE_INVALID", message, { safe: false });
}

/** Thrown in place of JSON's null, which is a field's null whatever its type. */
export const jsonNull = Symbol("null");

/** Of all JSON, null alone begins with an n. */
function notNull(write: BytesWriter): BytesWriter {
  return (out, source, start, end) => {
    let first = start;
    while (first < end && (source.bytes[first] as number) <= 0x20) {
      first++; // white space, which the type json keeps
    }
    if (source.bytes[first] === 0x6e) {
      throw jsonNull;
    }
    write(out, source, start, end);
  };
}

function isFiniteFloat({ oid, text }: Typed): boolean {
  return (oid === OID.float8 || oid === OID.float4) && /^-?\d/.test(text);
}

/** What the scalar `base` makes its value of: strings and ids of the text as it is printed, JSON's numbers of their digits. */
function leafValue(base: string, value: Typed): unknown {
  if (value.isJson) {
    return jsonLeafValue(base, value.text);
  }
  const isText = base === "String" || base === "ID";
  if (value.type.element !== null || (isText && value.oid !== OID.bool)) {
    return value.text;
  }
  return base === "Float" && value.oid === OID.int8 ? Number(value.text) : decode(value);
}

function jsonLeafValue(base: string, text: string): unknown {
  if (!/^-?\d/.test(text)) {
    return JSON.parse(text) as unknown;
  }
  switch (base) {
    case "Decimal":
    case "String":
    case "enum":
      return text;
    case "BigInt":
    case "ID":
      return integerDigits(text) ?? Number(text);
    case "Int": {
      const digits = integerDigits(text);
      return digits === null ? text : Number(digits);
    }
    default:
      return Number(text);
  }
}

/** A JavaScript value as JSON; bigints are numbers with all their digits. */
function jsonText(value: unknown): string {
  return JSON.stringify(value, bigintsAsNumbers) ?? "null";
}

function bigintsAsNumbers(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? JSON.rawJSON(String(value)) : value;
}

/** The byte writer for the pairs of leaf and column type that need no JavaScript value; `slow` for the others. */
function shortcut(base: string, oid: number, slow: BytesWriter): BytesWriter {
  switch (base) {
    case "Int":
      return oid === OID.int4 || oid === OID.int2 ? copy : slow;
    case "Float":
      return oid === OID.int4 || oid === OID.int2 ? copy : oid === OID.float8 || oid === OID.float4 ? copyFinite : slow;
    case "Boolean":
      return oid === OID.bool ? boolean : slow;
    case "String":
    case "ID":
      return oid === OID.bool || isJsonOid(oid) ? slow : text;
    case "BigInt":
      return isIntegerOid(oid) ? quoted : slow;
    case "Decimal":
      return oid === OID.numeric || isIntegerOid(oid) ? quoted : slow;
    case "UUID":
      return oid === OID.uuid ? quoted : slow;
    case "Date":
      return oid === OID.date ? quoted : slow;
    case "Duration":
      return oid === OID.interval ? quoted : slow;
    case "DateTime":
      return oid === OID.timestamptz ? moment(slow) : oid === OID.timestamp ? localMoment(slow) : slow;
    case "JSON":
      return isJsonOid(oid) ? copy : slow;
    default:
      return slow;
  }
}

function copy(out: Output, source: Chunk, start: number, end: number): void {
  out.copy(source, start, end);
}

function text(out: Output, source: Chunk, start: number, end: number): void {
  out.text(source, start, end);
}

function quoted(out: Output, source: Chunk, start: number, end: number): void {
  out.quoted(source, start, end);
}

function boolean(out: Output, source: Chunk, start: number): void {
  out.boolean(source.bytes[start] === 0x74);
}

/** JSON has no NaN and no infinity: they begin with a letter, or with a minus and a letter. */
function copyFinite(out: Output, source: Chunk, start: number, end: number): void {
  const first = source.bytes[start] === 0x2d ? source.bytes[start + 1] : source.bytes[start];
  if (first !== undefined && first >= 0x30 && first <= 0x39) {
    out.copy(source, start, end);
    return;
  }
  throw unfit(`Float cannot represent non numeric value: ${source.bytes.toString("utf8", start, end)}`);
}

/** `2024-05-01 12:30:00.5+00` becomes `2024-05-01T12:30:00.5Z`; other zones, years BC and `infinity` are for `slow`. */
function moment(slow: BytesWriter): BytesWriter {
  return (out, source, start, end) => {
    const { bytes } = source;
    const isUtc = bytes[end - 3] === 0x2b && bytes[end - 2] === 0x30 && bytes[end - 1] === 0x30;
    if (!isUtc || bytes[start + 10] !== 0x20) {
      slow(out, source, start, end);
      return;
    }
    dateAndTime(out, source, start, end - 3);
    out.byte(0x5a);
    out.byte(0x22);
  };
}

/** `2024-05-01 12:30:00.5` becomes `2024-05-01T12:30:00.5`; the last of a year BC is a letter. */
function localMoment(slow: BytesWriter): BytesWriter {
  return (out, source, start, end) => {
    const { bytes } = source;
    if (bytes[start + 10] !== 0x20 || (bytes[end - 1] as number) > 0x39) {
      slow(out, source, start, end);
      return;
    }
    dateAndTime(out, source, start, end);
    out.byte(0x22);
  };
}

function dateAndTime(out: Output, source: Chunk, start: number, end: number): void {
  out.byte(0x22);
  out.copy(source, start, start + 10);
  out.byte(0x54);
  out.copy(source, start + 11, end);
}
