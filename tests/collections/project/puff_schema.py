"""The library's schema, with puff."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Q
from library import models
from puff import graphql
from puff.graphql import ID, Connection, Context, OffsetPaginated, Plan, auto, paged


@graphql.filter_type(models.Country)
class CountryFilter:
    code: str
    name: auto


@graphql.filter_type(models.Person, lookups=True)
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


@graphql.filter_type(models.Author, lookups=True)
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


@graphql.filter_type(models.Publisher, lookups=True)
class PublisherFilter:
    id: auto
    name: auto
    founded: auto
    opens: auto
    country: CountryFilter | None
    books: BookFilter | None


WORD = ["exact", "is_null", "in_list", "i_exact", "contains", "i_contains", "starts_with", "regex", "i_regex"]


@graphql.filter_type(models.Tag, lookups={"id": True, "weight": True, "word": WORD})
class TagFilter:
    id: auto
    word: auto
    weight: auto
    books: BookFilter | None


@graphql.filter_type(models.Book, lookups=True)
class BookFilter:
    AND: list[BookFilter] | None
    OR: list[BookFilter] | None
    NOT: list[BookFilter] | None
    id: auto
    title: auto
    subtitle: auto
    status: str
    level: int
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

    @graphql.filter_field
    def search(value: str) -> Q:
        return Q(title__icontains=value) | Q(subtitle__icontains=value)

    @graphql.filter_field
    def long(value: bool) -> Q:
        return Q(pages__gte=200) if value else ~Q(pages__gte=200)

    @graphql.filter_field
    def lent_on(value: date) -> Q:
        return Q(lent__contains=value)


@graphql.filter_type(models.Authorship, lookups=True)
class AuthorshipFilter:
    id: auto
    role: auto
    share: auto
    author: AuthorFilter | None
    book: BookFilter | None


@graphql.filter_type(models.Cover, lookups=True)
class CoverFilter:
    id: auto
    color: auto
    width: auto
    book: BookFilter | None


@graphql.filter_type(models.Chapter, lookups=True)
class ChapterFilter:
    id: auto
    number: auto
    title: auto
    words: auto
    book: BookFilter | None


@graphql.filter_type(models.Review, lookups=True)
class ReviewFilter:
    id: auto
    stars: auto
    body: auto
    approved: auto
    written_at: auto
    book: BookFilter | None
    reviewer: PersonFilter | None


@graphql.filter_type(models.Novelist, lookups=True)
class NovelistFilter:
    id: auto
    name: auto
    prize: auto
    royalties: auto
    books: BookFilter | None


@graphql.filter_type(models.Biography, lookups=True)
class BiographyFilter:
    text: auto
    author: AuthorFilter | None
    land: CountryFilter | None


@graphql.filter_type(models.Shelf, lookups=True)
class ShelfFilter:
    id: auto
    label: auto
    address: auto
    room: auto
    loan: LoanFilter | None


@graphql.filter_type(models.Loan, lookups=True)
class LoanFilter:
    id: auto
    since: auto
    renewals: auto
    book: BookFilter | None
    reader: PersonFilter | None
    shelf: ShelfFilter | None


@graphql.order_type(models.Novelist)
class NovelistOrder:
    id: auto
    name: auto
    prize: auto


@graphql.order_type(models.Biography)
class BiographyOrder:
    author: AuthorOrder | None
    text: auto
    land: CountryOrder | None


@graphql.order_type(models.Shelf)
class ShelfOrder:
    id: auto
    label: auto
    room: auto


@graphql.order_type(models.Loan)
class LoanOrder:
    id: auto
    since: auto
    renewals: auto
    shelf: ShelfOrder | None


@graphql.order_type(models.Country)
class CountryOrder:
    code: auto
    name: auto
    population: auto


@graphql.order_type(models.Person)
class PersonOrder:
    id: auto
    name: auto
    nick: auto
    born: auto
    joined_at: auto
    country: CountryOrder | None
    mentor: PersonOrder | None


@graphql.order_type(models.Author)
class AuthorOrder:
    id: auto
    name: auto
    pen_name: auto
    royalties: auto


@graphql.order_type(models.Publisher)
class PublisherOrder:
    id: auto
    name: auto
    founded: auto
    opens: auto
    country: CountryOrder | None


@graphql.order_type(models.Tag)
class TagOrder:
    id: auto
    word: auto
    weight: auto


@graphql.order_type(models.Book)
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

    @graphql.order_field
    def review_count() -> Count:
        return Count("reviews")


@graphql.order_type(models.Authorship)
class AuthorshipOrder:
    id: auto
    role: auto
    share: auto
    author: AuthorOrder | None


@graphql.order_type(models.Cover)
class CoverOrder:
    id: auto
    color: auto
    width: auto


@graphql.order_type(models.Chapter)
class ChapterOrder:
    id: auto
    number: auto
    title: auto
    words: auto


@graphql.order_type(models.Review)
class ReviewOrder:
    id: auto
    stars: auto
    body: auto
    approved: auto
    written_at: auto
    reviewer: PersonOrder | None


@graphql.django_type(models.Country, filters=CountryFilter, ordering=CountryOrder)
class Country:
    code: str
    name: auto
    population: auto
    people: list[Person] = paged()
    publishers: list[Publisher] = paged()


@graphql.django_type(models.Person, filters=PersonFilter, ordering=PersonOrder)
class Person:
    id: auto
    name: auto
    nick: auto
    born: auto
    joined_at: auto
    active: auto
    country: Country | None
    mentor: Person | None
    pupils: list[Person] = paged()
    friends: list[Person] = paged()
    borrowed: list[Loan] = paged()
    reviews: OffsetPaginated[Review] = paged()


@graphql.django_type(models.Author, filters=AuthorFilter, ordering=AuthorOrder)
class Author:
    id: auto
    name: auto
    pen_name: auto
    royalties: auto
    country: Country | None
    books: list[Book] = paged()
    books_page: OffsetPaginated[Book] = paged(field_name="books")
    authorships: list[Authorship] = paged()
    biography: Biography | None


@graphql.django_type(models.Publisher, filters=PublisherFilter, ordering=PublisherOrder)
class Publisher:
    id: auto
    name: auto
    founded: auto
    opens: auto
    country: Country
    books: list[Book] = paged()
    books_page: OffsetPaginated[Book] = paged(field_name="books")


@graphql.django_type(models.Tag, filters=TagFilter, ordering=TagOrder)
class Tag:
    id: auto
    word: auto
    weight: auto
    books: list[Book] = paged()
    books_page: OffsetPaginated[Book] = paged(field_name="books")


@graphql.django_type(models.Book, filters=BookFilter, ordering=BookOrder)
class Book:
    id: auto
    title: auto
    subtitle: auto
    status: str
    level: int | None
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
    sequels: list[Book] = paged()
    authors: list[Author] = paged()
    authors_page: OffsetPaginated[Author] = paged(field_name="authors")
    authorships: list[Authorship] = paged()
    tags: list[Tag] = paged()
    tags_page: OffsetPaginated[Tag] = paged(field_name="tags")
    cover: Cover | None
    chapters: list[Chapter] = paged()
    reviews: list[Review] = paged()
    reviews_page: OffsetPaginated[Review] = paged(field_name="reviews")


@graphql.django_type(models.Authorship, filters=AuthorshipFilter, ordering=AuthorshipOrder)
class Authorship:
    id: auto
    role: auto
    share: auto
    author: Author
    book: Book


@graphql.django_type(models.Cover, filters=CoverFilter, ordering=CoverOrder)
class Cover:
    id: auto
    color: auto
    width: auto
    book: Book


@graphql.django_type(models.Chapter, filters=ChapterFilter, ordering=ChapterOrder)
class Chapter:
    id: auto
    number: auto
    title: auto
    words: auto
    book: Book


@graphql.django_type(models.Review, filters=ReviewFilter, ordering=ReviewOrder)
class Review:
    id: auto
    stars: auto
    body: auto
    approved: auto
    written_at: auto
    book: Book
    reviewer: Person | None


@graphql.django_type(models.Novelist, filters=NovelistFilter, ordering=NovelistOrder)
class Novelist:
    id: auto
    name: auto
    prize: auto
    country: Country | None
    books: list[Book] = paged()


@graphql.django_type(models.Elder)
class Elder:
    id: auto
    born: auto


@graphql.django_type(models.Biography, filters=BiographyFilter, ordering=BiographyOrder)
class Biography:
    text: auto
    author: Author
    land: Country | None


@graphql.django_type(models.Shelf, filters=ShelfFilter, ordering=ShelfOrder)
class Shelf:
    id: auto
    label: auto
    address: auto
    room: auto
    loan_set: list[Loan] = paged()


@graphql.django_type(models.Loan, filters=LoanFilter, ordering=LoanOrder)
class Loan:
    id: auto
    since: auto
    renewals: auto
    book: Book
    reader: Person
    shelf: Shelf | None


@graphql.django_type(models.Publisher, filters=PublisherFilter, ordering=PublisherOrder)
class PublisherNode(graphql.Node):
    name: auto
    books: Connection[BookNode] = paged()


@graphql.django_type(models.Tag, filters=TagFilter, ordering=TagOrder)
class TagNode(graphql.Node):
    word: auto
    books: Connection[BookNode] = paged()


@graphql.django_type(models.Book, filters=BookFilter, ordering=BookOrder)
class BookNode(graphql.Node):
    title: auto
    pages: auto
    rating: auto
    publisher: PublisherNode | None
    tags: Connection[TagNode] = paged()
    reviews: Connection[ReviewNode] = paged()


@graphql.django_type(models.Review, filters=ReviewFilter, ordering=ReviewOrder)
class ReviewNode(graphql.Node):
    stars: auto
    body: auto
    written_at: auto
    book: BookNode


@dataclass
class Query:
    countries: list[Country] = paged()
    people: list[Person] = paged()
    authors: list[Author] = paged()
    publishers: list[Publisher] = paged()
    tags: list[Tag] = paged()
    books: list[Book] = paged()
    authorships: list[Authorship] = paged()
    covers: list[Cover] = paged()
    novelists: list[Novelist] = paged()
    elders: list[Elder] = paged()
    biographies: list[Biography] = paged()
    shelves: list[Shelf] = paged()
    loans: list[Loan] = paged()
    chapters: list[Chapter] = paged(max=None)
    reviews: list[Review] = paged(max=None)

    @classmethod
    @graphql.pure
    def book(cls, ctx: Context, /, pk: ID) -> Plan[Book]:
        return models.Book.objects.filter(pk=pk)

    @classmethod
    @graphql.pure
    def author(cls, ctx: Context, /, pk: ID) -> Plan[Author]:
        return models.Author.objects.filter(pk=pk)

    @classmethod
    @graphql.pure
    def country(cls, ctx: Context, /, pk: ID) -> Plan[Country]:
        return models.Country.objects.filter(pk=pk)

    authors_page: OffsetPaginated[Author] = paged()
    publishers_page: OffsetPaginated[Publisher] = paged()
    books_page: OffsetPaginated[Book] = paged()
    reviews_page: OffsetPaginated[Review] = paged()

    publisher_connection: Connection[PublisherNode] = paged()
    tag_connection: Connection[TagNode] = paged()
    book_connection: Connection[BookNode] = paged()
    review_connection: Connection[ReviewNode] = paged()
    books_by_cursor: Connection[BookNode] = paged(name="BookNodeCursor")
    reviews_by_cursor: Connection[ReviewNode] = paged(name="ReviewNodeCursor")

    node: graphql.Node | None = graphql.node()
    nodes: list[graphql.Node] = graphql.node()


@dataclass
class Schema:
    query: Query
