/** A Django project with each kind of relation, and a schema that writes all of them. */
export const library = {
  "site_config/settings.py": `
from pathlib import Path
BASE_DIR = Path(__file__).parent.parent
DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "default"}}
INSTALLED_APPS = ["shop"]
SECRET_KEY = "only for tests"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
`,
  "shop/models.py": `
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models.signals import pre_save
from django.dispatch import receiver

class Author(models.Model):
    name = models.CharField(max_length=10, unique=True)
    born = models.DateField(null=True, blank=True)
    class Meta:
        db_table = "author"

class Profile(models.Model):
    author = models.OneToOneField(Author, models.CASCADE, related_name="profile")
    text = models.TextField()
    class Meta:
        db_table = "profile"

class Tag(models.Model):
    word = models.CharField(max_length=10, unique=True)
    class Meta:
        db_table = "tag"

class Book(models.Model):
    class Size(models.TextChoices):
        SMALL = "s", "Small"
        LARGE = "l", "Large"
    title = models.CharField(max_length=10)
    size = models.CharField(max_length=1, choices=Size, default=Size.SMALL)
    price = models.DecimalField(max_digits=6, decimal_places=2, validators=[MinValueValidator(0)])
    code = models.CharField(max_length=10, unique=True)
    saved = models.IntegerField(default=0)
    author = models.ForeignKey(Author, models.PROTECT, related_name="books")
    tags = models.ManyToManyField(Tag, related_name="books", blank=True)
    class Meta:
        db_table = "book"

    def clean(self):
        if self.title == "bad":
            raise ValidationError("No bad books", code="bad")

@receiver(pre_save, sender=Book)
def count(instance, **_):
    instance.saved += 1
    if instance.title == "signal":
        raise ValidationError({"title": ValidationError("A signal refuses it", code="signal")})

class Chapter(models.Model):
    book = models.ForeignKey(Book, models.CASCADE, related_name="chapters")
    title = models.CharField(max_length=10)
    position = models.IntegerField()
    class Meta:
        db_table = "chapter"
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["book", "title"], name="one_title")]
`,
  "shop/schema.py": `
from __future__ import annotations
from dataclasses import dataclass
from shop import models
from puff import graphql
from puff.graphql import Context, OperationInfo, Plan, auto

@graphql.django_type(models.Profile)
class Profile:
    text: auto

@graphql.django_type(models.Author)
class Author:
    id: auto
    name: auto
    born: auto
    books: list[Book]
    profile: Profile | None

    @classmethod
    def failing(cls, ctx: Context, /) -> Plan[int]:
        return graphql.sql("SELECT 1 / 0 AS failing")

@graphql.django_type(models.Tag)
class Tag:
    word: auto

@graphql.django_type(models.Chapter)
class Chapter:
    id: auto
    title: auto

@graphql.django_type(models.Book)
class Book:
    id: auto
    title: auto
    size: auto
    price: auto
    author_id: auto
    author: Author
    tags: list[Tag]
    chapters: list[Chapter]

@graphql.input_type(models.Author)
class AuthorInput:
    name: auto
    born: auto

@graphql.input_type(models.Tag)
class TagInput:
    word: auto

@graphql.input_type(models.Chapter)
class ChapterInput:
    title: auto
    position: auto

@graphql.input_type(models.Book)
class BookInput:
    title: auto
    size: auto
    price: auto
    code: auto
    author_id: auto
    chapters: list[ChapterInput] | None
    tags: auto

@graphql.input_type(models.Book)
class WholeBookInput:
    title: auto
    price: auto
    code: auto
    author: AuthorInput
    tags: list[TagInput] | None

@graphql.partial_type(models.Chapter)
class ChapterPartial:
    id: auto
    title: auto
    position: auto

@graphql.partial_type(models.Book)
class BookPartial:
    id: graphql.ID
    title: auto
    size: auto
    price: auto
    author: auto
    tags: auto
    chapters: list[ChapterPartial] | None

@graphql.partial_type(models.Author)
class AuthorPartial:
    name: str
    born: auto
    books: auto

@graphql.input_type(models.Book)
class MyBookInput:
    title: auto
    price: auto
    code: auto

@dataclass
class Caller:
    user: int

def own_books(ctx: Context) -> object:
    return models.Book.objects.filter(author_id=ctx.auth.user)

@dataclass
class Query:
    @classmethod
    def book(cls, ctx: Context, /, id: int) -> Plan[Book | None]:
        return models.Book.objects.filter(pk=id)

@graphql.input_type(models.Profile)
class ProfileInput:
    text: auto

@graphql.partial_type(models.Author)
class AuthorWithProfile:
    id: auto
    profile: ProfileInput | None

@graphql.input_type(models.Author)
class AuthorWithProfileInput:
    name: auto
    profile: ProfileInput | None

@graphql.partial_type(models.Author)
class AuthorLinked:
    id: auto
    profile: auto

@dataclass
class Mutation:
    create_book: Book | OperationInfo = graphql.create(BookInput)
    """Adds a book."""
    create_whole_book: Book | OperationInfo = graphql.create(WholeBookInput)
    create_authors: list[Author] = graphql.create(AuthorInput, max=3)
    create_author: Author = graphql.create(AuthorInput)
    update_book: Book | OperationInfo = graphql.update(BookPartial)
    update_author: Author = graphql.update(AuthorPartial, key="name")
    delete_author: Author | OperationInfo = graphql.delete()
    delete_book: Book = graphql.delete()
    create_my_book: Book | OperationInfo = graphql.create(
        MyBookInput, allow=lambda ctx: ctx.auth.user > 0, values=lambda ctx: {"author_id": ctx.auth.user}
    )
    create_other_book: Book | OperationInfo = graphql.create(BookInput, values=lambda ctx: {"author_id": ctx.auth.user})
    update_my_book: Book | OperationInfo = graphql.update(BookPartial, rows=own_books)
    put_book: Book | OperationInfo = graphql.upsert(BookInput, key="code")
    put_books: list[Book] = graphql.upsert(BookInput, key="code")
    create_author_with_profile: Author | OperationInfo = graphql.create(AuthorWithProfileInput)
    update_author_with_profile: Author | OperationInfo = graphql.update(AuthorWithProfile)
    link_profile: Author | OperationInfo = graphql.update(AuthorLinked)
    update_tagged_book: Book | OperationInfo = graphql.update(
        BookPartial, rows=lambda ctx: models.Book.objects.filter(tags__id__gt=0).distinct()
    )

    @classmethod
    @graphql.handle_errors
    def rename(cls, ctx: Context, /, id: int, name: str) -> Plan[Author | OperationInfo]:
        models.Author.objects.create(name="before")
        author = models.Author.objects.get(pk=id)
        author.name = name
        if name != "Bob":
            author.full_clean()
        author.save()
        return author

    @classmethod
    @graphql.handle_errors
    def rename_or_fail(cls, ctx: Context, /, id: int, name: str) -> Plan[Author]:
        author = models.Author.objects.get(pk=id)
        author.name = name
        author.full_clean()
        author.save()
        return author

    delete_my_book: Book | OperationInfo = graphql.delete(rows=own_books)

@dataclass
class Schema:
    query: Query
    mutation: Mutation

    @classmethod
    def auth(cls, headers: dict[str, str]) -> Caller:
        return Caller(int(headers.get("authorization", "Bearer 0").removeprefix("Bearer ")))
`,
  "puff.toml": "camel_case = true\n",
};

/** The rows that each test begins with. */
export const seed = `
  TRUNCATE author, profile, tag, book, chapter, book_tags RESTART IDENTITY;
  INSERT INTO author (id, name) VALUES (1, 'Ada'), (2, 'Bob'), (3, 'Cem');
  INSERT INTO book (id, title, size, saved, author_id, code, price)
    VALUES (1, 'One', 's', 0, 1, 'a', 1), (2, 'Two', 's', 0, 1, 'b', 2);
  INSERT INTO chapter (id, book_id, title, position) VALUES (1, 1, 'first', 1), (2, 1, 'second', 2), (3, 2, 'other', 1);
  INSERT INTO tag (id, word) VALUES (1, 'red'), (2, 'blue'), (3, 'green');
  INSERT INTO book_tags (book_id, tag_id) VALUES (1, 1), (1, 2);
  SELECT setval(pg_get_serial_sequence(t, 'id'), 100, false) FROM unnest('{author,book,chapter,tag}'::text[]) t
`;
