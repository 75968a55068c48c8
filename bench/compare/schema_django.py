"""What W7 and W8 ask for, from Django models."""

from __future__ import annotations

from dataclasses import dataclass

import django
from django.conf import settings
from puff import graphql
from puff.graphql import Connection, Context, OffsetPaginated, Plan, auto  # noqa: TC002 - read when the schema loads

settings.configure(
    INSTALLED_APPS=["blog"], USE_TZ=True, DATABASES={"default": {"ENGINE": "django.db.backends.postgresql"}}
)
django.setup()

from blog import models  # noqa: E402 - they need the settings


@graphql.filter_type(models.Author, lookups=True)
class AuthorFilter:
    name: auto


@graphql.filter_type(models.Comment, lookups=True)
class CommentFilter:
    body: auto
    author: AuthorFilter | None


@graphql.order_type(models.Comment)
class CommentOrder:
    likes: auto
    created_at: auto


@graphql.django_type(models.Comment, filters=CommentFilter, ordering=CommentOrder)
class Comment:
    id: int
    body: auto
    likes: auto


@graphql.django_type(models.Post)
class Post:
    id: int
    title: auto
    comment_page: OffsetPaginated[Comment] = graphql.paged(field_name="comments")


@dataclass
class Query:
    comments: Connection[Comment] = graphql.paged()  # noqa: RUF009 - it is a dataclass's field

    @classmethod
    @graphql.pure
    def posts(cls, ctx: Context, /, limit: int) -> Plan[list[Post]]:
        return models.Post.objects.order_by("id")[:limit]


@dataclass
class Schema:
    query: Query
