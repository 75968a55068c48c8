"""Django's admin, as its users click through it."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.test import TestCase
from django.urls import reverse

from polls.models import ApiToken, Question


class AdminTest(TestCase):
    fixtures = ("polls.json",)

    def setUp(self) -> None:
        self.client.force_login(User.objects.get(username="admin"))

    def test_a_question_is_added_with_its_choices(self) -> None:
        page = self.client.post(reverse("admin:polls_question_add"), self.form(), follow=True)
        self.assertContains(page, "was added successfully")
        question = Question.objects.get(text="Coffee or tea?")
        self.assertEqual([choice.text for choice in question.choices.all()], ["Coffee", "Tea"])

    def test_the_list_searches_in_choices(self) -> None:
        page = self.client.get(reverse("admin:polls_question_changelist"), {"q": "pizza"})
        self.assertContains(page, "1 result")

    def test_deleting_a_question_takes_its_votes_along(self) -> None:
        question = Question.objects.get(text__contains="lunch")
        self.client.post(reverse("admin:polls_question_delete", args=[question.pk]), {"post": "yes"})
        self.assertFalse(Question.objects.filter(pk=question.pk).exists())

    def test_a_new_token_is_shown_once(self) -> None:
        user = User.objects.get(username="ada")
        page = self.client.post(reverse("admin:polls_apitoken_add"), {"user": user.pk, "note": "script"}, follow=True)
        shown = next(str(message) for message in page.context["messages"] if "token is" in str(message))
        text = shown.split()[3].rstrip(":")
        self.assertEqual(ApiToken.objects.get(digest=ApiToken.digest_of(text)).user, user)

    def form(self) -> dict[str, str]:
        return {
            "text": "Coffee or tea?",
            "status": "open",
            "author": "1",
            "published_at_0": "2026-01-01",
            "published_at_1": "12:00:00",
            "choices-TOTAL_FORMS": "2",
            "choices-INITIAL_FORMS": "0",
            "choices-0-text": "Coffee",
            "choices-0-position": "0",
            "choices-1-text": "Tea",
            "choices-1-position": "1",
        }
