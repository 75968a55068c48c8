"""Polls for programs: what the pages show, as GraphQL."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import User as UserModel
from django.db.models import Count
from puff import graphql
from puff.graphql import Connection, Context, OffsetPaginated, Plan, auto

from polls import models
from polls.callers import Caller, caller_of
from polls.voting import VotingRefused, cast_vote

Status = models.Question.Status
shown = models.Question.objects.exclude(status=Status.DRAFT)


@graphql.filter_type(UserModel)
class UserFilter:
    username: auto


@graphql.filter_type(models.Choice, lookups=True)
class ChoiceFilter:
    text: auto


@graphql.filter_type(models.Question, lookups=["text", "published_at"])
class QuestionFilter:
    text: auto
    status: auto
    published_at: auto
    author: UserFilter | None
    choices: ChoiceFilter | None


@graphql.order_type(models.Choice)
class ChoiceOrder:
    position: auto
    text: auto

    @graphql.order_field
    def votes() -> Count:
        """By how many voted for it."""
        return Count("votes")


@graphql.order_type(models.Question)
class QuestionOrder:
    published_at: auto
    text: auto


@graphql.django_type(UserModel)
class User:
    id: int
    username: auto

    @classmethod
    @graphql.paged()
    @graphql.pure
    def questions(cls, ctx: Context, /) -> Plan[OffsetPaginated[Question]]:
        """All but drafts."""
        return shown.filter(author_id__in=ctx.parents["id"])


@graphql.django_type(models.Choice, filters=ChoiceFilter, ordering=ChoiceOrder)
class Choice:
    id: int
    text: auto

    @classmethod
    @graphql.pure
    def vote_count(cls, ctx: Context, /) -> Plan[int]:
        found = models.Choice.objects.filter(id__in=ctx.parents["id"]).order_by()
        return found.annotate(count=Count("votes")).values("count")


@graphql.django_type(models.Question, filters=QuestionFilter, ordering=QuestionOrder)
class Question:
    id: int
    text: auto
    status: auto
    published_at: auto
    author: User
    choices: list[Choice] = graphql.paged(default=20)

    @classmethod
    @graphql.pure
    def vote_count(cls, ctx: Context, /) -> Plan[int]:
        found = models.Question.objects.filter(id__in=ctx.parents["id"]).order_by()
        return found.annotate(count=Count("votes")).values("count")

    @classmethod
    def my_choice(cls, ctx: Context, /) -> Plan[Choice | None]:
        """What you voted for; null without a vote or a login."""
        return models.Choice.objects.filter(votes__user_id=ctx.auth.user_id, votes__question_id__in=ctx.parents["id"])


@dataclass
class Query:
    @classmethod
    @graphql.paged()
    @graphql.pure
    def questions(cls, ctx: Context, /, search: str | None = None) -> Plan[list[Question]]:
        """All but drafts, the newest first."""
        return shown if search is None else shown.filter(text__icontains=search)

    @classmethod
    @graphql.paged()
    @graphql.pure
    def archive(cls, ctx: Context, /) -> Plan[Connection[Question]]:
        """The same, to be read by cursors."""
        return shown

    @classmethod
    @graphql.pure
    def question(cls, ctx: Context, /, id: int) -> Plan[Question | None]:
        return shown.filter(pk=id)

    @classmethod
    def me(cls, ctx: Context, /) -> Plan[User | None]:
        """Who is logged in."""
        return UserModel.objects.filter(pk=ctx.auth.user_id)


@dataclass
class Mutation:
    @classmethod
    @graphql.borrow_db_context  # all of it is one transaction, the answer included
    def ask(cls, ctx: Context, /, text: str, choices: list[str]) -> Plan[Question]:
        """Asks a question that is open at once."""
        user_id = _user_id(ctx.auth)
        if len(set(choices)) < 2:
            raise graphql.Error("A question has two different choices at least.")
        question = models.Question.objects.create(text=text, author_id=user_id, status=Status.OPEN)
        models.Choice.objects.bulk_create(
            models.Choice(question=question, text=choice, position=position)
            for position, choice in enumerate(dict.fromkeys(choices))
        )
        return models.Question.objects.filter(pk=question.pk)

    @classmethod
    def vote(cls, ctx: Context, /, question_id: int, choice_id: int) -> Plan[Question]:
        """Votes, in place of an earlier vote on the same question."""
        try:
            cast_vote(_user_id(ctx.auth), question_id, choice_id)
        except VotingRefused as refusal:
            raise graphql.Error(str(refusal)) from None
        return models.Question.objects.filter(pk=question_id)

    @classmethod
    def close(cls, ctx: Context, /, question_id: int) -> Plan[Question]:
        """Ends the voting on a question of yours; users who may change questions in the admin may end any."""
        found = models.Question.objects.filter(pk=question_id)
        user_id = _user_id(ctx.auth)
        if not ctx.auth.may_change_questions:
            found = found.filter(author_id=user_id)
        if not found.update(status=Status.CLOSED):
            raise graphql.Error("There is no such question of yours.")
        return found


@dataclass
class Schema:
    query: Query
    mutation: Mutation

    @staticmethod
    def auth(headers: dict[str, str]) -> Caller:
        return caller_of(headers)


def _user_id(caller: Caller) -> int:
    if caller.user_id is None:
        raise graphql.Error("Log in first.", extensions={"code": "UNAUTHENTICATED"})
    return caller.user_id
