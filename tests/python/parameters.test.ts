/** Python values and Postgres's texts become one another as in psycopg 3: the real one is asked. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { TestPython } from "../support/python/pyodide.ts";

const run = promisify(execFile);
const version = "3.3.9";
const packages = join(import.meta.dirname, `../.puff/psycopg-${version}`);

const prelude = `
import datetime, decimal, enum, ipaddress, uuid
from datetime import date, time, timedelta, timezone
from decimal import Decimal
utc = timezone.utc
zone = timezone(timedelta(hours=5, minutes=30))
moment = datetime.datetime
class Color(enum.Enum):
    RED = "red"
    BLUE = 2
class Level(enum.IntEnum):
    LOW = 1
    HIGH = 40000
class Mode(enum.StrEnum):
    ON = "on"
class Old(str, enum.Enum):
    ON = "old"
class Flag(enum.IntFlag):
    A = 1
    B = 2
class Text(str): pass
class Number(int): pass
class Day(date): pass
`;

const dumps = [
  ...["32768", "-32769", "2**31-1", "2**31", "-2**31", "-2**31-1"],
  ...["2**63-1", "2**63", "-2**63", "-2**63-1", "10**40", "True", "False", "None", "Number(70000)"],
  ...["1.5", "-0.0", "1e300", "1e-7", "0.1+0.2", "float('nan')", "float('inf')", "-float('inf')"],
  ...["''", "'a'", "'ünï 🙂'", "'1'", "Text('t')", "'a\\0b'"],
  ...["b''", "b'\\x00\\xffab'", "bytearray(b'x')", "memoryview(b'yz')"],
  ...["date(2020, 1, 2)", "date(1, 1, 1)", "date(9999, 12, 31)", "Day(2020, 1, 2)"],
  ...["moment(2020, 1, 2)", "moment(2020, 1, 2, 3, 4, 5, 6)", "moment(1, 1, 1)", "moment(2020, 1, 2, tzinfo=utc)"],
  ...["moment(2020, 1, 2, 3, 4, 5, 600000, zone)", "moment(2020, 1, 2, tzinfo=timezone(-timedelta(hours=3)))"],
  ...["time(1, 2)", "time(1, 2, 3, 4)", "time(1, 2, 3, tzinfo=utc)", "time(1, tzinfo=zone)"],
  ...["timedelta(0)", "timedelta(1)", "timedelta(1, 2, 3)", "timedelta(-1, 5)", "timedelta(microseconds=-1)"],
  ...["timedelta(days=-3)", "timedelta(hours=30)", "timedelta(days=400, minutes=1)", "timedelta.max", "timedelta.min"],
  ...["Decimal('1.50')", "Decimal('-0')", "Decimal('1E+5')", "Decimal('1e-9')", "Decimal('NaN')", "Decimal('sNaN')"],
  ...["Decimal('Infinity')", "Decimal('-Infinity')", "Decimal(10**30)"],
  ...["uuid.UUID(int=5)", "uuid.UUID('1b671a64-40d5-491e-99b0-da01ff1f3341')"],
  ...["Color.RED", "Color.BLUE", "Level.HIGH", "Mode.ON", "Old.ON"],
  ...["ipaddress.ip_address('1.2.3.4')", "ipaddress.ip_address('::1')", "ipaddress.ip_network('10.0.0.0/8')"],
  "ipaddress.ip_interface('1.2.3.4/24')",
  ...["[None]", "[[]]", "[[], []]", "[[None]]", "[1, 100000]", "[1, 2**40]", "[1, 2**70]"],
  ...["[-32769]", "[2**70, 1]", "[True, None, False]", "[1.5, 2.5]", "[float('nan')]"],
  ...[
    "['a', 'b']",
    "['a', None]",
    "['', 'NULL', 'null', 'nUll', 'nulls']",
    `['q"u', 'b\\\\s', '{', '}', 'a,b', ' a', 'a b']`,
  ],
  ...["['ünï', '🙂', 'a\\tb', 'a\\nb']", "[Text('t'), 'u']", "[[1], [100000]]", "[['a'], ['b']]"],
  ...["[Decimal(1), Decimal('1.5')]", "[date(2020, 1, 1), None]", "[time(1)]", "[timedelta(1)]"],
  ...[
    "[moment(2020, 1, 1)]",
    "[moment(2020, 1, 1, tzinfo=utc)]",
    "[moment(2020, 1, 1), moment(2020, 1, 1, tzinfo=utc)]",
  ],
  ...["[uuid.UUID(int=1)]", "[Color.RED, Color.BLUE]", "[Mode.ON]", "[Old.ON]", "[time(1, tzinfo=utc)]"],
  ...[
    "[1, 'a']",
    "[1, 1.5]",
    "[1, True]",
    "[1, Decimal(1)]",
    "['a', b'b']",
    "['a', date(2020, 1, 1)]",
    "object()",
    "int",
  ],
];

const loads: readonly (readonly [oid: number, text: string])[] = [
  [16, "t"],
  [16, "f"],
  [17, "\\x00ff6162"],
  [17, "\\x"],
  [20, "9223372036854775807"],
  [21, "-32768"],
  [23, "7"],
  [25, "text"],
  [26, "4294967295"],
  [114, '{"a": [1, 2.5, null]}'],
  [700, "1.5"],
  [701, "1e-07"],
  [701, "NaN"],
  [701, "-Infinity"],
  [1042, "pad  "],
  [1043, "varchar"],
  [1082, "2024-05-01"],
  [1083, "12:30:00"],
  [1083, "12:30:00.5"],
  [1083, "12:30:00.000001"],
  [1114, "2024-05-01 12:30:00"],
  [1114, "2024-05-01 12:30:00.123456"],
  [1114, "0001-01-01 00:00:00"],
  [1184, "2024-05-01 12:30:00+00"],
  [1184, "2024-05-01 12:30:00.5+00"],
  [1266, "12:30:00+00"],
  [1266, "12:30:00.25+05:30"],
  [1700, "12.50"],
  [1700, "NaN"],
  [1700, "-1000000000000000000000.000000001"],
  [2950, "1b671a64-40d5-491e-99b0-da01ff1f3341"],
  [3802, '[1, "a"]'],
  [1000, "{t,f,NULL}"],
  [1005, "{1,2}"],
  [1007, "{}"],
  [1007, "{{1,2},{3,NULL}}"],
  [1007, "[0:1]={1,2}"],
  [1016, "{9223372036854775807}"],
  [1009, '{a,"b c","q\\"u","b\\\\s","","NULL",NULL,"{","a,b","ünï","l\ni"}'],
  [1015, '{x,"y z"}'],
  [1022, "{1.5,NaN}"],
  [1231, "{1.50,2}"],
  [1182, "{2024-05-01}"],
  [1115, '{"2024-05-01 12:30:00"}'],
  [1185, '{"2024-05-01 12:30:00+00"}'],
  [2951, "{1b671a64-40d5-491e-99b0-da01ff1f3341}"],
  [3807, '{"{\\"a\\": 1}"}'],
  [199, '{"[1]"}'],
  [1001, '{"\\\\x6162"}'],
];

/** An ISO 8601 duration, which our sessions print, and the same as psycopg's sessions print it. */
const intervals: readonly (readonly [iso: string, postgres: string])[] = [
  ["PT0S", "00:00:00"],
  ["P1D", "1 day"],
  ["P1DT2H3M4.5S", "1 day 02:03:04.5"],
  ["P-1DT-2H", "-1 days -02:00:00"],
  ["P-1DT5S", "-1 days +00:00:05"],
  ["PT-0.000001S", "-00:00:00.000001"],
  ["PT-1M-0.5S", "-00:01:00.5"],
  ["P1Y2M3D", "1 year 2 mons 3 days"],
  ["P-1Y-2M", "-1 years -2 mons"],
  ["PT100H", "100:00:00"],
];

let python: TestPython;
let real: { readonly dumps: readonly unknown[]; readonly loads: readonly string[] };

beforeAll(async () => {
  [python, real] = await Promise.all([TestPython.start(), askPsycopg()]);
}, 300_000);
afterAll(() => python.close());

test.each(dumps.map((expression, index) => ({ expression, index })))(
  "$expression is sent as psycopg sends it",
  ({ expression, index }) => {
    const ours = inPyodide(`
from puff._errors import PlanError
from puff._plans.parameters import to_parameter
try:
    answer = to_parameter(${expression})
except PlanError as error:
    answer = str(error)
answer`);
    const theirs = real.dumps[index];
    // An error is an error, whatever each calls it.
    expect(typeof theirs === "string" ? typeof ours : ours).toEqual(typeof theirs === "string" ? "string" : theirs);
  },
);

/** Where psycopg has no form, or one that would not help here: its `int2` overflows where SQL's integers would not. */
test.each<[expression: string, form: unknown]>([
  ["0", [23, "0"]],
  ["-1", [23, "-1"]],
  ["32767", [23, "32767"]],
  ["-32768", [23, "-32768"]],
  ["Number(7)", [23, "7"]],
  ["Level.LOW", [23, "1"]],
  ["Flag.A | Flag.B", [23, "3"]],
  ["[1, None]", [1007, "{1,NULL}"]],
  ["[Level.LOW]", [1007, "{1}"]],
  ["{'a': [1, None]}", [3802, '{"a": [1, null]}']],
  ["{}", [3802, "{}"]],
  ["[{'a': 'b c'}]", [3807, '{"{\\"a\\": \\"b c\\"}"}']],
  ["(1, 2)", [1007, "{1,2}"]],
  ["[]", [0, "\f{}"]],
  ["()", [0, "\f{}"]],
  ["[(1, 2), (3, 4)]", [1007, "{{1,2},{3,4}}"]],
  ["[[[1]], [[2]]]", [1007, "{{{1}},{{2}}}"]],
  ["{5}", [1007, "{5}"]],
  ["range(3)", [1007, "{0,1,2}"]],
  ["[b'ab']", [1001, '{"\\\\x6162"}']],
  ["[Level.LOW, Level.HIGH]", [1007, "{1,40000}"]],
])("%s is sent in a form of our own", (expression, form) => {
  expect(inPyodide(`from puff._plans.parameters import to_parameter\nto_parameter(${expression})`)).toEqual(form);
});

test.each([
  ["Json({'a': 1})", [0, '{"a": 1}']],
  ["Inet('10.0.0.1')", [869, "10.0.0.1"]],
  ["Binary(b'a\\x00')", [17, "\\x6100"]],
  ["DateRange(date(2024, 1, 2), None)", [3912, "[2024-01-02,)"]],
  [
    "DateTimeRange(moment(2024, 1, 2), moment(2024, 1, 3), '[]')",
    [3908, '["2024-01-02 00:00:00","2024-01-03 00:00:00"]'],
  ],
  ["DateTimeTZRange(None, moment(2024, 1, 2, tzinfo=utc))", [3910, '(,"2024-01-02 00:00:00+00:00")']],
  ["NumericRange(1, Decimal('2.5'), '(]')", [0, "(1,2.5]"]],
  ["NumericRange(empty=True)", [0, "empty"]],
  ['QuotedString("it\'s \\\\")', [0, "it's \\"]],
  ["Own('a')", [2950, "a"]],
  ["[Inet('10.0.0.1'), None]", [1041, "{10.0.0.1,NULL}"]],
  ["[DateRange(date(2024, 1, 2), None)]", [3913, '{"[2024-01-02,)"}']],
  ["[NumericRange(1, 2), None]", [0, '{"[1,2)",NULL}']],
  ["AsIs('now()')", "psycopg2 writes an expression for a AsIs, which can't be a parameter"],
])("%s, which psycopg2 adapts, is sent as a value", (expression, form) => {
  const code = `
from psycopg2.extensions import AsIs, Binary, ISQLQuote, QuotedString
from psycopg2.extras import DateRange, DateTimeRange, DateTimeTZRange, Inet, Json, NumericRange
from puff._errors import PlanError
from puff._plans.parameters import to_parameter
class Own:
    def __init__(self, text): self.text = text
    def __conform__(self, protocol): return self
    def getquoted(self): return f"'{self.text}'::uuid".encode()
try:
    answer = to_parameter(${expression})
except PlanError as error:
    answer = str(error)
answer`;
  expect(inPyodide(code)).toEqual(form);
});

test.each(loads.map(([oid, text], index) => ({ oid, text, index })))(
  "$oid $text is read as psycopg reads it",
  (load) => {
    expect(loaded(load.oid, load.text)).toBe(real.loads[load.index]);
  },
);

test.each(intervals.map(([iso, postgres], index) => ({ iso, postgres, index: loads.length + index })))(
  "the interval $iso is read as psycopg reads $postgres",
  ({ iso, index }) => {
    expect(loaded(1186, iso)).toBe(real.loads[index]);
  },
);

test.each([
  [1082, "infinity", "Python's date can't hold 'infinity'"],
  [1083, "24:00:00", "Python's time can't hold '24:00:00'"],
  [1114, "10000-01-01 00:00:00", "Python's datetime can't hold '10000-01-01 00:00:00'"],
])("what Python's types can't hold says so: %i %s", (oid, text, message) => {
  const code = `
from puff._wire.columns import load_texts
try:
    answer = load_texts(${oid}, ["${text}"])
except ValueError as error:
    answer = str(error)
answer`;
  expect(inPyodide(code)).toBe(message);
});

function loaded(oid: number, text: string): unknown {
  return inPyodide(`
from puff._wire.columns import load_texts
def show(value):
    if isinstance(value, list):
        return "[" + ", ".join(show(item) for item in value) + "]"
    return f"{type(value).__name__} {value.isoformat() if hasattr(value, 'isoformat') else repr(value)}"
show(load_texts(${oid}, [${JSON.stringify(text)}])[0])`);
}

function inPyodide(code: string): unknown {
  const lines = `${prelude}\n${code}`.trimEnd().split("\n");
  const last = lines.pop();
  return JSON.parse(python.pyodide.runPython(`${lines.join("\n")}\nimport json\njson.dumps(${last})`));
}

/** Installs psycopg for the machine's own Python, once, and asks it. */
async function askPsycopg(): Promise<typeof real> {
  if (!existsSync(packages)) {
    const partial = `${packages}.${process.pid}`;
    await run("python3", ["-m", "pip", "install", "--quiet", "--target", partial, `psycopg[binary]==${version}`]);
    // Whoever is first wins; the folder is never there half full.
    await rename(partial, packages).catch(() => rm(partial, { recursive: true, force: true }));
  }
  const script = run("python3", [join(import.meta.dirname, "../support/python/ask-psycopg.py")], {
    env: { ...process.env, PYTHONPATH: packages },
  });
  const cases = { prelude, dumps, loads: [...loads, ...intervals.map(([, postgres]) => [1186, postgres])] };
  script.child.stdin?.end(JSON.stringify(cases));
  return JSON.parse((await script).stdout);
}
