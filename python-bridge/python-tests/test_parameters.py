"""Python values and Postgres's texts become one another as in psycopg 3: the real one is asked."""

from __future__ import annotations

from typing import Any, NamedTuple

import drivers
import psycopg2.extensions
import psycopg2.extras
import pytest
import values
from puff._errors import PlanError
from puff._parameters.parameters import to_parameter
from puff._wire.columns import load_texts

DUMPS = r"""
32768 | -32769 | 2**31-1 | 2**31 | -2**31 | -2**31-1 | 2**63-1 | 2**63 | -2**63 | -2**63-1 | 10**40 | True | False
None | Number(70000) | 1.5 | -0.0 | 1e300 | 1e-7 | 0.1+0.2 | float('nan') | float('inf') | -float('inf') | '' | 'a'
'ünï 🙂' | '1' | Text('t') | 'a\0b' | b'' | b'\x00\xffab' | bytearray(b'x') | memoryview(b'yz') | date(2020, 1, 2)
date(1, 1, 1) | date(9999, 12, 31) | Day(2020, 1, 2) | moment(2020, 1, 2) | moment(2020, 1, 2, 3, 4, 5, 6)
moment(1, 1, 1) | moment(2020, 1, 2, tzinfo=utc) | moment(2020, 1, 2, 3, 4, 5, 600000, zone)
moment(2020, 1, 2, tzinfo=timezone(-timedelta(hours=3))) | time(1, 2) | time(1, 2, 3, 4) | time(1, 2, 3, tzinfo=utc)
time(1, tzinfo=zone) | timedelta(0) | timedelta(1) | timedelta(1, 2, 3) | timedelta(-1, 5)
timedelta(microseconds=-1) | timedelta(days=-3) | timedelta(hours=30) | timedelta(days=400, minutes=1) | timedelta.max
timedelta.min | Decimal('1.50') | Decimal('-0') | Decimal('1E+5') | Decimal('1e-9') | Decimal('NaN') | Decimal('sNaN')
Decimal('Infinity') | Decimal('-Infinity') | Decimal(10**30) | uuid.UUID(int=5)
uuid.UUID('1b671a64-40d5-491e-99b0-da01ff1f3341') | Color.RED | Color.BLUE | Level.HIGH | Mode.ON | Old.ON
ipaddress.ip_address('1.2.3.4') | ipaddress.ip_address('::1') | ipaddress.ip_network('10.0.0.0/8')
ipaddress.ip_interface('1.2.3.4/24') | [None] | [[]] | [[], []] | [[None]] | [1, 100000] | [1, 2**40] | [1, 2**70]
[-32769] | [2**70, 1] | [True, None, False] | [1.5, 2.5] | [float('nan')] | ['a', 'b'] | ['a', None]
['', 'NULL', 'null', 'nUll', 'nulls'] | ['q"u', 'b\\s', '{', '}', 'a,b', ' a', 'a b'] | ['ünï', '🙂', 'a\tb', 'a\nb']
[Text('t'), 'u'] | [[1], [100000]] | [['a'], ['b']] | [Decimal(1), Decimal('1.5')] | [date(2020, 1, 1), None]
[time(1)] | [timedelta(1)] | [moment(2020, 1, 1)] | [moment(2020, 1, 1, tzinfo=utc)]
[moment(2020, 1, 1), moment(2020, 1, 1, tzinfo=utc)] | [uuid.UUID(int=1)] | [Color.RED, Color.BLUE] | [Mode.ON]
[Old.ON] | [time(1, tzinfo=utc)] | [1, 'a'] | [1, 1.5] | [1, True] | [1, Decimal(1)] | ['a', b'b']
['a', date(2020, 1, 1)] | object() | int
"""

LOADS = [
    (16, "t"),
    (16, "f"),
    (17, "\\x00ff6162"),
    (17, "\\x"),
    (20, "9223372036854775807"),
    (21, "-32768"),
    (23, "7"),
    (25, "text"),
    (26, "4294967295"),
    (114, '{"a": [1, 2.5, null]}'),
    (700, "1.5"),
    (701, "1e-07"),
    (701, "NaN"),
    (701, "-Infinity"),
    (1042, "pad  "),
    (1043, "varchar"),
    (1082, "2024-05-01"),
    (1083, "12:30:00"),
    (1083, "12:30:00.5"),
    (1083, "12:30:00.000001"),
    (1114, "2024-05-01 12:30:00"),
    (1114, "2024-05-01 12:30:00.123456"),
    (1114, "0001-01-01 00:00:00"),
    (1184, "2024-05-01 12:30:00+00"),
    (1184, "2024-05-01 12:30:00.5+00"),
    (1266, "12:30:00+00"),
    (1266, "12:30:00.25+05:30"),
    (1700, "12.50"),
    (1700, "NaN"),
    (1700, "-1000000000000000000000.000000001"),
    (2950, "1b671a64-40d5-491e-99b0-da01ff1f3341"),
    (3802, '[1, "a"]'),
    (1000, "{t,f,NULL}"),
    (1005, "{1,2}"),
    (1007, "{}"),
    (1007, "{{1,2},{3,NULL}}"),
    (1007, "[0:1]={1,2}"),
    (1016, "{9223372036854775807}"),
    (1009, '{a,"b c","q\\"u","b\\\\s","","NULL",NULL,"{","a,b","ünï","l\ni"}'),
    (1015, '{x,"y z"}'),
    (1022, "{1.5,NaN}"),
    (1231, "{1.50,2}"),
    (1182, "{2024-05-01}"),
    (1115, '{"2024-05-01 12:30:00"}'),
    (1185, '{"2024-05-01 12:30:00+00"}'),
    (2951, "{1b671a64-40d5-491e-99b0-da01ff1f3341}"),
    (3807, '{"{\\"a\\": 1}"}'),
    (199, '{"[1]"}'),
    (1001, '{"\\\\x6162"}'),
]

#: An ISO 8601 duration, which our sessions print, and the same as psycopg's sessions print it.
INTERVALS = [
    ("PT0S", "00:00:00"),
    ("P1D", "1 day"),
    ("P1DT2H3M4.5S", "1 day 02:03:04.5"),
    ("P-1DT-2H", "-1 days -02:00:00"),
    ("P-1DT5S", "-1 days +00:00:05"),
    ("PT-0.000001S", "-00:00:00.000001"),
    ("PT-1M-0.5S", "-00:01:00.5"),
    ("P1Y2M3D", "1 year 2 mons 3 days"),
    ("P-1Y-2M", "-1 years -2 mons"),
    ("PT100H", "100:00:00"),
]

#: Where psycopg has no form, or one that would not help here: its `int2` overflows where SQL's integers would not.
OWN_FORMS = [
    ("0", [23, "0"]),
    ("-1", [23, "-1"]),
    ("32767", [23, "32767"]),
    ("-32768", [23, "-32768"]),
    ("Number(7)", [23, "7"]),
    ("Level.LOW", [23, "1"]),
    ("Flag.A | Flag.B", [23, "3"]),
    ("[1, None]", [1007, "{1,NULL}"]),
    ("[Level.LOW]", [1007, "{1}"]),
    ("{'a': [1, None]}", [3802, '{"a": [1, null]}']),
    ("{}", [3802, "{}"]),
    ("[{'a': 'b c'}]", [3807, '{"{\\"a\\": \\"b c\\"}"}']),
    ("(1, 2)", [1007, "{1,2}"]),
    ("[]", [0, "\f{}"]),
    ("()", [0, "\f{}"]),
    ("[(1, 2), (3, 4)]", [1007, "{{1,2},{3,4}}"]),
    ("[[[1]], [[2]]]", [1007, "{{{1}},{{2}}}"]),
    ("{5}", [1007, "{5}"]),
    ("range(3)", [1007, "{0,1,2}"]),
    ("[b'ab']", [1001, '{"\\\\x6162"}']),
    ("[Level.LOW, Level.HIGH]", [1007, "{1,40000}"]),
]

ADAPTED = [
    ("Json({'a': 1})", [0, '{"a": 1}']),
    ("Inet('10.0.0.1')", [869, "10.0.0.1"]),
    (r"Binary(b'a\x00')", [17, r"\x6100"]),
    ("DateRange(date(2024, 1, 2), None)", [3912, "[2024-01-02,)"]),
    (
        "DateTimeRange(moment(2024, 1, 2), moment(2024, 1, 3), '[]')",
        [3908, '["2024-01-02 00:00:00","2024-01-03 00:00:00"]'],
    ),
    ("DateTimeTZRange(None, moment(2024, 1, 2, tzinfo=utc))", [3910, '(,"2024-01-02 00:00:00+00:00")']),
    ("NumericRange(1, Decimal('2.5'), '(]')", [0, "(1,2.5]"]),
    ("NumericRange(empty=True)", [0, "empty"]),
    (r"""QuotedString("it's \\")""", [0, "it's \\"]),
    ("Own('a')", [2950, "a"]),
    ("[Inet('10.0.0.1'), None]", [1041, "{10.0.0.1,NULL}"]),
    ("[DateRange(date(2024, 1, 2), None)]", [3913, '{"[2024-01-02,)"}']),
    ("[NumericRange(1, 2), None]", [0, '{"[1,2)",NULL}']),
    ("AsIs('now()')", "psycopg2 writes an expression for a AsIs, which can't be a parameter"),
]


class Own:
    """Writes itself, as psycopg2 has it."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __conform__(self, _protocol: object) -> Own:
        return self

    def getquoted(self) -> bytes:
        """Gives the literal."""
        return f"'{self.text}'::uuid".encode()


SCOPE = {**vars(psycopg2.extensions), **vars(psycopg2.extras), **vars(values), "Own": Own}


class Real(NamedTuple):
    """What psycopg answers, by case."""

    dumps: dict[str, Any]
    loads: dict[tuple[int, str], str]


@pytest.fixture(scope="module")
def psycopg() -> Real:
    """Psycopg's answers to all cases."""
    dumps = values.table(DUMPS)
    loads = [*LOADS, *((1186, text) for _, text in INTERVALS)]
    answers = drivers.ask("ask_psycopg.py", {"dumps": dumps, "loads": loads})
    return Real(dict(zip(dumps, answers["dumps"], strict=True)), dict(zip(loads, answers["loads"], strict=True)))


def sent(expression: str) -> Any:
    """Gives the parameter that a value becomes, or the error's message."""
    try:
        return list(to_parameter(eval(expression, SCOPE)))
    except PlanError as error:
        return str(error)


def read(oid: int, text: str) -> str:
    """Shows the value that a text is read as."""
    return values.show(load_texts(oid, [text])[0])


@pytest.mark.parametrize("expression", values.table(DUMPS))
def test_a_value_is_sent_as_psycopg_sends_it(expression: str, psycopg: Real) -> None:
    ours, theirs = sent(expression), psycopg.dumps[expression]
    # An error is an error, whatever each calls it.
    assert (type(ours) if isinstance(theirs, str) else ours) == (str if isinstance(theirs, str) else theirs)


@pytest.mark.parametrize(("expression", "form"), OWN_FORMS)
def test_a_value_is_sent_in_a_form_of_our_own(expression: str, form: object) -> None:
    assert sent(expression) == form


@pytest.mark.parametrize(("expression", "form"), ADAPTED)
def test_what_psycopg2_adapts_is_sent_as_a_value(expression: str, form: object) -> None:
    assert sent(expression) == form


@pytest.mark.parametrize(("oid", "text"), LOADS)
def test_a_text_is_read_as_psycopg_reads_it(oid: int, text: str, psycopg: Real) -> None:
    assert read(oid, text) == psycopg.loads[oid, text]


@pytest.mark.parametrize(("iso", "text"), INTERVALS)
def test_an_interval_is_read_as_psycopg_reads_it(iso: str, text: str, psycopg: Real) -> None:
    assert read(1186, iso) == psycopg.loads[1186, text]


@pytest.mark.parametrize(
    ("oid", "text", "message"),
    [
        (1082, "infinity", "'infinity' does not fit into a Python date"),
        (1083, "24:00:00", "'24:00:00' does not fit into a Python time"),
        (1114, "10000-01-01 00:00:00", "'10000-01-01 00:00:00' does not fit into a Python datetime"),
    ],
)
def test_what_python_cannot_hold_says_so(oid: int, text: str, message: str) -> None:
    with pytest.raises(ValueError, match="does not fit into a Python") as raised:
        load_texts(oid, [text])[0]
    assert str(raised.value) == message
