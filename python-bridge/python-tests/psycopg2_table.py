"""What psycopg2 does without a connection, as expressions: run by psycopg2 itself, and by the stand-in for it."""

from __future__ import annotations

import datetime
import decimal
import json
import sys
import uuid
from typing import Any

import psycopg2
import psycopg2.errorcodes
import psycopg2.errors
import psycopg2.extensions as ext
import psycopg2.extras
import psycopg2.pool
import psycopg2.sql
import psycopg2.tz

TABLES = {
    "adapters": r"""
None | True | False | 0 | -1 | 10**30 | -10**30 | 1.5 | -1.5 | 1e300 | 1e-300 | 0.1 | float("nan") | float("inf")
float("-inf") | decimal.Decimal("1.10") | decimal.Decimal("-1.10") | decimal.Decimal("NaN") | decimal.Decimal("1E+5")
decimal.Decimal("Infinity") | decimal.Decimal("sNaN") | "" | "a" | "it's" | "%s %" | "two\nlines" | "'" | "''" | "é"
b"" | bytearray(b"ab") | datetime.date(2020, 2, 29) | datetime.date(1, 1, 1) | datetime.time(1, 2, 3, 4)
datetime.time(1, 2, tzinfo=datetime.timezone(datetime.timedelta(hours=5, minutes=30))) | datetime.time(0)
datetime.datetime(2020, 1, 1, 1, 1) | datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)
datetime.datetime(9999, 12, 31, 23, 59, 59, 999999) | datetime.timedelta(0) | datetime.timedelta(-1, 5, 6)
datetime.timedelta(400) | datetime.timedelta(microseconds=-1) | datetime.timedelta.max | datetime.timedelta.min | []
[1, 2] | [None] | [[]] | [[1], [None]] | [None, [None]] | ["a", None] | [[1, 2], [3, 4]] | [-1, -1.5] | [True] | ()
(1,) | (1, "a", None) | [(1, 2)] | ([1], [2]) | ((1, 2), (3,)) | object() | {"a": 1} | {1, 2} | 1j | int | print
ext.AsIs("now()") | ext.AsIs(5) | ext.AsIs(None) | ext.QuotedString("q") | ext.Float(1) | ext.Boolean(0)
ext.Int(True) | ext.Float(float("nan")) | ext.Boolean("") | ext.SQL_IN((1, "a")) | ext.SQL_IN([2])
ext.NoneAdapter(None) | psycopg2.Date(2020, 1, 2) | psycopg2.Time(1, 2, 3.5)
psycopg2.Timestamp(2020, 1, 2, 3, 4, 5.25) | psycopg2.extras.Json({"a": [1, None, "é"]})
psycopg2.extras.Json("it's") | psycopg2.extras.NumericRange(1, 5) | psycopg2.extras.NumericRange(empty=True)
psycopg2.extras.NumericRange(1.5, None) | psycopg2.extras.DateRange(datetime.date(2020, 1, 1), None, "[]")
psycopg2.extras.DateTimeTZRange(None, None) | Sub("x") | Conforming() | Number(7) | uuid.UUID(int=5)
""",
    "connection strings": r"""
ext.parse_dsn("") | ext.parse_dsn(" ") | ext.parse_dsn("dbname=a") | ext.parse_dsn("dbname = a  user=b")
ext.parse_dsn("dbname='a b' user='it\\'s' password='back\\\\slash'") | ext.parse_dsn("dbname=a\\ b")
ext.parse_dsn("a") | ext.parse_dsn("dbname=''") | ext.parse_dsn("dbname='a") | ext.parse_dsn("nosuch=1")
ext.parse_dsn("dbname=a dbname=b") | ext.parse_dsn("postgresql://") | ext.parse_dsn("postgres://u:p@h:5433/d")
ext.parse_dsn("postgresql:///d") | ext.parse_dsn("postgresql://u%40x:p%3Aw@h/d%20b")
ext.parse_dsn("postgresql://h?user=u&sslmode=require") | ext.parse_dsn("postgresql://[::1]:5432/d")
ext.parse_dsn("postgresql://a:1,b:2/d") | ext.parse_dsn("postgresql://a,b") | ext.parse_dsn("postgresql://%zz/")
ext.parse_dsn("postgresql://h/d?nosuch=1") | ext.parse_dsn("postgresql://h/d?a")
ext.parse_dsn("postgresql://h/d?host=/tmp") | ext.parse_dsn("postgresql://u@/d") | ext.parse_dsn("postgresql://h:/d")
ext.parse_dsn("postgresql://a:1,b/d") | ext.parse_dsn("postgresql://a,b:2") | ext.parse_dsn("postgresql://,/d")
ext.parse_dsn("postgresql://a:,b,c:3") | ext.parse_dsn("postgresql://h/d?ssl=true")
ext.parse_dsn("postgresql://[::1/d") | ext.parse_dsn(b"dbname=a") | ext.parse_dsn(5) | ext.parse_dsn(None)
ext.parse_dsn("mysql://h") | ext.parse_dsn("options='-c a=b'") | ext.make_dsn() | ext.make_dsn("dbname=a")
ext.make_dsn(dbname="a b") | ext.make_dsn(user="it's") | ext.make_dsn(host="") | ext.make_dsn("dbname=a", user="u")
ext.make_dsn("dbname=a", dbname="b") | ext.make_dsn(database="d") | ext.make_dsn(database="d", dbname="e")
ext.make_dsn(port=5432) | ext.make_dsn(user=None) | ext.make_dsn(nosuch=1)
ext.make_dsn("postgresql://u@h/d", port=1) | ext.make_dsn("postgresql://u@h/d") | ext.make_dsn(password="a\\b")
ext.make_dsn("nosuch=1") | ext.make_dsn("")
""",
    "typecasters": r"""
ext.INTEGER("5", None) | ext.INTEGER(None, None) | ext.INTEGER("x", None)
ext.LONGINTEGER("9223372036854775807", None) | ext.FLOAT("1.5", None) | ext.FLOAT("NaN", None)
ext.FLOAT("-Infinity", None) | ext.DECIMAL("1.10", None) | ext.DECIMAL("NaN", None) | ext.BOOLEAN("t", None)
ext.BOOLEAN("f", None) | ext.BOOLEAN("", None) | ext.BOOLEAN("x", None) | ext.DATE("2020-02-29", None)
ext.DATE("infinity", None) | ext.DATE("-infinity", None) | ext.DATE("0044-03-15 BC", None)
ext.DATE("10000-01-01", None) | ext.DATE("", None) | ext.TIME("01:02:03.5", None) | ext.TIME("24:00:00", None)
ext.TIME("01:02:03", None) | ext.INTERVAL("1 year 2 mons 3 days 04:05:06.7", None)
ext.INTERVAL("-1 days +02:03:00", None) | ext.INTERVAL("00:00:00", None) | ext.INTERVAL("-00:00:00.000001", None)
ext.INTERVAL("100:00:00", None) | ext.INTEGER.name | ext.INTEGER.values | ext.DECIMAL.values | ext.PYDATE.name
ext.UNICODE.name | ext.BINARYARRAY.values | psycopg2.STRING == 25 | psycopg2.NUMBER == 1700 | psycopg2.STRING == 23
psycopg2.STRING.values | psycopg2.ROWID.values | psycopg2.DATETIME == 1082 | psycopg2.BINARY == 17 | ext.JSON.values
ext.JSONB.values | ext.JSONARRAY.values | ext.INTEGERARRAY("{1,NULL,3}", None) | ext.INTEGERARRAY("{}", None)
ext.INTEGERARRAY("{{1,2},{3,4}}", None) | ext.INTEGERARRAY("[0:1]={1,2}", None) | ext.INTEGERARRAY("1", None)
ext.BOOLEANARRAY("{t,f}", None) | ext.FLOATARRAY("{1.5,NaN}", None) | ext.DECIMALARRAY("{1.10}", None)
ext.DATEARRAY('{2020-01-01,NULL}', None) | ext.new_type((23,), "T", lambda v, c: v and v + "!")("a", None)
ext.new_type((23,), "T", lambda v, c: 1 / 0)("a", None) | ext.new_type((23,), "T", lambda v, c: v)(None, None)
ext.new_array_type((1007,), "A", ext.INTEGER)("{1}", None) | ext.new_array_type((1007,), "A", ext.INTEGER).values
sorted(ext.string_types) | sorted(ext.binary_types)
""",
    "literals and statements": r"""
psycopg2.sql.SQL("a {} {b}").format(psycopg2.sql.NULL, b=psycopg2.sql.Identifier("x", "y"))
psycopg2.sql.SQL("{} {1}").format(1) | psycopg2.sql.SQL("{0} {}").format(psycopg2.sql.NULL) | psycopg2.sql.SQL(5)
psycopg2.sql.SQL("{}").format(1) | psycopg2.sql.SQL("{") | psycopg2.sql.SQL("{:x}").format(psycopg2.sql.NULL)
psycopg2.sql.SQL("{a.b}").format(a=psycopg2.sql.NULL) | psycopg2.sql.SQL("{!r}").format(psycopg2.sql.NULL)
psycopg2.sql.SQL(", ").join([psycopg2.sql.Literal(1)] * 2) | psycopg2.sql.SQL("{{}}").format().as_string(None)
psycopg2.sql.Identifier() | psycopg2.sql.Identifier(5) | psycopg2.sql.Identifier("a", "b").strings
psycopg2.sql.Identifier("a", "b").string | psycopg2.sql.Identifier("a").string | psycopg2.sql.Placeholder()
psycopg2.sql.Placeholder("a").as_string(None) | psycopg2.sql.Placeholder("a)") | psycopg2.sql.Placeholder(5)
psycopg2.sql.Literal("it's") | psycopg2.sql.Composed([psycopg2.sql.SQL("a")]) + psycopg2.sql.SQL("b")
psycopg2.sql.SQL("a") + psycopg2.sql.SQL("b") | psycopg2.sql.SQL("a") * 3
psycopg2.sql.SQL("a") == psycopg2.sql.SQL("a") | psycopg2.sql.Composed([1])
psycopg2.sql.Composed([psycopg2.sql.NULL]).join(", ") | list(psycopg2.sql.SQL("a") * 2)
psycopg2.sql.SQL("a").as_string(None) | (psycopg2.sql.SQL("a") * 2).as_string(None) | psycopg2.sql.SQL("a") + 1
""",
    "errors": r"""
psycopg2.errors.lookup("23505") | psycopg2.errors.lookup("nosuc") | psycopg2.errorcodes.lookup("23505")
psycopg2.errorcodes.lookup("nosuc") | psycopg2.errors.UniqueViolation.__mro__
psycopg2.errors.lookup("57014").__mro__ | psycopg2.errors.DeadlockDetected.__mro__
psycopg2.errors.UndefinedTable.__mro__ | psycopg2.Error.__mro__ | psycopg2.Error("a").pgcode
psycopg2.Error("a").pgerror | psycopg2.Error("a").cursor | psycopg2.Error("a").diag.sqlstate
psycopg2.errorcodes.UNIQUE_VIOLATION | psycopg2.errorcodes.CLASS_CONNECTION_EXCEPTION | str(psycopg2.Error("a", "b"))
""",
    "further types": r"""
psycopg2.extras.NumericRange(1, 5).lower | 3 in psycopg2.extras.NumericRange(1, 5)
bool(psycopg2.extras.NumericRange()) | 5 in psycopg2.extras.NumericRange(1, 5)
psycopg2.extras.NumericRange(1, 5) == psycopg2.extras.NumericRange(1, 5)
psycopg2.extras.NumericRange(1, 5) < psycopg2.extras.NumericRange(2) | psycopg2.extras.NumericRange(1, 5, "x")
psycopg2.extras.NumericRange(empty=True).isempty | psycopg2.extras.NumericRange(1, 5, "(]")
psycopg2.extras.NumericRange() | str(psycopg2.extras.NumericRange(1, 5))
str(psycopg2.extras.NumericRange(empty=True)) | psycopg2.extras.NumericRange(None, 5).lower_inf
psycopg2.extras.NumericRange(1, 5, "[]").upper_inc | psycopg2.extras.HstoreAdapter.parse('"a"=>"1", "b"=>NULL', None)
psycopg2.extras.HstoreAdapter.parse("", None) | psycopg2.extras.HstoreAdapter.parse('"a\\"b"=>"c\\\\d"', None)
psycopg2.extras.HstoreAdapter.parse("x", None) | psycopg2.extras.Inet("10.0.0.1")
str(psycopg2.extras.Inet("10.0.0.1")) | psycopg2.extras.Json(1).adapted | psycopg2.tz.FixedOffsetTimezone(60)
psycopg2.tz.FixedOffsetTimezone(-90).tzname(None) | psycopg2.tz.FixedOffsetTimezone()
psycopg2.tz.FixedOffsetTimezone(datetime.timedelta(minutes=60)) | psycopg2.tz.FixedOffsetTimezone(60, "x")
psycopg2.tz.FixedOffsetTimezone(60) is psycopg2.tz.FixedOffsetTimezone(60) | psycopg2.apilevel | psycopg2.threadsafety
psycopg2.DateFromTicks(0) | psycopg2.paramstyle | psycopg2.Date(2020, 13, 1)
psycopg2.Timestamp(2020, 1, 2, 3, 4, 61) | ext.encrypt_password("secret", "user", None, "md5")
ext.encrypt_password("secret", "user", None, "nosuch") | ext.Column("a", 23).type_code | ext.Notify(1, "c", "p")
ext.Notify(1, "c") == ext.Notify(1, "c") | ext.Notify(1, "c") == (1, "c")
""",
    "encodings": r"""
sorted(ext.encodings.items())
""",
}


class Sub(str):
    """Adapted as what it is derived from."""

    __slots__ = ()


class Number(int):
    """Likewise."""

    __slots__ = ()


class Conforming:
    """Writes itself."""

    def __conform__(self, _protocol: object) -> Any:
        return ext.AsIs("conformed")


def expressions(name: str) -> list[str]:
    """Gives the entries of a table."""
    return [entry for line in TABLES[name].strip("\n").split("\n") for entry in line.split(" | ")]


def shown(expression: str) -> list[str]:
    """Shows what an expression gives, or raises."""
    try:
        value = eval(expression, globals())
    except Exception as error:
        return [f"{type(error).__module__}.{type(error).__qualname__}", str(error)]
    return [f"{type(value).__module__}.{type(value).__qualname__}", repr(value).split(" at 0x")[0]]


def adapted(expression: str) -> list[str]:
    """Shows the literal of an expression's value."""
    return shown(f"ext.adapt({expression}).getquoted()")


def answers() -> dict[str, list[list[str]]]:
    """Shows all, by table."""
    return {name: [adapted(one) if name == "adapters" else shown(one) for one in expressions(name)] for name in TABLES}


def names() -> list[str]:
    """Gives the public names of its modules; a code with its value."""
    modules = [psycopg2, ext, psycopg2.extras, psycopg2.sql, psycopg2.tz, psycopg2.errors, psycopg2.pool]
    public = [f"{module.__name__}.{name}" for module in modules for name in vars(module) if not name.startswith("_")]
    codes = vars(psycopg2.errorcodes).items()
    return sorted(public) + sorted(f"{name}={value}" for name, value in codes if name.isupper())


if __name__ == "__main__":
    json.dump({"shown": answers(), "names": names()}, sys.stdout)


__all__ = ["datetime", "decimal", "uuid"]
