"""The library's schema, with strawberry-django."""

from __future__ import annotations

from datetime import date
from typing import Self

import strawberry
import strawberry_django
from django.db.models import Count, Q, QuerySet
from library import models
from strawberry import auto, relay
from strawberry_django.optimizer import DjangoOptimizerExtension
from strawberry_django.pagination import OffsetPaginated
from strawberry_django.relay import DjangoCursorConnection, DjangoListConnection


@strawberry_django.filter_type(models.Country)
class CountryFilter:
    code: auto
    name: auto


@strawberry_django.filter_type(models.Person, lookups=True)
class PersonFilter:
    id: auto
    name: auto
    nick: auto
    born: auto
    joined_at: auto
    active: auto
    country: CountryFilter | None
    mentor: PersonFilter | None
    pupils: PersonFilter | None
    friends: PersonFilter | None
    loan_to: LoanFilter | None
    reviews: ReviewFilter | None


@strawberry_django.filter_type(models.Author, lookups=True)
class AuthorFilter:
    id: auto
    name: auto
    active: auto
    pen_name: auto
    royalties: auto
    country: CountryFilter | None
    books: BookFilter | None
    authorships: AuthorshipFilter | None
    biography: BiographyFilter | None


@strawberry_django.filter_type(models.Publisher, lookups=True)
class PublisherFilter:
    id: auto
    name: auto
    founded: auto
    opens: auto
    country: CountryFilter | None
    books: BookFilter | None


@strawberry_django.filter_type(models.Tag, lookups=True)
class TagFilter:
    id: auto
    word: auto
    weight: auto
    books: BookFilter | None


@strawberry_django.filter_type(models.Book, lookups=True)
class BookFilter:
    AND: list[Self] | None
    OR: list[Self] | None
    NOT: list[Self] | None
    id: auto
    title: auto
    subtitle: auto
    status: auto
    level: auto
    price: auto
    rating: auto
    pages: auto
    published: auto
    created_at: auto
    available: auto
    languages: auto
    scores: auto
    details: auto
    publisher: PublisherFilter | None
    sequel_of: BookFilter | None
    sequels: BookFilter | None
    authors: AuthorFilter | None
    authorships: AuthorshipFilter | None
    tags: TagFilter | None
    cover: CoverFilter | None
    chapters: ChapterFilter | None
    loan: LoanFilter | None
    reviews: ReviewFilter | None

    @strawberry_django.filter_field
    def search(self, value: str, prefix: str) -> Q:
        return Q(**{f"{prefix}title__icontains": value}) | Q(**{f"{prefix}subtitle__icontains": value})

    @strawberry_django.filter_field
    def long(self, value: bool, prefix: str) -> Q:
        return Q(**{f"{prefix}pages__gte": 200}) if value else ~Q(**{f"{prefix}pages__gte": 200})

    @strawberry_django.filter_field
    def lent_on(self, value: date, prefix: str) -> Q:
        return Q(**{f"{prefix}lent__contains": value})


@strawberry_django.filter_type(models.Authorship, lookups=True)
class AuthorshipFilter:
    id: auto
    role: auto
    share: auto
    author: AuthorFilter | None
    book: BookFilter | None


@strawberry_django.filter_type(models.Cover, lookups=True)
class CoverFilter:
    id: auto
    color: auto
    width: auto
    book: BookFilter | None


@strawberry_django.filter_type(models.Chapter, lookups=True)
class ChapterFilter:
    id: auto
    number: auto
    title: auto
    words: auto
    book: BookFilter | None


@strawberry_django.filter_type(models.Review, lookups=True)
class ReviewFilter:
    id: auto
    stars: auto
    body: auto
    approved: auto
    written_at: auto
    book: BookFilter | None
    reviewer: PersonFilter | None


@strawberry_django.filter_type(models.Novelist, lookups=True)
class NovelistFilter:
    id: auto
    name: auto
    prize: auto
    royalties: auto
    books: BookFilter | None


@strawberry_django.filter_type(models.Biography, lookups=True)
class BiographyFilter:
    text: auto
    author: AuthorFilter | None
    land: CountryFilter | None


@strawberry_django.filter_type(models.Shelf, lookups=True)
class ShelfFilter:
    id: auto
    label: auto
    address: auto
    room: auto
    loan: LoanFilter | None


@strawberry_django.filter_type(models.Loan, lookups=True)
class LoanFilter:
    id: auto
    since: auto
    renewals: auto
    book: BookFilter | None
    reader: PersonFilter | None
    shelf: ShelfFilter | None


@strawberry_django.order_type(models.Novelist)
class NovelistOrder:
    id: auto
    name: auto
    prize: auto


@strawberry_django.order_type(models.Biography)
class BiographyOrder:
    author: AuthorOrder | None
    text: auto
    land: CountryOrder | None


@strawberry_django.order_type(models.Shelf)
class ShelfOrder:
    id: auto
    label: auto
    room: auto


@strawberry_django.order_type(models.Loan)
class LoanOrder:
    id: auto
    since: auto
    renewals: auto
    shelf: ShelfOrder | None


@strawberry_django.order_type(models.Country)
class CountryOrder:
    code: auto
    name: auto
    population: auto


@strawberry_django.order_type(models.Person)
class PersonOrder:
    id: auto
    name: auto
    nick: auto
    born: auto
    joined_at: auto
    country: CountryOrder | None
    mentor: PersonOrder | None


@strawberry_django.order_type(models.Author)
class AuthorOrder:
    id: auto
    name: auto
    pen_name: auto
    royalties: auto


@strawberry_django.order_type(models.Publisher)
class PublisherOrder:
    id: auto
    name: auto
    founded: auto
    opens: auto
    country: CountryOrder | None


@strawberry_django.order_type(models.Tag)
class TagOrder:
    id: auto
    word: auto
    weight: auto


@strawberry_django.order_type(models.Book)
class BookOrder:
    id: auto
    title: auto
    subtitle: auto
    status: auto
    price: auto
    rating: auto
    pages: auto
    published: auto
    created_at: auto
    available: auto
    publisher: PublisherOrder | None
    sequel_of: BookOrder | None
    cover: CoverOrder | None

    @strawberry_django.order_field
    def review_count(
        self, queryset: QuerySet[models.Book], value: auto, prefix: str
    ) -> tuple[QuerySet[models.Book], list[str]]:
        queryset = queryset.annotate(review_count=Count(f"{prefix}reviews"))
        return queryset, [value.resolve("review_count")]


@strawberry_django.order_type(models.Authorship)
class AuthorshipOrder:
    id: auto
    role: auto
    share: auto
    author: AuthorOrder | None


@strawberry_django.order_type(models.Cover)
class CoverOrder:
    id: auto
    color: auto
    width: auto


@strawberry_django.order_type(models.Chapter)
class ChapterOrder:
    id: auto
    number: auto
    title: auto
    words: auto


@strawberry_django.order_type(models.Review)
class ReviewOrder:
    id: auto
    stars: auto
    body: auto
    approved: auto
    written_at: auto
    reviewer: PersonOrder | None


@strawberry_django.type(models.Country, filters=CountryFilter, ordering=CountryOrder, pagination=True)
class Country:
    code: auto
    name: auto
    population: auto
    people: list[Person]
    publishers: list[Publisher]


@strawberry_django.type(models.Person, filters=PersonFilter, ordering=PersonOrder, pagination=True)
class Person:
    id: auto
    name: auto
    nick: auto
    born: auto
    joined_at: auto
    active: auto
    country: Country | None
    mentor: Person | None
    pupils: list[Person]
    friends: list[Person]
    borrowed: list[Loan]
    reviews: OffsetPaginated[Review] = strawberry_django.offset_paginated()


@strawberry_django.type(models.Author, filters=AuthorFilter, ordering=AuthorOrder, pagination=True)
class Author:
    id: auto
    name: auto
    pen_name: auto
    royalties: auto
    country: Country | None
    books: list[Book]
    books_page: OffsetPaginated[Book] = strawberry_django.offset_paginated(field_name="books")
    authorships: list[Authorship]
    biography: Biography | None


@strawberry_django.type(models.Publisher, filters=PublisherFilter, ordering=PublisherOrder, pagination=True)
class Publisher:
    id: auto
    name: auto
    founded: auto
    opens: auto
    country: Country
    books: list[Book]
    books_page: OffsetPaginated[Book] = strawberry_django.offset_paginated(field_name="books")


@strawberry_django.type(models.Tag, filters=TagFilter, ordering=TagOrder, pagination=True)
class Tag:
    id: auto
    word: auto
    weight: auto
    books: list[Book]
    books_page: OffsetPaginated[Book] = strawberry_django.offset_paginated(field_name="books")


@strawberry_django.type(models.Book, filters=BookFilter, ordering=BookOrder, pagination=True)
class Book:
    id: auto
    title: auto
    subtitle: auto
    status: auto
    level: auto
    price: auto
    rating: auto
    pages: auto
    published: auto
    created_at: auto
    available: auto
    languages: auto
    scores: auto
    details: auto
    publisher: Publisher | None
    sequel_of: Book | None
    sequels: list[Book]
    authors: list[Author]
    authors_page: OffsetPaginated[Author] = strawberry_django.offset_paginated(field_name="authors")
    authorships: list[Authorship]
    tags: list[Tag]
    tags_page: OffsetPaginated[Tag] = strawberry_django.offset_paginated(field_name="tags")
    cover: Cover | None
    chapters: list[Chapter]
    reviews: list[Review]
    reviews_page: OffsetPaginated[Review] = strawberry_django.offset_paginated(field_name="reviews")


@strawberry_django.type(models.Authorship, filters=AuthorshipFilter, ordering=AuthorshipOrder, pagination=True)
class Authorship:
    id: auto
    role: auto
    share: auto
    author: Author
    book: Book


@strawberry_django.type(models.Cover, filters=CoverFilter, ordering=CoverOrder, pagination=True)
class Cover:
    id: auto
    color: auto
    width: auto
    book: Book


@strawberry_django.type(models.Chapter, filters=ChapterFilter, ordering=ChapterOrder, pagination=True)
class Chapter:
    id: auto
    number: auto
    title: auto
    words: auto
    book: Book


@strawberry_django.type(models.Review, filters=ReviewFilter, ordering=ReviewOrder, pagination=True)
class Review:
    id: auto
    stars: auto
    body: auto
    approved: auto
    written_at: auto
    book: Book
    reviewer: Person | None


@strawberry_django.type(models.Novelist, filters=NovelistFilter, ordering=NovelistOrder, pagination=True)
class Novelist:
    id: auto
    name: auto
    prize: auto
    country: Country | None
    books: list[Book]


@strawberry_django.type(models.Elder, pagination=True)
class Elder:
    id: auto
    born: auto


@strawberry_django.type(models.Biography, filters=BiographyFilter, ordering=BiographyOrder, pagination=True)
class Biography:
    text: auto
    author: Author
    land: Country | None


@strawberry_django.type(models.Shelf, filters=ShelfFilter, ordering=ShelfOrder, pagination=True)
class Shelf:
    id: auto
    label: auto
    address: auto
    room: auto
    loan_set: list[Loan]


@strawberry_django.type(models.Loan, filters=LoanFilter, ordering=LoanOrder, pagination=True)
class Loan:
    id: auto
    since: auto
    renewals: auto
    book: Book
    reader: Person
    shelf: Shelf | None


@strawberry_django.type(models.Publisher, filters=PublisherFilter, ordering=PublisherOrder)
class PublisherNode(relay.Node):
    name: auto
    books: DjangoListConnection[BookNode] = strawberry_django.connection()


@strawberry_django.type(models.Tag, filters=TagFilter, ordering=TagOrder)
class TagNode(relay.Node):
    word: auto
    books: DjangoListConnection[BookNode] = strawberry_django.connection()


@strawberry_django.type(models.Book, filters=BookFilter, ordering=BookOrder)
class BookNode(relay.Node):
    title: auto
    pages: auto
    rating: auto
    publisher: PublisherNode | None
    tags: DjangoListConnection[TagNode] = strawberry_django.connection()
    reviews: DjangoListConnection[ReviewNode] = strawberry_django.connection()


@strawberry_django.type(models.Review, filters=ReviewFilter, ordering=ReviewOrder)
class ReviewNode(relay.Node):
    stars: auto
    body: auto
    written_at: auto
    book: BookNode


@strawberry.type
class Query:
    countries: list[Country] = strawberry_django.field()
    people: list[Person] = strawberry_django.field()
    authors: list[Author] = strawberry_django.field()
    publishers: list[Publisher] = strawberry_django.field()
    tags: list[Tag] = strawberry_django.field()
    books: list[Book] = strawberry_django.field()
    authorships: list[Authorship] = strawberry_django.field()
    covers: list[Cover] = strawberry_django.field()
    novelists: list[Novelist] = strawberry_django.field()
    elders: list[Elder] = strawberry_django.field()
    biographies: list[Biography] = strawberry_django.field()
    shelves: list[Shelf] = strawberry_django.field()
    loans: list[Loan] = strawberry_django.field()
    chapters: list[Chapter] = strawberry_django.field()
    reviews: list[Review] = strawberry_django.field()

    book: Book = strawberry_django.field()
    author: Author = strawberry_django.field()
    country: Country = strawberry_django.field()

    authors_page: OffsetPaginated[Author] = strawberry_django.offset_paginated()
    publishers_page: OffsetPaginated[Publisher] = strawberry_django.offset_paginated()
    books_page: OffsetPaginated[Book] = strawberry_django.offset_paginated()
    reviews_page: OffsetPaginated[Review] = strawberry_django.offset_paginated()

    publisher_connection: DjangoListConnection[PublisherNode] = strawberry_django.connection()
    tag_connection: DjangoListConnection[TagNode] = strawberry_django.connection()
    book_connection: DjangoListConnection[BookNode] = strawberry_django.connection()
    review_connection: DjangoListConnection[ReviewNode] = strawberry_django.connection()
    books_by_cursor: DjangoCursorConnection[BookNode] = strawberry_django.connection()
    reviews_by_cursor: DjangoCursorConnection[ReviewNode] = strawberry_django.connection()

    node: relay.Node | None = strawberry_django.node()
    nodes: list[relay.Node] = strawberry_django.node()


schema = strawberry.Schema(query=Query, extensions=[DjangoOptimizerExtension])
