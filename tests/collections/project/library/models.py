"""A library: relations of every kind, and columns of the kinds that filters and orders treat differently."""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField, DateRangeField
from django.db import models


class Country(models.Model):
    """Its key is a text."""

    code = models.CharField(max_length=2, primary_key=True)
    name = models.CharField(max_length=50, unique=True)
    population = models.IntegerField(null=True)


class Person(models.Model):
    name = models.CharField(max_length=80)
    nick = models.CharField(max_length=30, null=True)
    born = models.DateField(null=True)
    joined_at = models.DateTimeField()
    active = models.BooleanField(default=True)
    country = models.ForeignKey(Country, models.CASCADE, null=True, related_name="people")
    mentor = models.ForeignKey("self", models.SET_NULL, null=True, related_name="pupils")
    friends = models.ManyToManyField("self")


class Author(Person):
    """In a table of its own, beside its person's."""

    pen_name = models.CharField(max_length=80, null=True)
    royalties = models.DecimalField(max_digits=8, decimal_places=2, null=True)


class Publisher(models.Model):
    name = models.CharField(max_length=80)
    founded = models.IntegerField(null=True, db_column="year_founded")
    opens = models.TimeField(null=True)
    country = models.ForeignKey(Country, models.CASCADE, related_name="publishers")

    class Meta:
        ordering = ["name"]


class Tag(models.Model):
    word = models.CharField(max_length=30, unique=True)
    weight = models.IntegerField(null=True)


class Book(models.Model):
    class Status(models.TextChoices):
        DRAFT = "draft", "Not yet"
        OUT = "out", "Out"
        GONE = "gone", "Out of print"

    class Level(models.IntegerChoices):
        EASY = 1, "Easy"
        MEDIUM = 2, "Medium"
        HARD = 3, "Hard"

    title = models.CharField(max_length=120)
    subtitle = models.TextField(null=True)
    status = models.CharField(max_length=5, choices=Status.choices, default=Status.OUT)
    level = models.IntegerField(choices=Level.choices, null=True)
    price = models.DecimalField(max_digits=7, decimal_places=2)
    rating = models.FloatField(null=True)
    pages = models.IntegerField(null=True, db_column="page_count")
    published = models.DateField(null=True)
    created_at = models.DateTimeField()
    available = models.BooleanField(null=True)
    languages = ArrayField(models.CharField(max_length=5), default=list)
    scores = ArrayField(models.IntegerField(), null=True)
    details = models.JSONField(null=True)
    lent = DateRangeField(null=True)
    publisher = models.ForeignKey(Publisher, models.CASCADE, null=True, related_name="books", db_column="pub")
    sequel_of = models.ForeignKey("self", models.SET_NULL, null=True, related_name="sequels")
    authors = models.ManyToManyField(Author, through="Authorship", related_name="books")
    tags = models.ManyToManyField(Tag, related_name="books")

    class Meta:
        ordering = ["title", "id"]


class Authorship(models.Model):
    book = models.ForeignKey(Book, models.CASCADE, related_name="authorships")
    author = models.ForeignKey(Author, models.CASCADE, related_name="authorships")
    role = models.CharField(max_length=20, default="writer")
    share = models.DecimalField(max_digits=5, decimal_places=2, null=True)


class Cover(models.Model):
    """At most one of a book."""

    book = models.OneToOneField(Book, models.CASCADE, related_name="cover")
    color = models.CharField(max_length=20, null=True)
    width = models.IntegerField()


class Chapter(models.Model):
    book = models.ForeignKey(Book, models.CASCADE, related_name="chapters")
    number = models.IntegerField()
    title = models.CharField(max_length=80, null=True)
    words = models.IntegerField(null=True)

    class Meta:
        ordering = ["book", "number"]


class Review(models.Model):
    book = models.ForeignKey(Book, models.CASCADE, related_name="reviews")
    reviewer = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="reviews")
    stars = models.IntegerField()
    body = models.TextField()
    approved = models.BooleanField(null=True)
    written_at = models.DateTimeField(null=True)


class Novelist(Author):
    """Inherits twice."""

    prize = models.CharField(max_length=30, null=True)


class Elder(Person):
    """The same rows as its people's, with an order of its own."""

    class Meta:
        proxy = True
        ordering = ["born", "-id"]


class Biography(models.Model):
    """Its key is its author's, and it names its country by something else than the key."""

    author = models.OneToOneField(Author, models.CASCADE, primary_key=True)
    text = models.TextField(db_column="The Text")
    land = models.ForeignKey(Country, models.CASCADE, to_field="name", null=True)

    class Meta:
        db_table = "The Biographies"


class Shelf(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    label = models.SlugField(db_column="select")
    address = models.GenericIPAddressField(null=True)
    room = models.PositiveSmallIntegerField()


class Loan(models.Model):
    """Relations without names of their own, or with several."""

    book = models.ForeignKey(Book, models.CASCADE)
    reader = models.ForeignKey(Person, models.CASCADE, related_name="borrowed", related_query_name="loan_to")
    shelf = models.ForeignKey(Shelf, models.SET_NULL, null=True)
    since = models.DateField()
    renewals = models.SmallIntegerField(null=True)

    class Meta:
        ordering = ["-since", models.F("shelf__label").desc(nulls_last=True), "book__title", "id"]
