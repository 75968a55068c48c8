"""The example's pages, and the views that are measured."""

from __future__ import annotations

from config.urls import urlpatterns as pages
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.urls import path
from polls.models import Question


def rows(request: HttpRequest) -> JsonResponse:
    questions = Question.objects.select_related("author").order_by("id")[:20]
    found = [{"id": item.pk, "text": item.text, "author": item.author.username} for item in questions]
    return JsonResponse({"questions": found})


def slow_rows(request: HttpRequest) -> JsonResponse:
    """The same, for a database that takes 10 ms."""
    _sleep(0.01)
    return rows(request)


def nap(request: HttpRequest) -> JsonResponse:
    _sleep(0.1)
    return JsonResponse({})


def _sleep(seconds: float) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(%s)", [seconds])


urlpatterns = [*pages, path("rows", rows), path("slow-rows", slow_rows), path("nap", nap)]
