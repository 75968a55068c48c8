"""The lookups that a column has by its type, and the input types that name them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Lookup:
    """One way to compare a column with a client's value."""

    name: str
    """In GraphQL."""
    django: str
    form: Literal["value", "list", "flag", "range", "key", "keys", "span"]
    """What the client gives: a value of the column's type, a list of them, a Boolean, a start and an end; of JSON one
    key or several; of a range's column the start of a range and what is past its end."""
    description: str


@dataclass(frozen=True)
class Part:
    """A part of a date or an array, which is compared itself."""

    name: str
    django: str
    scalar: str
    """The part's type."""


_BASE = (
    Lookup("exact", "exact", "value", "Equals the value."),
    Lookup("isNull", "isnull", "flag", "Whether there is no value."),
    Lookup("inList", "in", "list", "Equals one of the values."),
)
_COMPARISON = (
    *_BASE,
    Lookup("gt", "gt", "value", "Is greater than the value."),
    Lookup("gte", "gte", "value", "Is greater than the value, or equals it."),
    Lookup("lt", "lt", "value", "Is less than the value."),
    Lookup("lte", "lte", "value", "Is less than the value, or equals it."),
    Lookup("range", "range", "range", "Is between both values, or equals one of them."),
)
_TEXT = (
    *_BASE,
    Lookup("iExact", "iexact", "value", "Equals the text, in any case."),
    Lookup("contains", "contains", "value", "Contains the text."),
    Lookup("iContains", "icontains", "value", "Contains the text, in any case."),
    Lookup("startsWith", "startswith", "value", "Starts with the text."),
    Lookup("iStartsWith", "istartswith", "value", "Starts with the text, in any case."),
    Lookup("endsWith", "endswith", "value", "Ends with the text."),
    Lookup("iEndsWith", "iendswith", "value", "Ends with the text, in any case."),
)
_REGEX = (
    Lookup("regex", "regex", "value", "Matches the regular expression."),
    Lookup("iRegex", "iregex", "value", "Matches the regular expression, in any case."),
)
_DATE_PARTS = tuple(
    Part(name, django, "Int")
    for name, django in (
        ("year", "year"),
        ("month", "month"),
        ("day", "day"),
        ("weekDay", "week_day"),
        ("isoWeekDay", "iso_week_day"),
        ("week", "week"),
        ("isoYear", "iso_year"),
        ("quarter", "quarter"),
    )
)
_TIME_PARTS = tuple(Part(name, name, "Int") for name in ("hour", "minute", "second"))
_JSON = (
    *_BASE,
    Lookup("contains", "contains", "value", "Contains the value, as Postgres's `@>` has it."),
    Lookup("containedBy", "contained_by", "value", "Is contained by the value."),
    Lookup("hasKey", "has_key", "key", "Has the key."),
    Lookup("hasKeys", "has_keys", "keys", "Has all of the keys."),
    Lookup("hasAnyKeys", "has_any_keys", "keys", "Has one of the keys."),
)
_ARRAY = (
    *_BASE[:2],
    Lookup("contains", "contains", "value", "Has all of the items."),
    Lookup("containedBy", "contained_by", "value", "Has no other items than these."),
    Lookup("overlap", "overlap", "value", "Has one of the items."),
    Part("len", "len", "Int"),
)
_RANGE = (
    _BASE[1],
    Lookup("contains", "contains", "value", "The range contains the value."),
    Lookup("containedBy", "contained_by", "span", "The range is within that from start until before end."),
    Lookup("overlap", "overlap", "span", "The range has a value in common with that from start until before end."),
    Lookup("fullyLt", "fully_lt", "span", "The range ends before that from start until before end."),
    Lookup("fullyGt", "fully_gt", "span", "The range starts after that from start until before end."),
    Lookup(
        "adjacentTo",
        "adjacent_to",
        "span",
        "The range and that from start until before end meet, with nothing between them.",
    ),
)
_BY_SCALAR: dict[str, tuple[str, tuple[Lookup | Part, ...]]] = {
    "ID": ("IDBaseFilterLookup", _BASE),
    "Boolean": ("BoolBaseFilterLookup", _BASE),
    "Bytes": ("BytesBaseFilterLookup", _BASE),
    "Int": ("IntComparisonFilterLookup", _COMPARISON),
    "BigInt": ("BigIntComparisonFilterLookup", _COMPARISON),
    "Float": ("FloatComparisonFilterLookup", _COMPARISON),
    "Decimal": ("DecimalComparisonFilterLookup", _COMPARISON),
    "Duration": ("DurationComparisonFilterLookup", _COMPARISON),
    "Date": ("DateFilterLookup", (*_COMPARISON, *_DATE_PARTS)),
    "DateTime": (
        "DatetimeFilterLookup",
        (*_COMPARISON, *_DATE_PARTS, *_TIME_PARTS, Part("date", "date", "Date"), Part("time", "time", "Time")),
    ),
    "Time": ("TimeFilterLookup", (*_COMPARISON, *_TIME_PARTS)),
    "String": ("StrFilterLookup", _TEXT),
    "JSON": ("JSONFilterLookup", _JSON),
}
_LABELS = {"String": "Str", "Boolean": "Bool", "DateTime": "Datetime"}


def label_of(scalar: str) -> str:
    """Gives a scalar's name as names of lookups have it."""
    return _LABELS.get(scalar, scalar)


def lookups_of(scalar: str, *, is_list: bool) -> tuple[str, tuple[Lookup | Part, ...]]:
    """Gives the name of a column's input type, and its lookups.

    Args:
        scalar: GraphQL name of the column's type, or of its items'.
        is_list: Whether it is an array.

    Example:
        >>> lookups_of("Int", is_list=False)[0]
        'IntComparisonFilterLookup'
    """
    if is_list:
        return f"{label_of(scalar)}ListFilterLookup", _ARRAY
    return _BY_SCALAR.get(scalar, (f"{scalar}FilterLookup", _BASE))


def range_lookups(scalar: str) -> tuple[str, tuple[Lookup | Part, ...]]:
    """Gives the same of a column of ranges.

    Args:
        scalar: The type of what is in a range.
    """
    return f"{label_of(scalar)}RangeFilterLookup", _RANGE


def part_lookups(scalar: str) -> tuple[str, tuple[Lookup | Part, ...]]:
    """Gives the same for a part, which has no parts itself."""
    return f"{label_of(scalar).replace('Datetime', 'DateTime')}ComparisonFilterLookup", _COMPARISON


def named_lookup(name: str, known: tuple[Lookup | Part, ...]) -> Lookup | Part | None:
    """Finds a lookup by the name that an author gives: `i_contains` or `iContains`; of a text, `regex` as well."""
    everything = (*known, *_REGEX) if known == _TEXT else known
    plain = name.replace("_", "").lower()
    return next((item for item in everything if item.name.lower() == plain), None)
