"""Cases of how psycopg2 behaves: each is run by psycopg2 itself and by the shim, and must show the same.

Called with a DSN it prints a JSON object of what each case showed. A case is Python code; what its last line, an
expression, gives is shown, and so is what it raises.
"""

# ruff: noqa: E501, SLOT000, TRY300

from __future__ import annotations

import ast
import importlib
import json
import sys
from typing import Any

import psycopg2
import psycopg2.errorcodes
import psycopg2.errors
import psycopg2.extensions as ext
import psycopg2.extras
import psycopg2.pool
import psycopg2.sql
import psycopg2.tz
from psycopg2_flows import FLOWS

SETUP = """
CREATE TEMP TABLE item (id serial PRIMARY KEY, name text UNIQUE, price numeric(8,2), made timestamptz, data jsonb);
CREATE TYPE pg_temp.pair AS (a int, b text);
CREATE FUNCTION pg_temp.plus(a int, b int) RETURNS int LANGUAGE sql AS 'SELECT a + b';
SET TIME ZONE 'Europe/Paris';
"""

LITERALS = """
None | True | 0 | -1 | 10**30 | 1.5 | -1.5 | 1e300 | float("nan") | float("inf") | float("-inf")
decimal.Decimal("1.10") | decimal.Decimal("-1.10") | decimal.Decimal("NaN") | decimal.Decimal("Infinity")
"" | "a" | "it's" | "back\\\\slash" | "é€😀" | "%s %" | b"" | b"\\x00\\xff'\\\\" | bytearray(b"ab") | memoryview(b"ab")
datetime.date(2020, 2, 29) | datetime.date(1, 1, 1) | datetime.time(1, 2, 3, 4) | datetime.datetime(2020, 1, 1, 1, 1)
datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc) | datetime.timedelta(-1, 5, 6) | datetime.timedelta(400)
datetime.time(1, 2, tzinfo=datetime.timezone(datetime.timedelta(hours=5, minutes=30)))
[] | [1, 2] | [None] | [[]] | [[1], [None]] | [None, [None]] | ["a", None] | [[1, 2], [3, 4]] | [b"x"] | [-1, -1.5]
() | (1,) | (1, "a", None) | [(1, 2)] | ([1], [2]) | psycopg2.Binary(b"ab") | ext.AsIs("now()") | ext.AsIs(5)
psycopg2.Date(2020, 1, 2) | psycopg2.Time(1, 2, 3.5) | psycopg2.Timestamp(2020, 1, 2, 3, 4, 5.25)
psycopg2.extras.Json({"a": [1, None, "é"]}) | psycopg2.extras.Inet("10.0.0.1/8") | psycopg2.extras.NumericRange(1, 5)
psycopg2.extras.DateRange(datetime.date(2020, 1, 1), None, "[]") | psycopg2.extras.NumericRange(empty=True)
psycopg2.extras.DateTimeTZRange(None, None) | object() | {"a": 1} | {1, 2} | 1j | Color.RED | Sub("x") | Conforming()
"a\\0b" | uuid.UUID(int=5) | ext.QuotedString("q") | ext.Float(1) | ext.Boolean(0) | ext.Int(True)
"""

VALUES = """
NULL::int | 1::int2 | 1::int8 | 1.50::numeric | 'NaN'::numeric | 1.5::float4 | 'Infinity'::float8 | true | 'x'::text
'x'::char(3) | 'x'::"char" | 'a'::name | 1::oid | '\\x00ff'::bytea | '' | 'é'::varchar | '2020-02-29'::date
'infinity'::date | '-infinity'::timestamp | 'infinity'::timestamptz | '10000-01-01'::date | '0044-03-15 BC'::date
'2020-01-01 01:02:03.04'::timestamp | '2020-07-01 00:00+00'::timestamptz | '24:00'::time | '01:02:03.5+05:30'::timetz
'1 year 2 mons 3 days 04:05:06.7'::interval | '-1 days +02:03'::interval | '0'::interval | '1900-01-01'::timestamptz
'{1,NULL,3}'::int[] | '{}'::text[] | '{{a,"b c"},{"d\\"e",NULL}}'::text[] | '[0:1]={1,2}'::int[] | '{t,f}'::bool[]
'{1.5,NaN}'::float8[] | '{1.10}'::numeric[] | ARRAY['2020-01-01'::date, NULL] | ARRAY['1 day'::interval]
ARRAY['\\x01'::bytea] | '{"a": [1, 2.5, null]}'::json | '[1]'::jsonb | ARRAY['{}'::jsonb] | 'null'::jsonb
'[1,5)'::int4range | 'empty'::daterange | '(,2020-01-01)'::daterange | '[1.5,]'::numrange | ARRAY[int4range(1, 2)]
'["2020-01-01 00:00","2020-01-02 00:00")'::tsrange | '["2020-01-01 00:00+00",)'::tstzrange | int8range(NULL, NULL)
'10.0.0.1/8'::inet | '10.0.0.0/8'::cidr | ARRAY['10.0.0.1'::inet] | '00000000-0000-0000-0000-000000000005'::uuid
'(1,2)'::point | B'101' | '12:34:56:78:9a:bc'::macaddr | row(1, 'a') | '<a/>'::xml | '$1.00'::money | 1::regclass::text
"""

TEMPLATES = """
"%s", () | "%s", (1, 2) | "%s %s", (1,) | "%(a)s", {} | "%(a)s %s", {"a": 1} | "%s %(a)s", (1,) | "100%% %s", (1,)
"100%%", () | "100%%", None | "%d", (1,) | "%(a", {"a": 1} | "%(a)", {"a": 1} | "%(a)d", {"a": 1} | "%", (1,)
"%(a)s %(a)s", {"a": 1} | "%s", 1 | "%s", "a" | "%s", "ab" | "a", (1,) | "%(a)s", (1,) | "%s", {"a": 1} | "% s", (1,)
"%s%", (1,) | "%(é)s", {"é": 1} | b"%s", [None] | "", () | "a", {} | "%s", [] | "%%", {} | "%(a)s", {"a": object()}
"""

STATEMENTS = """
SELECT 1 | SELECT | SELECT 1; SELECT 2 | INSERT INTO item (name) VALUES ('a'), ('b') | UPDATE item SET price = 1
DELETE FROM item | CREATE TEMP TABLE other (a int) | SET LOCAL work_mem = '1MB' | ; | nonsense | SELECT * FROM nosuch
SELECT nosuch FROM item | SELECT 1 / 0 | SELECT 'a'::int | INSERT INTO item (id, name) VALUES (1, 'a'), (1, 'b')
INSERT INTO item (id) VALUES (NULL) | SELECT nosuch() | SELECT '2020-13-01'::date | INSERT INTO item (price) VALUES (1e9)
COMMIT | ROLLBACK | BEGIN | FETCH 1 FROM nosuch | SELECT repeat('x', 70) || nosuch || repeat('y', 80) | SELECT\t nosuch
DO $$ BEGIN RAISE EXCEPTION 'mine' USING ERRCODE = 'UX123', DETAIL = 'd', HINT = 'h'; END $$ | SHOW server_encoding
DO $$ BEGIN RAISE NOTICE 'hello' USING DETAIL = 'd'; END $$ | SELECT pg_notify('c', 'p') | COPY item TO STDOUT
EXPLAIN SELECT 1 | VALUES (1), (2) | TABLE item | SAVEPOINT s | LOCK TABLE item | CREATE TEMP TABLE t AS SELECT 1 AS a
COPY item FROM STDIN | SELECT 'éé' || nosuch | SELECT '日本' , nosuch | DECLARE c CURSOR FOR SELECT 1 | SELECT pg_sleep(0)
"""

#: Modules that the cases use.
MODULES = ("collections", "copy", "datetime", "decimal", "enum", "io", "os", "select", "threading", "time", "uuid")

COMPARED_ERRORS = {"sqlstate", "severity", "message_primary", "message_detail", "message_hint", "statement_position"}


class Sub(str):
    """Adapted as what it is derived from."""


class Conforming:
    """Writes itself."""

    def __conform__(self, proto: Any) -> Any:
        return ext.AsIs("conformed")


class Color(int):
    """As an enumeration's member writes itself."""

    RED: int

    def __repr__(self) -> str:
        return "Color.RED"


Color.RED = Color(7)


def show(value: object) -> str:
    """A repr that is the same for both, and without addresses."""
    if isinstance(value, (list, tuple)) and type(value) in {list, tuple}:
        return f"{type(value).__name__}({', '.join(map(show, value))})"
    if isinstance(value, memoryview):
        return f"memoryview({bytes(value)!r}, {value.format})"
    text = repr(value)
    return f"{type(value).__module__}.{type(value).__qualname__}: {text.split(' at 0x')[0]}"


def show_error(error: BaseException) -> list[str]:
    """Class, text, SQLSTATE and diagnostics."""
    shown = [f"{type(error).__module__}.{type(error).__name__}", str(error)]
    if isinstance(error, psycopg2.Error):
        shown += [repr(error.pgcode), repr(error.pgerror)]
        shown += [f"{name}={getattr(error.diag, name)!r}" for name in sorted(COMPARED_ERRORS)]
    return shown


def connect(dsn: str) -> Any:
    """A connection with what the cases use."""
    conn = psycopg2.connect(dsn)
    conn.cursor().execute(SETUP)
    conn.commit()
    return conn


def run(code: str, conn: Any, dsn: str) -> object:
    """What a case shows."""
    cur = conn.cursor()
    modules = {name: importlib.import_module(name) for name in MODULES}
    scope = {**globals(), **modules, "conn": conn, "cur": cur, "dsn": dsn}
    try:
        *before, last = ast.parse(code).body
        exec(compile(ast.Module(before, []), "case", "exec"), scope)
        if isinstance(last, ast.Expr):
            return show(eval(compile(ast.Expression(last.value), "case", "eval"), scope))
        exec(compile(ast.Module([last], []), "case", "exec"), scope)
        return "done"
    except NameError:
        raise  # the case is wrong: both would show the same
    except Exception as error:
        return show_error(error)


def run_all(dsn: str) -> dict[str, object]:
    """What all cases show: flows on a connection of their own, the rest on one."""
    shown: dict[str, object] = {}
    conn = connect(dsn)
    for code in cases():
        shown[code] = run(code, conn, dsn)
        conn.rollback()
        conn.notices.clear()
    conn.close()
    for code in FLOWS:
        conn = connect(dsn)
        shown[code] = run(code, conn, dsn)
        conn.close()
    return shown


def cases() -> list[str]:
    """Those of the tables, as code."""
    made = [f"cur.mogrify('%s', ({literal},))" for literal in split(LITERALS)]
    made += [f"cur.execute({'SELECT ' + value!r}); cur.fetchall(), cur.description[0]" for value in split(VALUES)]
    made += [f"cur.mogrify({template})" for template in split(TEMPLATES)]
    after = "cur.rowcount, cur.statusmessage, cur.lastrowid, cur.description, cur.query, conn.notices, conn.status"
    made += [f"cur.execute({text!r}); {after}" for text in split(STATEMENTS)]
    return made


def split(table: str) -> list[str]:
    """The entries of a table."""
    return [one.strip(" ") for line in table.strip("\n").split("\n") for one in line.split(" | ") if one.strip()]


if __name__ == "__main__":
    print(json.dumps(run_all(sys.argv[1])))
