"""Models with every kind of field that Django has on Postgres, and their rows."""

from __future__ import annotations

import datetime
import uuid
from decimal import Decimal
from typing import Any

from django.contrib.postgres.fields import (
    ArrayField,
    BigIntegerRangeField,
    DateRangeField,
    DateTimeRangeField,
    DecimalRangeField,
    HStoreField,
    IntegerRangeField,
)
from django.contrib.postgres.search import SearchVectorField
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models
from django.db.backends.postgresql.psycopg_any import (
    DateRange,
    DateTimeTZRange,
    NumericRange,
)
from django.db.models.functions import Upper

UTC = datetime.UTC


class ReversedField(models.TextField):
    """Keeps texts reversed."""

    def get_prep_value(self, value: Any) -> Any:
        return None if value is None else super().get_prep_value(value)[::-1]

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        del expression, connection
        return None if value is None else value[::-1]


class Line(models.Model):
    pk = models.CompositePrimaryKey("order", "code")
    order = models.IntegerField()
    code = models.CharField(max_length=5)


class Brand(models.Model):
    slug = models.SlugField(unique=True)
    title = models.CharField(max_length=50, db_column="Title Of")

    class Meta:
        db_table = "shop brand x"


class Tag(models.Model):
    name = models.CharField(max_length=20)


class Item(models.Model):
    class Size(models.TextChoices):
        SMALL = "S", "Small"
        XL = "X-L", "Extra large"

    class Level(models.IntegerChoices):
        LOW = 1
        HIGH = 2

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    name = models.CharField(max_length=50)
    body = models.TextField(default="")
    nick = models.CharField(max_length=20, db_collation="nocase", default="")
    size = models.CharField(max_length=5, choices=Size, default=Size.SMALL)
    level = models.IntegerField(choices=Level, default=1)
    small = models.SmallIntegerField(default=0)
    count = models.PositiveIntegerField(default=0)
    huge = models.BigIntegerField(default=0)
    price = models.DecimalField(max_digits=12, decimal_places=3, default=1)
    ratio = models.FloatField(null=True)
    day = models.DateField(null=True)
    at = models.TimeField(null=True)
    moment = models.DateTimeField(null=True)
    span = models.DurationField(null=True)
    doc = models.JSONField(default=dict, null=True)
    nums = ArrayField(models.IntegerField(), default=list)
    words = ArrayField(models.CharField(max_length=10), default=list)
    nested = ArrayField(ArrayField(models.CharField(max_length=5)), default=list)
    days = ArrayField(models.DateField(), default=list)
    prices = ArrayField(models.DecimalField(max_digits=8, decimal_places=2), default=list)
    ids = ArrayField(models.UUIDField(), default=list)
    hosts = ArrayField(models.GenericIPAddressField(), default=list)
    docs = ArrayField(models.JSONField(), default=list)
    attrs = HStoreField(default=dict)
    numbers = IntegerRangeField(null=True)
    longs = BigIntegerRangeField(null=True)
    amounts = DecimalRangeField(null=True)
    season = DateRangeField(null=True)
    during = DateTimeRangeField(null=True)
    ip = models.GenericIPAddressField(null=True)
    blob = models.BinaryField(null=True)
    maybe = models.BooleanField(null=True)
    link = models.URLField(default="")
    brand = models.ForeignKey(
        Brand, null=True, on_delete=models.CASCADE, to_field="slug", related_name="items", db_column="brand slug"
    )
    parent = models.ForeignKey("self", null=True, on_delete=models.CASCADE, related_name="children")
    tags = models.ManyToManyField(Tag, related_name="items")
    loud = models.GeneratedField(
        expression=Upper("name"), output_field=models.CharField(max_length=50), db_persist=True
    )
    found = SearchVectorField(null=True)
    rich = models.JSONField(encoder=DjangoJSONEncoder, null=True)
    turned = ReversedField(null=True)
    file = models.FileField(upload_to="files", null=True)
    flag = models.PositiveSmallIntegerField(null=True)


class Detail(models.Model):
    item = models.OneToOneField(Item, on_delete=models.CASCADE, primary_key=True, related_name="detail")
    text = models.TextField()


class Place(models.Model):
    name = models.CharField(max_length=20)


class Cafe(Place):
    seats = models.IntegerField()


MODELS: list[Any] = [Line, Brand, Tag, Item, Detail, Place, Cafe]
KEYS = [uuid.UUID(int=number) for number in range(10)]
MOMENT = datetime.datetime(2024, 2, 29, 23, 30, 15, 250000, tzinfo=UTC)
DAY = datetime.date(2024, 2, 29)


def create() -> None:
    """Creates the tables and their rows."""
    with connection.schema_editor() as editor:
        for model in MODELS:
            editor.create_model(model)
    Line.objects.create(order=1, code="x")
    acme, other = Brand.objects.create(slug="acme", title="Acme"), Brand.objects.create(slug="o'k", title="100%")
    tags = [Tag.objects.create(name=name) for name in ("red", "green")]
    first = Item.objects.create(
        id=KEYS[1], name="a", body='quote\' back\\slash %s %% "d" $1', nick="Ann", size="X-L", level=2, small=300,
        count=300, huge=2**40, price=Decimal("1.005"), ratio=0.1, day=DAY, at=datetime.time(12, 30, 0, 5),
        moment=MOMENT, span=datetime.timedelta(days=-1, seconds=5, microseconds=7),
        doc={"a": "x", "n": 5, "deep": {"list": [1, "2", None, {"k": True}]}, "none": None, "5": "five"},
        nums=[1, 2, 3], words=["x", "y z", "NULL"], nested=[["a", "b"], ["c", "d"]],
        days=[DAY], prices=[Decimal("1.50")], ids=[KEYS[1], KEYS[2]], hosts=["10.0.0.1", "::1"], docs=[{"a": 1}, [2]],
        attrs={"a": "1", "b": None, 'q"': "it's"}, numbers=NumericRange(1, 5), longs=NumericRange(2**40, None),
        amounts=NumericRange(Decimal("1.5"), Decimal("2.5"), "[]"), season=DateRange(DAY, None),
        during=DateTimeTZRange(MOMENT, MOMENT + datetime.timedelta(hours=2)), ip="10.0.0.1", blob=b"\x00\xff'\\",
        rich={"day": DAY, "price": Decimal("1.50")}, turned="abc", file="files/a.txt", flag=7,
        maybe=True, link="https://a.example/?q=1", brand=acme,
    )  # fmt: skip
    second = Item.objects.create(
        id=KEYS[2], name="B", body="ünï 🙂", nick="ANN", level=1, small=-1, huge=-(2**40), price=Decimal("2.500"),
        ratio=-1e300, day=datetime.date(2023, 1, 1), moment=MOMENT - datetime.timedelta(days=400),
        span=datetime.timedelta(hours=25), doc=[1, 2, "x"], nums=[2], words=[], docs=["x"], attrs={"a": "2"},
        numbers=NumericRange(5, 10), ip="2001:db8::1", blob=b"", maybe=False, brand=other, parent=first,
    )  # fmt: skip
    Item.objects.create(
        id=KEYS[3], name="b", doc="x", ratio=float("inf"), numbers=NumericRange(empty=True), parent=first
    )
    Item.objects.create(id=KEYS[4], name="", doc=5, ratio=2.5, parent=second, nums=[1, 2], maybe=None)
    Item.objects.create(id=KEYS[5], name="100%", doc=None, price=Decimal(-3), ratio=0.3)
    first.tags.set(tags)
    second.tags.set(tags[:1])
    Detail.objects.create(item=first, text="more")
    Cafe.objects.create(name="Corner", seats=12)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE shop_item SET found = to_tsvector('english', body || ' running cats'), price = price")
