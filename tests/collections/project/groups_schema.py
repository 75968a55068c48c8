"""Groups of the library's rows, which Django's ORM gives as well."""

from __future__ import annotations

from dataclasses import dataclass

from library import models
from puff import graphql
from puff.graphql import Context, OffsetPaginated, Plan, auto, paged, sql
from puff_schema import BookFilter, ReviewFilter

REVIEWS = paged(
    field_name="reviews",
    aggregates={"stars": ["sum", "avg"], "written_at": ["min", "max"], "body": ["max"]},
    group_by={"stars": (), "approved": (), "written_at": ["month", "hour"]},
    filters=ReviewFilter,
)


@graphql.django_type(models.Review)
class Review:
    id: auto


@graphql.django_type(models.Book, filters=BookFilter)
class Book:
    id: auto
    reviews: OffsetPaginated[Review] = REVIEWS


@graphql.django_type(models.Tag)
class Tag:
    word: auto
    books: OffsetPaginated[Book] = paged(name="TagBook", aggregates=["pages"], group_by=["status"])


@dataclass
class Sold:
    id: int
    region: str
    cents: int


@dataclass
class Query:
    books: OffsetPaginated[Book] = paged(
        aggregates=["pages", "price", "rating", "published", "created_at", "publisher_id"],
        group_by=["status", "level", "available", "published", "created_at", "publisher_id"],
    )
    tags: list[Tag] = paged(order_by="word")
    reviewed: list[Book] = paged(order_by="id")

    @classmethod
    @graphql.paged(aggregates=["cents"], group_by="region")
    @graphql.pure
    def sold(cls, ctx: Context, /, factor: int = 1) -> Plan[OffsetPaginated[Sold]]:
        text = "SELECT id, CASE WHEN id % 3 = 0 THEN 'a' ELSE 'b' END AS region, id * $1 AS cents FROM library_book"
        return sql(text, factor)


@dataclass
class Schema:
    query: Query
