"""Questions with their choices, in Django's admin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.db.models import Count

from polls.models import ApiToken, Choice, Question, Vote

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest


class ChoiceInline(admin.TabularInline):
    model = Choice
    extra = 3


@admin.register(Question)
class QuestionAdmin(admin.ModelAdmin):
    fields = ("text", "status", "author", "published_at")
    inlines = (ChoiceInline,)
    list_display = ("text", "status", "author", "published_at", "vote_count")
    list_filter = ("status", "published_at")
    list_select_related = ("author",)
    search_fields = ("text", "choices__text")
    date_hierarchy = "published_at"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Question]:
        return super().get_queryset(request).annotate(vote_count=Count("votes"))

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"author": request.user.pk, **super().get_changeform_initial_data(request)}

    @admin.display(ordering="vote_count", description="votes")
    def vote_count(self, question: Any) -> int:
        return question.vote_count


@admin.register(Vote)
class VoteAdmin(admin.ModelAdmin):
    list_display = ("question", "choice", "user", "cast_at")
    list_select_related = ("question", "choice", "user")


@admin.register(ApiToken)
class ApiTokenAdmin(admin.ModelAdmin):
    fields = ("user", "note")
    list_display = ("user", "note", "created_at")

    def save_model(self, request: HttpRequest, obj: ApiToken, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
            return
        text = ApiToken.issue(obj.user, obj.note)
        obj.pk = ApiToken.objects.get(digest=ApiToken.digest_of(text)).pk
        messages.warning(request, f"The token is {text}: it is shown this once.")
