"""Models with each kind of relation, and columns of many types."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField, IntegerRangeField
from django.db import models


class Author(models.Model):
    name = models.CharField(max_length=50, db_column="full_name")
    friends = models.ManyToManyField("self")

    class Meta:
        ordering = ["-name"]


class Tag(models.Model):
    word = models.SlugField()


class Book(models.Model):
    class Size(models.TextChoices):
        SMALL = "s", "Small"
        LARGE = "l", "Large"

    title = models.CharField(max_length=50)
    pages = models.IntegerField(null=True)
    sold = models.BigIntegerField(default=0)
    price = models.DecimalField(max_digits=5, decimal_places=2)
    public = models.BooleanField(default=False)
    day = models.DateField(null=True)
    at = models.TimeField(null=True)
    moment = models.DateTimeField(null=True)
    code = models.UUIDField()
    doc = models.JSONField(default=dict)
    size = models.CharField(max_length=1, choices=Size)
    words = ArrayField(models.CharField(max_length=10), default=list)
    ages = IntegerRangeField(null=True)
    author = models.ForeignKey(Author, models.CASCADE, related_name="books")
    tags = models.ManyToManyField(Tag, related_name="books", through="Tagging")

    class Meta:
        ordering = ["author", models.F("pages").desc(nulls_last=True)]


class Tagging(models.Model):
    book = models.ForeignKey(Book, models.CASCADE)
    tag = models.ForeignKey(Tag, models.CASCADE)


class Named(models.Manager):
    def get_queryset(self) -> Any:
        return super().get_queryset().exclude(name="").order_by("-seats")


class Place(models.Model):
    name = models.CharField(max_length=20)


class Cafe(Place):
    seats = models.IntegerField()
    objects = Named()


class Line(models.Model):
    pk = models.CompositePrimaryKey("order", "number")
    order = models.IntegerField()
    number = models.IntegerField()


class Turned(models.CharField):
    def get_prep_value(self, value: Any) -> Any:
        return value[::-1]


class Sign(models.Model):
    text = Turned(max_length=5)
