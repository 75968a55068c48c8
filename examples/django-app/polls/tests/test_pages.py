"""The pages for people."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.test import Client, TestCase
from django.urls import reverse

from polls.models import Choice, Question, Vote


class PagesTest(TestCase):
    fixtures = ("polls.json",)

    def setUp(self) -> None:
        self.ada = User.objects.get(username="ada")
        self.lunch = Question.objects.get(text__contains="lunch")
        self.soup = Choice.objects.get(text="Soup")

    def test_the_list_shows_open_questions_with_their_votes(self) -> None:
        page = self.client.get(reverse("polls:index"))
        self.assertContains(page, "What do we have for lunch?")
        self.assertNotContains(page, "Tabs or spaces?")
        self.assertNotContains(page, "Where do we go next summer?")

    def test_a_draft_is_not_found(self) -> None:
        draft = Question.objects.get(status=Question.Status.DRAFT)
        self.assertEqual(self.client.get(reverse("polls:detail", args=[draft.pk])).status_code, 404)

    def test_voting_asks_for_a_login_first(self) -> None:
        page = self.client.post(self.url(), {"choice": self.soup.pk})
        self.assertRedirects(page, f"{reverse('login')}?next={self.url()}")

    def test_a_later_vote_replaces_the_earlier_one(self) -> None:
        self.client.force_login(self.ada)
        for text in ("Pizza", "Soup"):
            choice = Choice.objects.get(text=text)
            page = self.client.post(self.url(), {"choice": choice.pk}, follow=True)
            self.assertContains(page, f"You voted for “{text}”.")
        self.assertEqual(Vote.objects.get(user=self.ada, question=self.lunch).choice, self.soup)

    def test_a_choice_of_another_question_is_refused(self) -> None:
        self.client.force_login(self.ada)
        page = self.client.post(self.url(), {"choice": Choice.objects.get(text="Monday").pk})
        self.assertEqual(page.status_code, 400)

    def test_a_closed_question_takes_no_votes(self) -> None:
        self.client.force_login(self.ada)
        closed = Question.objects.get(status=Question.Status.CLOSED)
        page = self.client.post(reverse("polls:detail", args=[closed.pk]), {"choice": closed.choices.first().pk})
        self.assertContains(page, "This question does not take votes.", status_code=400)

    def test_a_form_without_its_csrf_token_is_refused(self) -> None:
        client = Client(enforce_csrf_checks=True)
        client.force_login(self.ada)
        self.assertEqual(client.post(self.url(), {"choice": self.soup.pk}).status_code, 403)

    def test_logging_in_with_a_password(self) -> None:
        page = self.client.post(reverse("login"), {"username": "ada", "password": "polls-example"})
        self.assertRedirects(page, reverse("polls:index"))

    def test_results_are_json(self) -> None:
        results = self.client.get(reverse("polls:results", args=[self.lunch.pk])).json()
        self.assertEqual([choice["text"] for choice in results["choices"]][:2], ["Pizza", "Soup"])

    def url(self) -> str:
        return reverse("polls:detail", args=[self.lunch.pk])
