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


def python(request: HttpRequest) -> JsonResponse:
    """What the ORM does for such rows in Python, 20 times, without a database and with next to no HTTP."""
    names = [field.attname for field in Question._meta.concrete_fields]  # noqa: SLF001  # documented
    for _ in range(20):
        str(Question.objects.select_related("author").order_by("id")[:20].query)
        items = [Question.from_db(None, names, [number] * len(names)) for number in range(20)]
        found = JsonResponse({"questions": [{"id": item.pk, "text": item.text} for item in items]})
    return found


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


urlpatterns = [*pages, path("rows", rows), path("python", python), path("slow-rows", slow_rows), path("nap", nap)]
