from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q
from library import models
from puff import graphql
from puff.graphql import Context, Plan, auto


@graphql.filter_type(models.Author, lookups=True)
class AuthorFilter:
    id: auto
    name: auto
    books: BookFilter | None


@graphql.filter_type(models.Book, lookups=True)
class BookFilter:
    """Chooses books."""

    title: auto
    pages: auto
    sold: auto
    price: auto
    public: auto
    day: auto
    at: auto
    moment: auto
    code: auto
    doc: auto
    size: auto
    words: auto
    author_id: auto
    author: AuthorFilter | None
    tags: auto

    @graphql.filter_field(description="Has more pages than that.")
    def longer_than(value: int) -> Q:
        return Q(pages__gt=value)


@graphql.filter_type(models.Tag)
class TagFilter:
    id: auto
    word: auto
    AND: list[TagFilter] | None


@graphql.order_type(models.Author)
class AuthorOrder:
    name: auto


@graphql.order_type(models.Book)
class BookOrder:
    title: auto
    """By title."""
    author: AuthorOrder | None


@graphql.django_type(models.Author)
class Author:
    id: auto
    books: list[Book] = graphql.paged(default=20)
    shelf: graphql.OffsetPaginated[Book] = graphql.paged(field_name="books", filters=None, name="Shelf")
    """Their books, page by page."""


@graphql.django_type(models.Tag, filters=TagFilter)
class Tag:
    word: auto


@graphql.django_type(models.Book, filters=BookFilter, ordering=BookOrder)
class Book:
    id: auto
    tags: graphql.Connection[Tag] = graphql.paged()


@dataclass
class Query:
    books_page: graphql.OffsetPaginated[Book] = graphql.paged()
    authors: list[Author] = graphql.paged(filters=AuthorFilter, ordering=AuthorOrder)

    @classmethod
    @graphql.paged()
    @graphql.pure
    def mine(cls, ctx: Context, /, since_page: int) -> Plan[graphql.Connection[Book]]:
        """Books of one's own."""
        return models.Book.objects.filter(pages__gte=since_page)


@dataclass
class Schema:
    query: Query
