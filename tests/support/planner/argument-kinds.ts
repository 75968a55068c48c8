/** Arguments of all types: what clients send, what Postgres receives, what Python sees. */

/** A value as JSON writes it, what Postgres then receives, and what Python shows of it. */
export interface ArgumentCase {
  readonly json: string;
  /** Where it differs from JSON, as of an enum. */
  readonly literal?: string;
  readonly received: string;
  readonly seen: string;
}

export interface ArgumentKind {
  readonly name: string;
  readonly python: string;
  readonly graphql: string;
  /** `pg_typeof` needs it where Postgres infers the type. */
  readonly cast?: string;
  /** A default in Python. */
  readonly default: string;
  readonly cases: readonly ArgumentCase[];
}

const is = (json: string, received: string, seen = json, literal?: string): ArgumentCase => ({
  json,
  received,
  seen,
  ...(literal === undefined ? {} : { literal }),
});

const text = (value: string) => JSON.stringify(value);

/** Every scalar, enums, and lists of them. */
export const argumentKinds: readonly ArgumentKind[] = [
  {
    name: "int",
    python: "int",
    graphql: "Int",
    default: "300",
    cases: [
      is("0", "integer 0"),
      is("300", "integer 300"),
      is("-40000", "integer -40000"),
      is("2147483647", "integer 2147483647"),
    ],
  },
  {
    name: "big",
    python: "graphql.BigInt",
    graphql: "BigInt",
    default: "7",
    cases: [
      is("7", "bigint 7"),
      is(text("5"), "bigint 5", "5"),
      is("9007199254740993", "bigint 9007199254740993"),
      is(text("9223372036854775807"), "bigint 9223372036854775807", "9223372036854775807"),
      is(text("9223372036854775808"), "numeric 9223372036854775808", "9223372036854775808"),
    ],
  },
  {
    name: "float",
    python: "float",
    graphql: "Float",
    default: "1.5",
    cases: [
      is("1.5", "double precision 1.5"),
      is("2", "double precision 2", "2.0"),
      is("1e-7", "double precision 1e-07", "1e-07"),
    ],
  },
  {
    name: "str",
    python: "str",
    graphql: "String",
    cast: "::text",
    default: "'x'",
    cases: [is(text("5"), "text 5", "'5'"), is(text(""), "text ", "''"), is(text("ü🙂"), "text ü🙂", "'ü🙂'")],
  },
  {
    name: "id",
    python: "graphql.ID",
    graphql: "ID",
    cast: "::text",
    default: "'7'",
    cases: [
      is("1", "text 1", "'1'"),
      is(text("1"), "text 1", "'1'"),
      is(text("01"), "text 01", "'01'"),
      is("9007199254740993", "text 9007199254740993", "'9007199254740993'"),
    ],
  },
  {
    name: "yes",
    python: "bool",
    graphql: "Boolean",
    default: "True",
    cases: [is("true", "boolean true", "True"), is("false", "boolean false", "False")],
  },
  {
    name: "decimal",
    python: "Decimal",
    graphql: "Decimal",
    default: "Decimal('1.50')",
    cases: [
      is(text("12.50"), "numeric 12.50", "Decimal('12.50')"),
      is("3", "numeric 3", "Decimal('3')"),
      is("1.50", "numeric 1.50", "Decimal('1.50')"),
      is("12345678901234567.89", "numeric 12345678901234567.89", "Decimal('12345678901234567.89')"),
      is(text("-0.1e-5"), "numeric -0.000001", "Decimal('-0.000001')"),
    ],
  },
  {
    name: "uuid",
    python: "UUID",
    graphql: "UUID",
    default: "UUID('1b671a64-40d5-491e-99b0-da01ff1f3341')",
    cases: [
      is(
        text("1B671A64-40d5-491e-99b0-da01ff1f3341"),
        "uuid 1b671a64-40d5-491e-99b0-da01ff1f3341",
        "UUID('1b671a64-40d5-491e-99b0-da01ff1f3341')",
      ),
    ],
  },
  {
    name: "moment",
    python: "datetime",
    graphql: "DateTime",
    default: "datetime(2024, 5, 1, 12, 30)",
    cases: [
      is(
        text("2024-05-01T12:30:00.5z"),
        "timestamp with time zone 2024-05-01 12:30:00.5+00",
        "datetime.datetime(2024, 5, 1, 12, 30, 0, 500000, tzinfo=datetime.timezone.utc)",
      ),
      is(
        text("2024-05-01 12:30"),
        "timestamp without time zone 2024-05-01 12:30:00",
        "datetime.datetime(2024, 5, 1, 12, 30)",
      ),
      is(
        text("2024-05-01T24:00:00"),
        "timestamp without time zone 2024-05-02 00:00:00",
        "datetime.datetime(2024, 5, 2, 0, 0)",
      ),
      is(
        text("2024-05-01T12:30:00.1234567"),
        "timestamp without time zone 2024-05-01 12:30:00.123457",
        "datetime.datetime(2024, 5, 1, 12, 30, 0, 123457)",
      ),
      is(
        text("2024-05-01T12:30:00+0530"),
        "timestamp with time zone 2024-05-01 07:00:00+00",
        "datetime.datetime(2024, 5, 1, 12, 30, tzinfo=datetime.timezone(datetime.timedelta(seconds=19800)))",
      ),
    ],
  },
  {
    name: "day",
    python: "date",
    graphql: "Date",
    default: "date(2024, 5, 1)",
    cases: [is(text("2024-02-29"), "date 2024-02-29", "datetime.date(2024, 2, 29)")],
  },
  {
    name: "clock",
    python: "time",
    graphql: "Time",
    default: "time(12, 30)",
    cases: [
      is(text("12:30"), "time without time zone 12:30:00", "datetime.time(12, 30)"),
      is(text("24:00:00"), "time without time zone 24:00:00", "datetime.time(0, 0)"),
      is(text("23:59:59.9999999"), "time without time zone 24:00:00", "datetime.time(0, 0)"),
      is(
        text("24:00+01:00"),
        "time with time zone 24:00:00+01",
        "datetime.time(0, 0, tzinfo=datetime.timezone(datetime.timedelta(seconds=3600)))",
      ),
    ],
  },
  {
    name: "span",
    python: "timedelta",
    graphql: "Duration",
    default: "timedelta(days=1, hours=2)",
    cases: [
      is(text("P1M"), "interval P1M", "datetime.timedelta(days=30)"),
      is(text("-P1D"), "interval P-1D", "datetime.timedelta(days=-1)"),
      is(text("P1.5D"), "interval P1DT12H", "datetime.timedelta(days=1, seconds=43200)"),
      is(text("PT36H"), "interval PT36H", "datetime.timedelta(days=1, seconds=43200)"),
      is(text("-P1Y-2MT-0.5S"), "interval P-10MT0.5S", "datetime.timedelta(days=-300, microseconds=500000)"),
      is(text("+P0.5Y1.5M2W"), "interval P7M29D", "datetime.timedelta(days=239)"),
    ],
  },
  {
    name: "blob",
    python: "bytes",
    graphql: "Bytes",
    default: "b'ab'",
    cases: [is(text("AP8="), "bytea \\x00ff", "b'\\x00\\xff'"), is(text(""), "bytea \\x", "b''")],
  },
  {
    name: "json",
    python: "graphql.JSON",
    graphql: "JSON",
    default: "5",
    cases: [
      is('{"a":1}', 'jsonb {"a": 1}', "{'a': 1}", "{a:1}"),
      is("{}", "jsonb {}"),
      is("[]", "jsonb []"),
      is(text("5"), 'jsonb "5"', "'5'"),
      is(text("x"), 'jsonb "x"', "'x'"),
      is(text(""), 'jsonb ""', "''"),
      is("[1,2]", "jsonb [1, 2]", "[1, 2]"),
      is('["a"]', 'jsonb ["a"]', "['a']"),
      is("[[1],[]]", "jsonb [[1], []]", "[[1], []]"),
      is('[{"a":[]}]', 'jsonb [{"a": []}]', "[{'a': []}]", "[{a:[]}]"),
      is("5", "jsonb 5"),
      is("1.5", "jsonb 1.5"),
      is("true", "jsonb true", "True"),
      is("false", "jsonb false", "False"),
      is("1.50", "jsonb 1.50", "1.5"),
      is("1.0", "jsonb 1.0"),
      is("1e2", "jsonb 100", "100.0"),
      is("12345678901234567.89", "jsonb 12345678901234567.89", "1.2345678901234568e+16"),
      is("9007199254740993", "jsonb 9007199254740993"),
      is(
        '{"p":[1.50,{"i":18446744073709551615}]}',
        'jsonb {"p": [1.50, {"i": 18446744073709551615}]}',
        "{'p': [1.5, {'i': 18446744073709551615}]}",
        "{p:[1.50,{i:18446744073709551615}]}",
      ),
    ],
  },
  {
    name: "level",
    python: "Level",
    graphql: "Level",
    cast: "::text",
    default: "Level.LOW",
    cases: [is(text("LOW"), "text LOW", "<Level.LOW: 'l'>", "LOW")],
  },
  {
    name: "mode",
    python: "Mode",
    graphql: "Mode",
    cast: "::text",
    default: "Mode.ON",
    cases: [is(text("ON"), "text on", "<Mode.ON: 'on'>", "ON")],
  },
  {
    name: "rank",
    python: "Rank",
    graphql: "Rank",
    default: "Rank.FIRST",
    cases: [
      is(text("FIRST"), "integer 1", "<Rank.FIRST: 1>", "FIRST"),
      is(text("LAST"), "integer 70000", "<Rank.LAST: 70000>", "LAST"),
    ],
  },
  {
    name: "ints",
    python: "list[int]",
    graphql: "[Int!]",
    default: "[1, 2]",
    cases: [is("[]", "integer[] {}"), is("[1,300]", "integer[] {1,300}", "[1, 300]"), is("7", "integer[] {7}", "[7]")],
  },
  {
    name: "maybe_ints",
    python: "list[int | None]",
    graphql: "[Int]",
    default: "[None]",
    cases: [is("[null]", "integer[] {NULL}", "[None]"), is("[1,null]", "integer[] {1,NULL}", "[1, None]")],
  },
  {
    name: "int_table",
    python: "list[list[int]]",
    graphql: "[[Int!]!]",
    default: "[[1]]",
    cases: [
      is("[]", "integer[] {}"),
      is("[[],[]]", "integer[] {}", "[[], []]"),
      is("[[1,2],[3,4]]", "integer[] {{1,2},{3,4}}", "[[1, 2], [3, 4]]"),
    ],
  },
  {
    name: "bigs",
    python: "list[graphql.BigInt]",
    graphql: "[BigInt!]",
    default: "[5]",
    cases: [is("[]", "bigint[] {}"), is('[5,"6"]', "bigint[] {5,6}", "[5, 6]")],
  },
  {
    name: "uuids",
    python: "list[UUID]",
    graphql: "[UUID!]",
    default: "[UUID(int=1)]",
    cases: [is("[]", "uuid[] {}")],
  },
  {
    name: "moments",
    python: "list[datetime]",
    graphql: "[DateTime!]",
    default: "[]",
    cases: [
      is("[]", "timestamp with time zone[] {}"),
      is(
        '["2024-05-01T00:00"]',
        'timestamp without time zone[] {"2024-05-01 00:00:00"}',
        "[datetime.datetime(2024, 5, 1, 0, 0)]",
      ),
    ],
  },
  {
    name: "spans",
    python: "list[timedelta]",
    graphql: "[Duration!]",
    default: "[]",
    cases: [is("[]", "interval[] {}"), is('["P1M"]', "interval[] {P1M}", "[datetime.timedelta(days=30)]")],
  },
  {
    name: "yesses",
    python: "list[bool]",
    graphql: "[Boolean!]",
    default: "[]",
    cases: [is("[]", "boolean[] {}"), is("[true]", "boolean[] {t}", "[True]")],
  },
  {
    name: "levels",
    python: "list[Level]",
    graphql: "[Level!]",
    cast: "::text[]",
    default: "[Level.LOW]",
    cases: [is("[]", "text[] {}"), is('["LOW"]', "text[] {LOW}", "[<Level.LOW: 'l'>]", "[LOW]")],
  },
  {
    name: "levels_as_text",
    python: "list[Level]",
    graphql: "[Level!]",
    cast: "::text",
    default: "[Level.LOW]",
    cases: [is("[]", "text {}"), is('["LOW"]', "text {LOW}", "[<Level.LOW: 'l'>]", "[LOW]")],
  },
  {
    name: "strs_as_text",
    python: "list[str]",
    graphql: "[String!]",
    cast: "::text",
    default: "[]",
    cases: [
      is("[]", "text {}"),
      is('["OK"]', "text {OK}", "['OK']"),
      is('["a b","","null","{"]', 'text {"a b","","null","{"}', "['a b', '', 'null', '{']"),
    ],
  },
  {
    name: "ranks",
    python: "list[Rank]",
    graphql: "[Rank!]",
    default: "[]",
    cases: [is("[]", "integer[] {}"), is('["LAST"]', "integer[] {70000}", "[<Rank.LAST: 70000>]", "[LAST]")],
  },
  {
    name: "strs",
    python: "list[str]",
    graphql: "[String!]",
    cast: "::text[]",
    default: "['a']",
    cases: [is("[]", "text[] {}"), is('["a,b",""]', 'text[] {"a,b",""}', "['a,b', '']")],
  },
  {
    name: "jsons",
    python: "list[graphql.JSON]",
    graphql: "[JSON!]",
    default: "[1]",
    cases: [
      is("[]", "jsonb[] {}"),
      is("[1.50,[9007199254740993]]", "jsonb[] {1.50,[9007199254740993]}", "[1.5, [9007199254740993]]"),
      is('[1,"5",[],{},true,[[1]]]', 'jsonb[] {1,"\\"5\\"",[],"{}",true,[[1]]}', "[1, '5', [], {}, True, [[1]]]"),
    ],
  },
];
