"""Questions, their choices, who voted for what, and tokens for programs."""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

if TYPE_CHECKING:
    from django.contrib.auth.models import User


class QuestionQuerySet(models.QuerySet["Question"]):
    def open(self) -> QuestionQuerySet:
        """Those that can be voted on."""
        return self.filter(status=Question.Status.OPEN, published_at__lte=timezone.now())


class Question(models.Model):
    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        OPEN = "open", "Open"
        CLOSED = "closed", "Closed"

    text = models.CharField(max_length=200, help_text="What is asked, as one sentence.")
    status = models.CharField(
        max_length=10, choices=Status, default=Status.DRAFT, help_text="Only open questions take votes."
    )
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="questions")
    published_at = models.DateTimeField(default=timezone.now, help_text="When it appears in the list.")

    objects = QuestionQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-published_at", "-id"]

    def __str__(self) -> str:
        return self.text


class Choice(models.Model):
    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="choices")
    text = models.CharField(max_length=200, help_text="One of the answers.")
    position = models.PositiveSmallIntegerField(default=0, help_text="Choices are shown in this order.")

    class Meta:
        ordering: ClassVar = ["position", "id"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["question", "text"], name="choice_once")]

    def __str__(self) -> str:
        return self.text


class Vote(models.Model):
    """One user's vote on one question; a later one replaces it."""

    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="votes")
    choice = models.ForeignKey(Choice, on_delete=models.CASCADE, related_name="votes")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="votes")
    cast_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["question", "user"], name="one_vote_each")]

    def __str__(self) -> str:
        return f"{self.user}: {self.choice}"


class ApiToken(models.Model):
    """Lets a program act as a user: `Authorization: Bearer …`. Only its hash is kept."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens")
    digest = models.CharField(max_length=64, unique=True, editable=False)
    note = models.CharField(max_length=100, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.note or f"token {self.pk}"

    @classmethod
    def issue(cls, user: User, note: str = "") -> str:
        """Makes a token; its text is returned once and can't be read again."""
        text = secrets.token_urlsafe(32)
        cls.objects.create(user=user, digest=cls.digest_of(text), note=note)
        return text

    @staticmethod
    def digest_of(text: str) -> str:
        return hashlib.sha256(text.encode()).hexdigest()
