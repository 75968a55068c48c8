"""SQLAlchemy tables with many types of columns, and their rows."""

from __future__ import annotations

import datetime
import enum
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg2
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, DATERANGE, HSTORE, INET, INT4RANGE, JSONB, Range

select = sa.select


class Color(enum.Enum):
    RED = "r"
    BLUE = "b"


class Lower(sa.types.TypeDecorator[str]):
    """Keeps texts in lower case."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> Any:
        """Gives what is kept."""
        del dialect
        return None if value is None else value.lower()


item = sa.Table(
    "thing", sa.MetaData(),
    sa.Column("name", sa.Text), sa.Column("small", sa.SmallInteger), sa.Column("price", sa.Numeric),
    sa.Column("ratio", sa.Float), sa.Column("day", sa.Date), sa.Column("at", sa.Time),
    sa.Column("moment", sa.DateTime(timezone=True)), sa.Column("span", sa.Interval), sa.Column("doc", JSONB),
    sa.Column("plain", sa.JSON), sa.Column("color", sa.Enum(Color)),
    sa.Column("mood", sa.Enum("sad", "so so", name="mood")), sa.Column("lower", Lower), sa.Column("key", sa.Uuid),
    sa.Column("nums", ARRAY(sa.Integer)), sa.Column("nested", ARRAY(sa.Text, dimensions=2)),
    sa.Column("words", ARRAY(sa.Text)), sa.Column("blob", sa.LargeBinary), sa.Column("numbers", INT4RANGE),
    sa.Column("season", DATERANGE), sa.Column("host", INET), sa.Column("attrs", HSTORE),
)  # fmt: skip
engine = sa.create_engine("postgresql+psycopg2://", creator=lambda: psycopg2.connect(dbname="default"))


def create() -> None:
    """Creates the table and its rows."""
    with engine.begin() as connection:
        item.metadata.create_all(connection)
        connection.execute(
            sa.insert(item).values(
                name="a", small=300, price=Decimal("1.005"), ratio=0.1, day=datetime.date(2024, 2, 29),
                at=datetime.time(12, 30), moment=datetime.datetime(2024, 3, 1, tzinfo=datetime.UTC),
                span=datetime.timedelta(hours=25), doc={"a": "x", "n": 5, "deep": {"list": [1, "2"]}},
                plain={"a": "it's"}, color=Color.RED, mood="so so", lower="äb", key=UUID(int=1), nums=[1, 2],
                nested=[["a", "b"], ["c", "d"]], words=["x", "y z"], blob=b"\x00\xff", numbers=Range(1, 5),
                season=Range(datetime.date(2024, 2, 29), None), host="10.0.0.1", attrs={"a": "1", "b": None},
            )
        )  # fmt: skip
        connection.execute(sa.insert(item).values(name="b", small=1, color=Color.BLUE, doc={"a": "x"}, nums=[2]))
        connection.execute(sa.insert(item).values(name="100%", doc=5, words=["NULL"], lower=None))


def select_of(expression: str) -> Any:
    """Gives the statement that a test writes."""
    return eval(expression, globals())  # the test's own text


def run(expression: str) -> list[str]:
    """Gives a statement's rows as SQLAlchemy gets them."""
    rows = sa.select(sa.text("puff_row::text")).select_from(select_of(expression).subquery("puff_row"))
    with engine.connect() as connection:
        connection.execute(sa.text("SET intervalstyle TO iso_8601"))
        return [text for (text,) in connection.execute(rows)]
