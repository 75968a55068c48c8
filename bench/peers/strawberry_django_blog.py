"""Strawberry-Django with its optimizer, served by uvicorn: `uvicorn strawberry_django_blog:app`."""

# ruff: noqa: E402 - what follows the settings needs them

from __future__ import annotations

import os
from urllib.parse import urlsplit

import django
from django.conf import settings

place = urlsplit(os.environ["BENCH_DATABASE"])
connections = int(os.environ["BENCH_CONNECTIONS"])
settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=["strawberry_django", "blog"],
    USE_TZ=True,
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": place.path[1:],
            "USER": place.username,
            "PASSWORD": place.password,
            "HOST": place.hostname,
            "PORT": place.port,
            "OPTIONS": {"pool": {"min_size": connections, "max_size": connections, "timeout": 30}},
        }
    },
)
django.setup()

import strawberry
import strawberry_django
from blog import models
from django.core.asgi import get_asgi_application
from django.urls import path
from strawberry import auto, relay
from strawberry.django.views import AsyncGraphQLView
from strawberry.extensions import ParserCache, ValidationCache
from strawberry_django.optimizer import DjangoOptimizerExtension
from strawberry_django.pagination import OffsetPaginated  # noqa: TC002 - strawberry reads annotations
from strawberry_django.relay import DjangoListConnection  # noqa: TC002


@strawberry_django.filter_type(models.Author, lookups=True)
class AuthorFilter:
    name: auto


@strawberry_django.filter_type(models.Comment, lookups=True)
class CommentFilter:
    body: auto
    author: AuthorFilter | None


@strawberry_django.order_type(models.Comment)
class CommentOrder:
    likes: auto
    created_at: auto


@strawberry_django.type(models.Comment, filters=CommentFilter, ordering=CommentOrder)
class Comment(relay.Node):  # as connections want it: its id is the global one
    row_id: int = strawberry_django.field(field_name="id")
    body: auto
    likes: auto


@strawberry_django.type(models.Post)
class Post:
    id: int
    title: auto
    comment_page: OffsetPaginated[Comment] = strawberry_django.offset_paginated(field_name="comments")


@strawberry.type
class Query:
    comments: DjangoListConnection[Comment] = strawberry_django.connection()

    @strawberry_django.field
    def posts(self, limit: int) -> list[Post]:  # a QuerySet, which the optimizer works on
        return models.Post.objects.order_by("id")[:limit]


schema = strawberry.Schema(
    query=Query, extensions=[DjangoOptimizerExtension, ParserCache(maxsize=100), ValidationCache(maxsize=100)]
)
urlpatterns = [path("graphql", AsyncGraphQLView.as_view(schema=schema, graphql_ide=None))]
app = get_asgi_application()
