/** What texts of Postgres types hold: items, attributes, JSON, JavaScript values. */
import { PuffError } from "../../schema/index.ts";
import { itemsOf, membersOf } from "./json-text.ts";
import { isNested, splitArray, splitRecord } from "./literals.ts";
import { OID } from "./oids.ts";
import { type PgType, Typed } from "./pg-types.ts";

/** The items of an array or of a JSON array; null if it is neither. */
export function itemsOfTyped(value: Typed): (Typed | null)[] | null {
  const { type, text } = value;
  if (value.isJson) {
    return itemsOf(text)?.map((item) => jsonItem(type, item)) ?? null;
  }
  const { element } = type;
  if (element === null) {
    return null;
  }
  const item = isNested(text) ? type : element;
  return splitArray(text, type.delimiter).map((inner) => (inner === null ? null : new Typed(item, inner)));
}

/** The values of a composite value or a JSON object by their names; null if it is neither. */
export function membersOfTyped(value: Typed): { readonly [name: string]: Typed | null } | null {
  const { type, text } = value;
  const members: { [name: string]: Typed | null } = Object.create(null); // one may be named __proto__
  if (value.isJson) {
    const texts = membersOf(text);
    if (texts === null) {
      return null;
    }
    for (const name in texts) {
      members[name] = jsonItem(type, texts[name] as string); // it was found there
    }
    return members;
  }
  const { attributes } = type;
  if (attributes === null) {
    return null;
  }
  const values = splitRecord(text);
  // Of a type without attributes it is `()`, too.
  if (values.length !== attributes.length && (attributes.length > 0 || values[0] !== null)) {
    throw new PuffError(
      "PUFF_VALUE_INVALID",
      `a composite value has ${values.length} attributes, and its type had ${attributes.length} when it was looked up`,
      { remedy: "Its type was altered just now: try again in a few seconds.", safe: false },
    );
  }
  for (const [index, attribute] of attributes.entries()) {
    const inner = values[index] ?? null;
    members[attribute.name] = inner === null ? null : new Typed(attribute.type, inner);
  }
  return members;
}

function jsonItem(type: PgType, text: string): Typed | null {
  return text === "null" ? null : new Typed(type, text);
}

/**
 * The JavaScript value of a text: a number, a boolean, a bigint (int8 beyond 2^53), parsed JSON; a list of an array's
 * items, an object of a composite value's attributes; for all other types the text itself.
 */
export function decode(value: Typed): unknown {
  const { type, text } = value;
  if (type.element !== null) {
    return itemsOfTyped(value)?.map((item) => (item === null ? null : decode(item)));
  }
  if (type.attributes !== null) {
    const members = Object.entries(membersOfTyped(value) ?? {});
    return Object.fromEntries(members.map(([name, inner]) => [name, inner === null ? null : decode(inner)]));
  }
  switch (type.oid) {
    case OID.bool:
      return text === "t";
    case OID.int2:
    case OID.int4:
    case OID.oid:
    case OID.float4:
    case OID.float8:
      return Number(text);
    case OID.int8: {
      const number = Number(text);
      return Number.isSafeInteger(number) ? number : BigInt(text);
    }
    case OID.json:
    case OID.jsonb:
      return JSON.parse(text) as unknown;
    default:
      return text;
  }
}

/** A value as Postgres's to_json prints it. */
export function jsonOf(value: Typed): string {
  const { type, text } = value;
  if (type.element !== null) {
    return `[${itemsOfTyped(value)?.map(jsonOrNull).join(",")}]`;
  }
  if (type.attributes !== null) {
    const members = Object.entries(membersOfTyped(value) ?? {});
    return `{${members.map(([name, inner]) => `${JSON.stringify(name)}:${jsonOrNull(inner)}`).join(",")}}`;
  }
  switch (type.oid) {
    case OID.bool:
      return text === "t" ? "true" : "false";
    case OID.int2:
    case OID.int4:
    case OID.int8:
    case OID.float4:
    case OID.float8:
    case OID.numeric:
      return /^-?\d/.test(text) ? text : JSON.stringify(text); // NaN and infinity
    case OID.json:
    case OID.jsonb:
      return text;
    case OID.timestamp:
      return JSON.stringify(text.replace(" ", "T"));
    case OID.timestamptz:
      // The hours of an offset have minutes in ISO 8601.
      return JSON.stringify(text.replace(" ", "T").replace(/([+-]\d\d)( BC)?$/, "$1:00$2"));
    default:
      return JSON.stringify(text);
  }
}

function jsonOrNull(value: Typed | null): string {
  return value === null ? "null" : jsonOf(value);
}
