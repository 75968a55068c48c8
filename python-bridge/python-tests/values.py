"""Names that the cases' expressions use: `eval(expression, vars(values))`."""

# ruff: noqa: F401

from __future__ import annotations

import datetime
import decimal
import enum
import ipaddress
import uuid
from datetime import date, time, timedelta, timezone
from decimal import Decimal

utc = datetime.UTC
zone = timezone(timedelta(hours=5, minutes=30))
moment = datetime.datetime


class Color(enum.Enum):
    """Members of which one is not a text."""

    RED = "red"
    BLUE = 2


class Level(enum.IntEnum):
    """Members that are ints."""

    LOW = 1
    HIGH = 40000


class Mode(enum.StrEnum):
    """A member that is a text."""

    ON = "on"


class Old(str, enum.Enum):  # noqa: UP042
    """The same before Python 3.11."""

    ON = "old"


class Flag(enum.IntFlag):
    """Members that add up."""

    A = 1
    B = 2


class Text(str):
    """A text of a class of its own."""

    __slots__ = ()


class Number(int):
    """Likewise."""

    __slots__ = ()


class Day(date):
    """Likewise."""


def show(value: object) -> str:
    """Gives a repr that is the same whatever class a zone is of."""
    if isinstance(value, list):
        return "[" + ", ".join(show(item) for item in value) + "]"
    return f"{type(value).__name__} {value.isoformat() if hasattr(value, 'isoformat') else repr(value)}"


def table(text: str) -> list[str]:
    """Gives the entries of a table, which stand between bars."""
    return [entry for line in text.strip("\n").split("\n") for entry in line.split(" | ")]
