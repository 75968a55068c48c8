/** What the planner knows of the types built into Postgres, by OID (pg_type.dat of the Postgres source). */

export const OID = {
  bool: 16,
  bytea: 17,
  int8: 20,
  int2: 21,
  int4: 23,
  text: 25,
  oid: 26,
  json: 114,
  float4: 700,
  float8: 701,
  inet: 869,
  bpchar: 1042,
  varchar: 1043,
  date: 1082,
  time: 1083,
  timestamp: 1114,
  timestamptz: 1184,
  interval: 1186,
  timetz: 1266,
  numeric: 1700,
  uuid: 2950,
  jsonb: 3802,
} as const;

/** Names that stand for themselves in SQL, whatever the search path. */
const typeNames: ReadonlyMap<number, string> = new Map(
  Object.entries(OID).map(([name, oid]) => [oid, `pg_catalog.${name}`] as const),
);

/** From the types that parameters may be arrays of to their arrays. */
export const arrayOids: ReadonlyMap<number, number> = new Map([
  [OID.bool, 1000],
  [OID.bytea, 1001],
  [18, 1002], // "char"
  [19, 1003], // name
  [OID.int2, 1005],
  [OID.int4, 1007],
  [OID.text, 1009],
  [OID.bpchar, 1014],
  [OID.varchar, 1015],
  [OID.int8, 1016],
  [OID.float4, 1021],
  [OID.float8, 1022],
  [OID.oid, 1028],
  [OID.inet, 1041],
  [650, 651], // cidr
  [OID.json, 199],
  [OID.timestamp, 1115],
  [OID.date, 1182],
  [OID.time, 1183],
  [OID.timestamptz, 1185],
  [OID.interval, 1187],
  [OID.numeric, 1231],
  [OID.timetz, 1270],
  [OID.uuid, 2951],
  [OID.jsonb, 3807],
]);

const elementOids: ReadonlyMap<number, number> = new Map([...arrayOids].map(([element, array]) => [array, element]));

/** The OID of arrays of that type; 0 (Postgres infers it from where the parameter stands) where it isn't built in. */
export function arrayOidOf(oid: number): number {
  return arrayOids.get(oid) ?? 0;
}

/** A built-in type's name in SQL; `text` for all others, whose values can be shown as text. */
export function typeNameOf(oid: number): string {
  const name = oid === OID.text ? undefined : typeNames.get(oid);
  const element = name === undefined ? typeNames.get(elementOidOf(oid)) : undefined;
  return name ?? (element === undefined ? "text" : `${element}[]`);
}

/** The OID of an array's elements; 0 where the array type isn't built in. */
function elementOidOf(oid: number): number {
  return elementOids.get(oid) ?? 0;
}

/** Whether it is that of json or jsonb. */
export function isJsonOid(oid: number): boolean {
  return oid === OID.json || oid === OID.jsonb;
}

/** Whether it is that of smallint, int or bigint. */
export function isIntegerOid(oid: number): boolean {
  return oid === OID.int2 || oid === OID.int4 || oid === OID.int8;
}

/** Types of one value each for a text: equal ones have the same, once {@link keyText} has it. */
const told: ReadonlySet<number> = new Set([
  ...[OID.bool, OID.bytea, OID.uuid, OID.date, OID.time, OID.timestamp, OID.timestamptz, OID.timetz, OID.inet],
  ...[OID.float4, OID.float8, OID.int2, OID.int4, OID.int8, OID.oid, OID.numeric],
  ...[18, 19, 650, 774, 829, 1560, 1562], // "char", name, cidr, macaddr8, macaddr, bit, varbit
  ...[1000, 1001, 1005, 1007, 1016, 1028, 1115, 1182, 1183, 1185, 2951], // arrays of such
]);

/** Types whose texts tell of each other, too. */
const exact: ReadonlySet<number> = new Set([OID.int2, OID.int4, OID.int8, OID.oid, OID.numeric]);

const texts: ReadonlySet<number> = new Set([OID.text, OID.varchar, 19]); // char(n) has two rules with these
const textArrays: ReadonlySet<number> = new Set([1009, 1015]);

/** Whether keys of two types are equal just where their texts are; OID 0: a text of no type. */
export function textsTell(one: number, other: number): boolean {
  return one === other ? one === 0 || told.has(one) : exact.has(one) && exact.has(other);
}

/** Whether both are texts, or arrays of them, which are equal where their texts are unless a collation says otherwise. */
export function areTexts(one: number, other: number): boolean {
  const [first, second] = [one || other, other || one];
  return (
    (texts.has(first) && texts.has(second)) || (first === second && (first === OID.bpchar || textArrays.has(first)))
  );
}

/** One text for values that `=` takes for equal though they are printed otherwise: `2.50` and `2.5`, padded `char(n)`. */
export function keyText(oid: number, text: string): string {
  switch (oid) {
    case OID.numeric:
      return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
    case OID.bpchar:
      return text.replace(/ +$/, "");
    case OID.float4:
    case OID.float8:
      return text === "-0" ? "0" : text;
    default:
      return text;
  }
}

/** Nested lists of texts. */
export type TextList = readonly (string | null | TextList)[];

/** Writes an array as Postgres reads it. */
export function printArray(items: TextList): string {
  const printed = items.map((item) =>
    item === null ? "NULL" : typeof item === "string" ? printItem(item) : printArray(item),
  );
  return `{${printed.join(",")}}`;
}

/** Between quotes where it needs them, as Python writes it: cast to text, an array shows its own text. */
function printItem(text: string): string {
  return needsQuotes.test(text) ? `"${text.replace(/["\\]/g, "\\$&")}"` : text;
}

const needsQuotes = /^$|["{},\\ \t\n\r\v\f]|^null$/i;

/**
 * An empty list of which only Postgres knows the type. A form feed is a space for arrays, while `{}` alone would be an
 * empty object as jsonb; where Postgres wants a text, the database sends `{}`.
 */
export const EMPTY_LIST = "\f{}";
