/** What a client gets of a value of which to_json says what it is. */

/** A character that no generated text has. */
const mark = "\u{F0000}";

/** JSON whose numbers are texts that begin with a mark, so that all their digits are compared. */
export function exact(json: string): unknown {
  const keep = (_key: string, value: unknown, context?: { readonly source: string }): unknown =>
    typeof value === "number" ? `${mark}${context?.source}` : value;
  // TypeScript's library lacks the third argument, which every supported Node gives.
  return JSON.parse(json, keep as (this: unknown, key: string, value: unknown) => unknown);
}

type Show = (value: never) => unknown;

const digits: Show = (value: string) => value.replace(mark, "");
const same: Show = (value: unknown) => value;
const inUtc = (value: string) => value.replace(mark, "").replace("+00:00", "Z");

const shows: { readonly [scalar: string]: Show } = {
  Int: same,
  Float: (value: string) => (value.startsWith(mark) ? value : null),
  String: digits,
  Boolean: same,
  BigInt: digits,
  Decimal: digits,
  DateTime: inUtc,
  Date: same,
  Time: (value: string) => value.replace(/[+-]00$/, "Z"),
  Duration: same,
  UUID: same,
  Bytes: (value: string) => Buffer.from(value.slice(2), "hex").toString("base64"),
  JSON: same,
};

interface Attributes {
  readonly [name: string]: unknown;
}

/** The value of a scalar's field, or of an object type's, in lists where it is one. */
export function shownAs(scalar: string, value: unknown): unknown {
  if (value === null) {
    return null;
  }
  if (Array.isArray(value) && scalar !== "JSON") {
    return value.map((item) => shownAs(scalar, item));
  }
  const show = shows[scalar];
  if (show !== undefined) {
    return show(value as never); // to_json's value of a column of that type
  }
  const attributes = value as Attributes; // of a composite type
  const fields = objects[scalar] ?? {};
  return Object.fromEntries(
    Object.entries(fields).map(([name, [attribute, type]]) => [name, shownAs(type, attributes[attribute])]),
  );
}

/** By object type and field: the attribute, and its type. */
const objects: { readonly [name: string]: { readonly [field: string]: readonly [attribute: string, type: string] } } = {
  Leaf: {
    ...{ big: ["big", "BigInt"], at: ["at", "DateTime"], odd_name: ["odd_name", "String"], mood: ["mood", "String"] },
    ...{ flags: ["flags", "Boolean"], span: ["span", "String"] },
  },
  Branch: {
    ...{
      label: ["label", "String"],
      leaf: ["leaf", "Leaf"],
      leaves: ["leaves", "Leaf"],
      amount: ["amount", "Decimal"],
    },
    ...{ boxes: ["boxes", "String"], day: ["day", "Date"] },
  },
  Lone: { only_one: ["only_one", "String"] },
  Documents: { doc: ["doc", "JSON"], docs: ["docs", "JSON"] },
};
