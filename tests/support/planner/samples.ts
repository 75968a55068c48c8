/** What Postgres may send for columns of all types, and what clients read of it. */
import fc, { type Arbitrary } from "fast-check";

/** A column: what it is in GraphQL and in Postgres, what Postgres may send, and what the client reads of it. */
export interface Sample {
  readonly type: string;
  readonly oid: number;
  readonly texts: Arbitrary<string | Buffer>;
  /** From what pg's parser makes of it to JSON; undefined: no value of that type. */
  readonly json: (value: never, text: string) => unknown;
}

const same = (value: unknown) => value;
const asText = (_value: unknown, text: string) => text;
const digits = (max: number) => fc.stringMatching(new RegExp(`^[0-9]{1,${max}}$`));
const int = (bits: number) =>
  fc.bigInt({ min: -(2n ** BigInt(bits - 1)), max: 2n ** BigInt(bits - 1) - 1n }).map(String);
/** Shortest texts, as Postgres prints them: `1e+21` and `1e-07`. */
const float = fc
  .oneof(fc.double(), fc.constantFrom(Number.NaN, Infinity, -Infinity, -0))
  .map((value) => (Object.is(value, -0) ? "-0" : String(value)).replace(/e([+-])(\d)$/, "e$10$2"));
const numeric = fc
  .tuple(fc.constantFrom("", "-"), fc.bigInt({ min: 0n, max: 10n ** 40n }), fc.option(digits(20)))
  .map(([sign, whole, fraction]) => `${sign}${whole}${fraction === null ? "" : `.${fraction}`}`);
const text = fc
  .oneof(fc.string({ unit: "binary" }), fc.string({ unit: "grapheme", maxLength: 200 }))
  .map((value) => value.replaceAll("\0", ""));
/** Of a database in SQL_ASCII, which checks nothing. */
const bytes = fc.uint8Array({ min: 1, maxLength: 100 }).map((value) => Buffer.from(value));
const json = fc.json({ noUnicodeString: false }).map((value) => value.replaceAll("\\u0000", ""));
const two = (max: number) => fc.integer({ min: 0, max }).map((value) => String(value).padStart(2, "0"));
const date = fc
  .date({ min: new Date("0001-01-01"), max: new Date("9999-12-31"), noInvalidDate: true })
  .map((day) => day.toISOString().slice(0, 10));
const time = fc
  .tuple(two(23), two(59), two(59), fc.option(fc.integer({ min: 1, max: 999_999 })))
  .map(
    ([hours, minutes, seconds, micros]) =>
      `${hours}:${minutes}:${seconds}${micros === null ? "" : `.${String(micros).padStart(6, "0").replace(/0+$/, "")}`}`,
  );
const moment = fc.tuple(date, time).map((parts) => parts.join(" "));
const uuid = fc.uuid();
const bytea = fc.uint8Array().map((value) => `\\x${Buffer.from(value).toString("hex")}`);
const interval = fc.constantFrom("P1Y2M3DT4H5M6.789S", "PT0S", "P-1DT-0.000001S", "P178000000Y");
const special = fc.constantFrom("infinity", "-infinity", "0044-03-15 BC");

/** As array_out writes it. */
function array(items: Arbitrary<string | Buffer>): Arbitrary<string> {
  const nested = fc.array(fc.option(items.map(String), { freq: 4 }), { maxLength: 5 });
  return nested.map((list) => `{${list.map(element).join(",")}}`);
}

function element(value: string | null): string {
  const needsQuotes = value === null ? false : value === "" || /["\\{},\s]/.test(value) || /^null$/i.test(value);
  return needsQuotes ? `"${value?.replace(/["\\]/g, "\\$&")}"` : (value ?? "NULL");
}

/** By the column's name. */
export const samples: { readonly [field: string]: Sample } = {
  int2: { type: "Int", oid: 21, texts: int(16), json: same },
  int4: { type: "Int", oid: 23, texts: int(32), json: same },
  intOfInt8: {
    type: "Int",
    oid: 20,
    texts: int(64),
    json: (value) => (Math.abs(Number(value) + 0.5) < 2 ** 31 ? Number(value) : undefined),
  },
  float8: { type: "Float", oid: 701, texts: float, json: (value) => (Number.isFinite(value) ? value : undefined) },
  float4: { type: "Float", oid: 700, texts: float, json: (value) => (Number.isFinite(value) ? value : undefined) },
  floatOfInt: { type: "Float", oid: 23, texts: int(32), json: same },
  int8: { type: "BigInt", oid: 20, texts: int(64), json: same },
  bigOfInt4: { type: "BigInt", oid: 23, texts: int(32), json: String },
  numeric: {
    type: "Decimal",
    oid: 1700,
    texts: fc.oneof(numeric, fc.constantFrom("NaN", "Infinity", "-Infinity")),
    json: same,
  },
  bool: { type: "Boolean", oid: 16, texts: fc.constantFrom("t", "f"), json: same },
  text: { type: "String", oid: 25, texts: text, json: same },
  bytes: { type: "String", oid: 25, texts: bytes, json: same },
  varchar: { type: "ID", oid: 1043, texts: text, json: same },
  idOfInt: { type: "ID", oid: 23, texts: int(32), json: String },
  textOfTime: { type: "String", oid: 1114, texts: moment, json: asText },
  uuid: { type: "UUID", oid: 2950, texts: uuid, json: same },
  date: { type: "Date", oid: 1082, texts: fc.oneof(date, special), json: asText },
  time: { type: "Time", oid: 1083, texts: time, json: same },
  timetz: {
    type: "Time",
    oid: 1266,
    texts: time.map((value) => `${value}+00`),
    json: (_, sent) => sent.replace("+00", "Z"),
  },
  interval: { type: "Duration", oid: 1186, texts: interval, json: asText },
  timestamp: { type: "DateTime", oid: 1114, texts: moment, json: (_, sent) => sent.replace(" ", "T") },
  timestamptz: {
    type: "DateTime",
    oid: 1184,
    texts: moment.map((value) => `${value}+00`),
    // pg's Date has milliseconds; what is finer stays in the text.
    json: (value: Date, sent) => `${value.toISOString().slice(0, 19)}${/\.\d+/.exec(sent)?.[0] ?? ""}Z`,
  },
  endless: { type: "DateTime", oid: 1184, texts: fc.constantFrom("infinity", "-infinity"), json: asText },
  bytea: { type: "Bytes", oid: 17, texts: bytea, json: (value: Buffer) => value.toString("base64") },
  json: { type: "JSON", oid: 114, texts: json, json: same },
  jsonb: { type: "JSON", oid: 3802, texts: json, json: same },
  color: {
    type: "Color",
    oid: 90_000,
    texts: fc.constantFrom("r", "GREEN", "pink"),
    json: (value) => ({ r: "RED", GREEN: "GREEN" })[value],
  },
  ints: { type: "[Int]", oid: 1007, texts: array(int(32)), json: same },
  bigs: { type: "[BigInt]", oid: 1016, texts: array(int(64)), json: same },
  floats: {
    type: "[Float]",
    oid: 1022,
    texts: array(fc.double({ noNaN: true, noDefaultInfinity: true }).map(String)),
    json: same,
  },
  booleans: { type: "[Boolean]", oid: 1000, texts: array(fc.constantFrom("t", "f")), json: same },
  strings: { type: "[String]", oid: 1009, texts: array(text), json: same },
};
