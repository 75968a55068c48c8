"""The library's rows: the same in every run, with nulls, ties, and texts and moments that are easy to get wrong."""

from __future__ import annotations

import random
import uuid
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from django.db.backends.postgresql.psycopg_any import DateRange

from library.models import (
    Author,
    Authorship,
    Biography,
    Book,
    Chapter,
    Country,
    Cover,
    Loan,
    Novelist,
    Person,
    Publisher,
    Review,
    Shelf,
    Tag,
)  # fmt: skip

_TITLES = [
    "100% Wool", "under_score", "back\\slash", "it's \"quoted\"", "Ünïcode", "Straße", "STRASSE", "İstanbul",
    "naïve café", "🙂 smile", "日本語", "tab\tand\nline", "", " leading", "a", "A", "ä", "Zebra", "zebra", "$1 %s {x}",
]  # fmt: skip
_MOMENTS = [
    "2023-12-31T23:59:59", "2024-01-01T04:59:59", "2024-01-01T05:00:00",  # New Year here and in New York
    "2024-03-10T06:59:59", "2024-03-10T07:00:00", "2024-03-10T04:30:00",  # its clocks go forward
    "2024-11-03T05:30:00", "2024-11-03T06:30:00", "2024-11-04T04:59:59",  # and back: 1:30 comes twice
    "2024-02-29T12:00:00", "2024-03-01T03:00:00", "2024-07-15T00:00:00",
]  # fmt: skip
_DAYS = ["1999-12-31", "2000-01-01", "2020-02-29", "2021-01-03", "2021-01-04", "2023-12-31", "2024-01-01", "1815-12-10"]
_DETAILS = [
    None, {}, {"a": 1}, {"a": "1"}, {"a": None}, {"a": {"b": [1, 2]}}, [1, 2, "x"], "text", 5, {"a": "it's 100%"},
]  # fmt: skip


def seed() -> None:
    chance = random.Random(12)

    def maybe(value: object, share: float = 0.25) -> object:
        return None if chance.random() < share else value

    def moment() -> datetime:
        base = datetime.fromisoformat(chance.choice(_MOMENTS)).replace(tzinfo=UTC)
        return base + timedelta(days=chance.choice([0, 0, 0, 1, 40, 365]))

    codes = [("NL", "Netherlands"), ("FR", "France"), ("JP", "Japan"), ("TR", "Türkiye"), ("AQ", "Antarctica")]
    countries = [Country(code=c, name=n, population=None if c == "AQ" else 10 * len(n)) for c, n in codes]
    Country.objects.bulk_create(countries)
    inhabited = countries[:4]

    people: list[Person] = []
    for number in range(1, 41):
        common = {
            "id": number,
            "name": chance.choice(["Ada", "ada", "Grace O'Neil", "Ünal", "Li_Wei", "50% Off", "Zoë", "Ann"]),
            "nick": maybe(chance.choice(["x", "X", "the_one", ""])),
            "born": maybe(date.fromisoformat(chance.choice(_DAYS))),
            "joined_at": moment(),
            "active": chance.random() < 0.7,
            "country": maybe(chance.choice(inhabited)),
            "mentor": maybe(chance.choice(people), 0.4) if people else None,
        }
        if number % 3 == 0:
            pen_name, royalties = maybe(f"Pen {number % 4}"), maybe(Decimal(chance.randrange(0, 500)) / 4)
            person = Author(**common, pen_name=pen_name, royalties=royalties)
        else:
            person = Person(**common)
        person.save(force_insert=True)
        people.append(person)
    authors = list(Author.objects.order_by("id"))

    publishers = [
        Publisher(
            id=number,
            name=chance.choice(["Acme", "acme", "O'Reilly", "Gallimard", "講談社"])
            + ("" if number % 2 else f" {number}"),
            founded=maybe(chance.choice([1899, 1909, 1950, 2001])),
            opens=maybe(time(chance.choice([0, 8, 9, 23]), chance.choice([0, 30]), chance.choice([0, 59]))),
            country=chance.choice(inhabited),
        )
        for number in range(1, 9)
    ]
    Publisher.objects.bulk_create(publishers)

    words = ["red", "Green", "blue", "100%", "a_b", "ünï", "old", "new"]
    tags = [Tag(id=number, word=word, weight=maybe(number % 3)) for number, word in enumerate(words, 1)]
    Tag.objects.bulk_create(tags)

    books: list[Book] = []
    for number in range(1, 61):
        start = date(2024, 1, 1) + timedelta(days=chance.randrange(0, 90))
        books.append(
            Book(
                id=number,
                title=_TITLES[number - 1] if number <= len(_TITLES) else chance.choice([*_TITLES, f"Volume {number}"]),
                subtitle=maybe(chance.choice(["", "a story", "A Story", "50% more", "one_two", "\\"])),
                status=chance.choice(Book.Status.values),
                level=maybe(chance.choice(Book.Level.values)),
                price=Decimal(chance.choice([0, 5, 999, 1000, 1250, 123456])) / 100,
                rating=maybe(chance.choice([-1.5, 0.0, 0.1, 2.5, 4.75, 1e10])),
                pages=maybe(chance.choice([0, 100, 100, 250, 999])),
                published=maybe(date.fromisoformat(chance.choice(_DAYS))),
                created_at=moment(),
                available=maybe(chance.random() < 0.5),
                languages=chance.choice([[], ["en"], ["en", "fr"], ["fr", "en"], ["tr"], ["en", "en"]]),
                scores=maybe(chance.choice([[], [1], [1, 2, 3], [3], [2, 9]])),
                details=_DETAILS[number % len(_DETAILS)],
                lent=maybe(DateRange(start, start + timedelta(days=chance.randrange(1, 60)))),
                publisher=maybe(chance.choice(publishers[:7])),
                sequel_of=maybe(chance.choice(books), 0.6) if books else None,
            ),
        )
    Book.objects.bulk_create(books)
    through = Book.tags.through
    pairs = [(book, tag) for book in books for tag in chance.sample(tags[:7], chance.choice([0, 1, 2, 4]))]
    through.objects.bulk_create(through(id=n, book=book, tag=tag) for n, (book, tag) in enumerate(pairs, 1))
    written = [(book, author) for book in books for author in chance.sample(authors[:11], chance.choice([0, 1, 1, 3]))]
    Authorship.objects.bulk_create(
        Authorship(
            id=number,
            book=book,
            author=author,
            role=chance.choice(["writer", "editor", "artist"]),
            share=maybe(Decimal(chance.choice([25, 50, 100]))),
        )
        for number, (book, author) in enumerate(written, 1)
    )
    Cover.objects.bulk_create(
        Cover(id=1000 - book.pk, book=book, color=maybe(chance.choice(["red", "Red", "blue"])), width=book.pk % 5)
        for book in books
        if book.pk % 4
    )
    chapters = [(book, number) for book in books for number in range(1, chance.choice([0, 1, 3, 6]) + 1)]
    Chapter.objects.bulk_create(
        Chapter(
            id=number,
            book=book,
            number=place,
            title=maybe(chance.choice(["Start", "start", "The End", "%", ""])),
            words=maybe(chance.choice([10, 20, 20, 3000])),
        )
        for number, (book, place) in enumerate(chapters, 1)
    )
    judged = [book for book in books for _ in range(chance.choice([0, 0, 1, 2, 5, 12]))]
    Review.objects.bulk_create(
        Review(
            id=number,
            book=book,
            reviewer=maybe(chance.choice(people)),
            stars=chance.randrange(1, 6),
            body=chance.choice(["Good", "good", "100% good", "bad_ly", 'it\'s "fine"', "gut & schön", "\\", ""]),
            approved=maybe(chance.random() < 0.7),
            written_at=maybe(moment()),
        )
        for number, book in enumerate(judged, 1)
    )

    for author in authors[:4]:
        novelist = Novelist(author_ptr=author, prize=maybe(f"Prize {author.pk % 2}"))
        novelist.__dict__.update({key: value for key, value in author.__dict__.items() if key != "_state"})
        novelist.save_base(raw=True)
    lands = [None, "France", "Türkiye"]
    Biography.objects.bulk_create(
        Biography(author=author, text=chance.choice(["Born. Died.", "it's 50%"]), land_id=chance.choice(lands))
        for author in authors[:9]
    )
    for number, person in enumerate(people):
        person.friends.add(*chance.sample(people[:number], min(number, chance.choice([0, 1, 3]))))
    shelves = [
        Shelf(id=uuid.UUID(int=n), label=label, address=maybe(f"10.0.0.{n}"), room=n % 3)
        for n, label in enumerate(["a-1", "b-2", "B_2", "c"], 1)
    ]
    Shelf.objects.bulk_create(shelves)
    Loan.objects.bulk_create(
        Loan(
            id=number,
            book=chance.choice(books[:30]),
            reader=chance.choice(people),
            shelf=maybe(chance.choice(shelves[:3])),
            since=date(2024, 2, 27) + timedelta(days=chance.randrange(0, 5)),
            renewals=maybe(chance.choice([-1, 0, 3])),
        )
        for number in range(1, 41)
    )
