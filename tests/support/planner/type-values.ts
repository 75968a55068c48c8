/** Texts that Postgres reads as values of all its types: what a column may hold. */
import fc, { type Arbitrary } from "fast-check";

/** A type, and how its values are asked for. */
export interface ValueType {
  /** In SQL. */
  readonly name: string;
  /** The GraphQL scalar or object type of its items. */
  readonly scalar: string;
  /** What Postgres reads as values of it. */
  readonly texts: Arbitrary<string>;
  /** Whether its items are JSON, whose texts Python does not give back. */
  readonly json?: boolean;
}

/** What has to exist in the database. */
export const typesScript = `
  CREATE TYPE "odd mood" AS ENUM ('ok', 'so sad', 'NULL', '{a,b}', 'q"u\\o', '(', 'ünï', ' x ');
  CREATE DOMAIN small AS int4 CHECK (VALUE < 100000);
  CREATE DOMAIN smaller AS small;
  CREATE DOMAIN moods AS "odd mood"[];
  CREATE DOMAIN flag AS bool;
  CREATE DOMAIN doc AS jsonb;
  CREATE DOMAIN name_of AS varchar(20);
  CREATE TYPE textrange AS RANGE (subtype = text, collation = "C");
  CREATE TYPE leaf AS (big int8, at timestamptz, odd_name text, mood "odd mood", flags flag[], span int4range);
  CREATE TYPE branch AS (label name_of, leaf leaf, leaves leaf[], amount numeric, boxes box[], day date);
  CREATE TYPE lone AS (only_one text);
  CREATE TYPE weird AS ("a ""b\\" int, "__proto__" text, "constructor" text);
  CREATE TYPE documents AS (doc doc, docs json[]);
`;

/** What Postgres's texts can't hold, and the mark of the test. */
const nothing = /\0|[\ud800-\udfff]|\u{F0000}/gu;
const odd = [
  "",
  "NULL",
  "null",
  '"',
  "\\",
  "{",
  "}",
  ",",
  ";",
  "(",
  ")",
  " ",
  "a b",
  "\n",
  "\t",
  "''",
  "ünï",
  "🙂",
  "\u0001",
  "\u2028",
];
const text = fc
  .oneof(
    fc.string({ unit: "binary", maxLength: 12 }),
    fc.string({ unit: "grapheme", maxLength: 12 }),
    fc.array(fc.constantFrom(...odd), { maxLength: 6 }).map((parts) => parts.join("")),
  )
  .map((value) => value.replace(nothing, ""));
const word = fc.stringMatching(/^[a-z]{1,8}$/);
const int = (bits: number) =>
  fc
    .oneof(
      fc.bigInt({ min: -(2n ** BigInt(bits - 1)), max: 2n ** BigInt(bits - 1) - 1n }),
      fc.constantFrom(0n, 1n, -1n, 2n ** BigInt(bits - 1) - 1n, -(2n ** BigInt(bits - 1))),
    )
    .map(String);
const unsigned = fc.bigInt({ min: 0n, max: 2n ** 32n - 1n }).map(String);
const float = fc
  .oneof(fc.double(), fc.constantFrom(Number.NaN, Infinity, -Infinity, -0, 1e21, 1e-7))
  .map((value) => (Object.is(value, -0) ? "-0" : String(value)));
const coordinate = fc
  .oneof(fc.integer({ min: -1000, max: 1000 }), fc.double({ noNaN: true, min: -1e9, max: 1e9 }))
  .map(String);
const numeric = fc.oneof(
  fc
    .tuple(
      fc.constantFrom("", "-"),
      fc.bigInt({ min: 0n, max: 10n ** 40n }),
      fc.option(fc.stringMatching(/^[0-9]{1,20}$/)),
    )
    .map(([sign, whole, fraction]) => `${sign}${whole}${fraction === null ? "" : `.${fraction}`}`),
  fc.constantFrom("0", "-0.00", "100.00", "1e30", "1e-20", "NaN", "Infinity", "-Infinity"),
);
const pad = (value: number, length = 2) => String(value).padStart(length, "0");
const day = fc.oneof(
  fc
    .date({ min: new Date("0001-01-02"), max: new Date("9999-12-30"), noInvalidDate: true })
    .map((date) => `${pad(date.getUTCFullYear(), 4)}-${pad(date.getUTCMonth() + 1)}-${pad(date.getUTCDate())}`),
  fc.constantFrom("2000-02-29", "1900-02-28", "0001-01-01", "9999-12-31"),
);
const farDay = fc.constantFrom(
  "infinity",
  "-infinity",
  "0044-03-15 BC",
  "0001-02-29 BC",
  "4713-01-01 BC",
  "12024-05-01",
  "290000-12-31",
);
const clock = fc
  .tuple(
    fc.integer({ min: 0, max: 23 }),
    fc.integer({ min: 0, max: 59 }),
    fc.integer({ min: 0, max: 59 }),
    fc.option(fc.stringMatching(/^[0-9]{1,6}$/)),
  )
  .map(
    ([hour, minute, second, fraction]) =>
      `${pad(hour)}:${pad(minute)}:${pad(second)}${fraction === null ? "" : `.${fraction}`}`,
  );
const offset = fc.constantFrom("+00", "-05", "+05:30", "+13", "-11:45");
const moment = fc.tuple(day, clock).map(([date, time]) => `${date} ${time}`);
const zoned = fc.tuple(moment, offset).map((parts) => parts.join(""));
const interval = fc.oneof(
  fc
    .tuple(
      fc.integer({ min: -200, max: 200 }),
      fc.integer({ min: -400, max: 400 }),
      fc.integer({ min: -1_000_000, max: 1_000_000 }),
      fc.integer({ min: -999_999, max: 999_999 }),
    )
    .map(
      ([months, days, seconds, micros]) => `${months} months ${days} days ${seconds} seconds ${micros} microseconds`,
    ),
  fc.constantFrom("0", "1 year -1 day", "-00:00:00.5", "36:00:00", "1 microsecond"),
);
const json = fc
  .oneof(
    fc.json({ noUnicodeString: false, maxDepth: 3 }).map((value) =>
      value
        .replace(/\\u0000/g, "")
        .replace(/\\ud[89a-f][0-9a-f]{2}/gi, "")
        .replace(nothing, ""),
    ),
    fc.constantFrom(
      "null",
      "true",
      '"a"',
      "12.50",
      "9223372036854775807",
      "1234567890123.123456789",
      "[]",
      "{}",
      '{"a": {"b": [1.0, 1e5]}}',
      '[" {\\"} ", "\\\\"]',
    ),
  )
  .filter((value) => isJson(value));
function isJson(value: string): boolean {
  try {
    JSON.parse(value);
    return true;
  } catch {
    return false;
  }
}
const hex = (length: number) => fc.stringMatching(new RegExp(`^[0-9a-f]{${length}}$`));
const point = fc.tuple(coordinate, coordinate).map(([x, y]) => `(${x},${y})`);
const points = fc.array(point, { minLength: 1, maxLength: 4 }).map((list) => list.join(","));
const address = fc.oneof(
  fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 })).map(([ip, bits]) => `${ip}/${bits}`),
  fc.ipV4(),
  fc.constantFrom("::1", "fe80::1:2/64", "2001:db8::/32"),
);
const network = fc.constantFrom("10.0.0.0/8", "192.168.1.0/24", "0.0.0.0/0", "2001:db8::/32", "1.2.3.4/32");
const bits = (length?: number) =>
  fc.stringMatching(length === undefined ? /^[01]{0,20}$/ : new RegExp(`^[01]{${length}}$`));
const lexemes = fc
  .array(word, { maxLength: 4 })
  .map((words) => words.map((value, index) => `${value}:${index + 1}`).join(" "));

/** A range's text of two bounds in their order. */
function range(bound: Arbitrary<string>, compare: (one: string, other: string) => number): Arbitrary<string> {
  const closed = fc.constantFrom("[", "(");
  const end = fc.constantFrom("]", ")");
  const bounds = fc.tuple(closed, fc.option(bound), fc.option(bound), end).map(([open, one, other, close]) => {
    const [from, to] = one !== null && other !== null && compare(one, other) > 0 ? [other, one] : [one, other];
    return `${open}${quote(from)},${quote(to)}${close}`;
  });
  return fc.oneof({ weight: 5, arbitrary: bounds }, { weight: 1, arbitrary: fc.constant("empty") });
}
const quote = (value: string | null) => (value === null ? "" : `"${value.replace(/["\\]/g, "\\$&")}"`);
const byNumber = (one: string, other: string) => (BigInt(one) < BigInt(other) ? -1 : 1);
const byValue = (one: string, other: string) => Number(one) - Number(other);
const byBytes = (one: string, other: string) => Buffer.compare(Buffer.from(one), Buffer.from(other));
const multi = (ranges: Arbitrary<string>) => fc.array(ranges, { maxLength: 3 }).map((list) => `{${list.join(",")}}`);
const smallInt = fc.integer({ min: -1_000_000, max: 1_000_000 }).map(String);
const decimal = fc.integer({ min: -1_000_000, max: 1_000_000 }).map((value) => (value / 100).toFixed(2));
const secondsOnly = fc.tuple(day, clock).map(([date, time]) => `${date} ${time.slice(0, 8)}`);
const ranges = {
  int4range: range(smallInt, byNumber),
  int8range: range(smallInt, byNumber),
  numrange: range(decimal, byValue),
  daterange: range(
    day.filter((value) => value < "9999-12-30"),
    byBytes,
  ),
  tsrange: range(secondsOnly, byBytes),
  tstzrange: range(
    secondsOnly.map((value) => `${value}+00`),
    byBytes,
  ),
  textrange: range(text, byBytes),
};

const base = (name: string, scalar: string, texts: Arbitrary<string>): ValueType => ({ name, scalar, texts });

/** Those of one value. */
export const scalarTypes: readonly ValueType[] = [
  base("bool", "Boolean", fc.constantFrom("t", "f")),
  base("int2", "Int", int(16)),
  base("int4", "Int", int(32)),
  base("int8", "BigInt", int(64)),
  base("oid", "BigInt", unsigned),
  base("float4", "Float", fc.oneof(fc.float().map(String), fc.constantFrom("NaN", "Infinity", "-Infinity", "-0"))),
  base("float8", "Float", float),
  base("numeric", "Decimal", numeric),
  base("numeric(20,4)", "Decimal", decimal),
  base("money", "String", decimal),
  base("text", "String", text),
  base(
    "varchar(30)",
    "String",
    text.map((value) => [...value].slice(0, 30).join("")),
  ),
  base(
    "char(40)",
    "String",
    text.map((value) => [...value].slice(0, 40).join("")),
  ),
  base(
    "name",
    "String",
    text.map((value) => [...value].slice(0, 10).join("")),
  ),
  base('"char"', "String", fc.constantFrom("a", "", '"', "\\", " ", "{")),
  base(
    "bytea",
    "Bytes",
    fc.uint8Array({ maxLength: 12 }).map((value) => `\\x${Buffer.from(value).toString("hex")}`),
  ),
  base("date", "Date", fc.oneof({ weight: 4, arbitrary: day }, { weight: 1, arbitrary: farDay })),
  base("time", "Time", fc.oneof(clock, fc.constant("24:00:00"))),
  base(
    "timetz",
    "Time",
    fc.tuple(clock, offset).map((parts) => parts.join("")),
  ),
  base("timestamp", "DateTime", fc.oneof({ weight: 4, arbitrary: moment }, { weight: 1, arbitrary: farDay })),
  base("timestamptz", "DateTime", fc.oneof({ weight: 4, arbitrary: zoned }, { weight: 1, arbitrary: farDay })),
  base("interval", "Duration", interval),
  base("uuid", "UUID", fc.uuid()),
  { ...base("json", "JSON", json), json: true },
  { ...base("jsonb", "JSON", json), json: true },
  base("jsonpath", "String", fc.constantFrom("$", '$."a b"[*]', "$.a ? (@ > 1)", "strict $.a.b")),
  base(
    "xml",
    "String",
    word.map((value) => `<${value} a="1">{,}</${value}>`),
  ),
  base("inet", "String", address),
  base("cidr", "String", network),
  base("macaddr", "String", hex(12)),
  base("macaddr8", "String", hex(16)),
  base("bit(5)", "String", bits(5)),
  base("varbit", "String", bits()),
  base("point", "String", point),
  base(
    "line",
    "String",
    fc.tuple(fc.integer({ min: 1, max: 9 }), coordinate, coordinate).map((parts) => `{${parts.join(",")}}`),
  ),
  base(
    "lseg",
    "String",
    fc.tuple(point, point).map((parts) => `[${parts.join(",")}]`),
  ),
  base(
    "box",
    "String",
    fc.tuple(point, point).map((parts) => parts.join(",")),
  ),
  base(
    "path",
    "String",
    fc.tuple(points, fc.boolean()).map(([list, open]) => (open ? `[${list}]` : `(${list})`)),
  ),
  base(
    "polygon",
    "String",
    points.map((list) => `(${list})`),
  ),
  base(
    "circle",
    "String",
    fc.tuple(point, fc.nat({ max: 50 })).map(([center, radius]) => `<${center},${radius}>`),
  ),
  base("tsvector", "String", lexemes),
  base(
    "tsquery",
    "String",
    fc.array(word, { minLength: 1, maxLength: 3 }).map((words) => words.map((value) => `'${value}'`).join(" & ")),
  ),
  base(
    "tid",
    "String",
    fc.tuple(fc.nat(), fc.nat({ max: 65_535 })).map((parts) => `(${parts.join(",")})`),
  ),
  base("xid", "String", unsigned),
  base("cid", "String", unsigned),
  base("xid8", "String", fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }).map(String)),
  base(
    "pg_lsn",
    "String",
    fc.tuple(fc.nat(), fc.nat()).map(([high, low]) => `${high.toString(16)}/${low.toString(16)}`),
  ),
  base("pg_snapshot", "String", fc.constantFrom("10:20:10,14,15", "10:10:")),
  base("txid_snapshot", "String", fc.constantFrom("10:20:10,14,15", "10:10:")),
  base("refcursor", "String", text),
  base("regclass", "String", fc.constantFrom("pg_class", "pg_type")),
  base("regtype", "String", fc.constantFrom("int4", "timestamptz", "int4[]")),
  base("regproc", "String", fc.constantFrom("now", "int4pl")),
  base("regprocedure", "String", fc.constantFrom("int4pl(int4,int4)", "now()")),
  base("regoper", "String", fc.constantFrom("pg_catalog.||/", "1")),
  base("regoperator", "String", fc.constantFrom("+(int4,int4)", "*(int8,int8)")),
  base("regrole", "String", fc.constantFrom("pg_monitor", "pg_read_all_data")),
  base("regnamespace", "String", fc.constantFrom("pg_catalog", "public")),
  base("regconfig", "String", fc.constantFrom("simple", "english")),
  base("regdictionary", "String", fc.constantFrom("simple")),
  base("regcollation", "String", fc.constantFrom('"C"', '"POSIX"')),
  ...Object.entries(ranges).flatMap(([name, texts]) => [
    base(name, "String", texts),
    base(name.replace("range", "multirange"), "String", multi(texts)),
  ]),
  base('"odd mood"', "String", fc.constantFrom("ok", "so sad", "NULL", "{a,b}", 'q"u\\o', "(", "ünï", " x ")),
  base("small", "Int", fc.integer({ min: -1000, max: 1000 }).map(String)),
  base("smaller", "Int", fc.integer({ min: -1000, max: 1000 }).map(String)),
  base("flag", "Boolean", fc.constantFrom("t", "f")),
  base(
    "name_of",
    "String",
    text.map((value) => [...value].slice(0, 20).join("")),
  ),
  { ...base("doc", "JSON", json), json: true },
];

const find = (name: string): Arbitrary<string> => {
  const type = scalarTypes.find((known) => known.name === name);
  if (type === undefined) {
    throw new TypeError(`no type ${name}`);
  }
  return type.texts;
};

/** The text of a composite value. */
function record(...parts: Arbitrary<string>[]): Arbitrary<string> {
  return fc
    .tuple(...parts.map((part) => fc.option(part, { freq: 4 })))
    .map((values) => `(${values.map(field).join(",")})`);
}
const field = (value: string | null) =>
  value === null ? "" : `"${value.replace(/["\\]/g, (character) => character + character)}"`;

/** The text of an array with this many dimensions, whose items may be NULL and whose bounds may be odd. */
export function array(items: Arbitrary<string>, dimensions: number, delimiter = ","): Arbitrary<string> {
  const sizes = fc.tuple(...Array.from({ length: dimensions }, () => fc.integer({ min: 1, max: 3 })));
  return fc
    .tuple(
      sizes,
      fc.array(fc.option(items, { freq: 4 }), { minLength: 27, maxLength: 27 }),
      fc.option(fc.integer({ min: -2, max: 5 }), { freq: 3 }),
      fc.nat({ max: 9 }),
    )
    .map(([lengths, values, lower, empty]) => {
      if (empty === 0) {
        return "{}";
      }
      const left = [...values];
      const print = (depth: number): string => {
        const list = Array.from({ length: lengths[depth] ?? 0 }, () =>
          depth === dimensions - 1 ? element(left.pop() ?? null) : print(depth + 1),
        );
        return `{${list.join(delimiter)}}`;
      };
      const bounds = lower === null ? "" : `${lengths.map((length) => `[${lower}:${lower + length - 1}]`).join("")}=`;
      return `${bounds}${print(0)}`;
    });
}
const element = (value: string | null) => (value === null ? "NULL" : `"${value.replace(/["\\]/g, "\\$&")}"`);

const leafText = record(
  find("int8"),
  find("timestamptz"),
  text,
  find('"odd mood"'),
  array(find("flag"), 1),
  find("int4range"),
);
const branchText = record(
  find("name_of"),
  leafText,
  array(leafText, 1),
  find("numeric"),
  array(find("box"), 1, ";"),
  find("date"),
);

export const compositeTypes: readonly ValueType[] = [
  base("leaf", "Leaf", leafText),
  base("branch", "Branch", branchText),
  base("lone", "Lone", record(text)),
  base("weird", "JSON", record(find("int4"), text, text)),
  { ...base("documents", "Documents", record(json, array(json, 1))), json: true },
];

export const domainsOverArrays: readonly ValueType[] = [base("moods", "String", array(find('"odd mood"'), 1))];
