"""GraphQL for programs: the client is in the process, so what a test has not committed is there for it, too."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Permission, User
from django.test import TestCase
from puff.graphql import global_graphql as graphql

from polls.models import ApiToken, Choice, Question, Vote


class GraphQLTest(TestCase):
    fixtures = ("polls.json",)

    def setUp(self) -> None:
        self.ada = User.objects.get(username="ada")
        self.lunch = Question.objects.get(text__contains="lunch")
        self.soup = Choice.objects.get(text="Soup")

    def test_questions_with_choices_and_votes(self) -> None:
        Vote.objects.all().delete()
        Vote.objects.create(question=self.lunch, choice=self.soup, user=self.ada)
        answer = graphql.query(
            "query ($search: String) { questions(search: $search) { text choices { text vote_count } } }",
            {"search": "LUNCH"},
        )
        self.assertNotIn("errors", answer)
        (question,) = answer["data"]["questions"]
        self.assertEqual(question["text"], self.lunch.text)
        self.assertIn({"text": "Soup", "vote_count": 1}, question["choices"])

    def test_a_page_of_choices_in_the_order_of_their_votes(self) -> None:
        Vote.objects.update(choice=self.soup)
        answer = graphql.query(
            """{ questions(filters: { text: { iContains: "LUNCH" } }) {
                choices(ordering: [{ votes: DESC }, { text: ASC }], pagination: { limit: 2 }) { text }
            } }"""
        )
        self.assertEqual(answer, {"data": {"questions": [{"choices": [{"text": "Soup"}, {"text": "Pizza"}]}]}})

    def test_questions_by_one_of_their_choices(self) -> None:
        answer = graphql.query('{ questions(filters: { choices: { text: { exact: "Soup" } } }) { text } }')
        self.assertEqual(answer, {"data": {"questions": [{"text": self.lunch.text}]}})

    def test_an_author_has_a_number_of_questions_without_drafts(self) -> None:
        answer = graphql.query(
            '{ questions(filters: { author: { username: "ada" } }) { author { questions { totalCount } } } }'
        )
        shown = Question.objects.filter(author=self.ada).exclude(status=Question.Status.DRAFT).count()
        self.assertEqual(answer["data"]["questions"], [{"author": {"questions": {"totalCount": shown}}}] * shown)

    def test_the_archive_is_read_by_cursors(self) -> None:
        found: list[str] = []
        page: dict[str, Any] = {"hasNextPage": True, "endCursor": None}
        while page["hasNextPage"]:
            answer = graphql.query(
                """query ($after: String) {
                    archive(first: 1, after: $after) { nodes { text } pageInfo { hasNextPage endCursor } }
                }""",
                {"after": page["endCursor"]},
            )
            page = answer["data"]["archive"]["pageInfo"]
            found += [node["text"] for node in answer["data"]["archive"]["nodes"]]
        shown = Question.objects.exclude(status=Question.Status.DRAFT)
        self.assertEqual(found, [question.text for question in shown])

    def test_drafts_are_nobodys_business(self) -> None:
        draft = Question.objects.get(status=Question.Status.DRAFT)
        answer = graphql.query("query ($id: Int!) { question(id: $id) { text } }", {"id": draft.pk})
        self.assertEqual(answer, {"data": {"question": None}})

    def test_voting_asks_for_a_login(self) -> None:
        answer = self.vote()
        self.assertEqual(answer["errors"][0]["extensions"]["code"], "UNAUTHENTICATED")
        self.assertFalse(Vote.objects.filter(user=self.ada, choice=self.soup).exists())

    def test_voting_with_the_session_of_the_pages(self) -> None:
        self.client.force_login(self.ada)
        answer = self.vote(headers={"cookie": f"sessionid={self.client.session.session_key}"})
        self.assertEqual(answer, {"data": {"vote": {"my_choice": {"text": "Soup"}}}})
        self.assertEqual(Vote.objects.get(user=self.ada, question=self.lunch).choice, self.soup)

    def test_asking_a_question(self) -> None:
        answer = graphql.query(
            'mutation { ask(text: "Tea?", choices: ["Yes", "No"]) { text choices { text } } }',
            auth_token=ApiToken.issue(self.ada),
        )
        self.assertEqual(answer["data"]["ask"], {"text": "Tea?", "choices": [{"text": "Yes"}, {"text": "No"}]})
        self.assertEqual(Question.objects.get(text="Tea?").author, self.ada)

    def test_a_token_that_nobody_has_is_refused(self) -> None:
        self.assertEqual(self.vote(auth_token="nobody")["errors"][0]["message"], "This token is not known.")

    def test_only_authors_close_their_questions(self) -> None:
        other = Question.objects.exclude(author=self.ada).filter(status=Question.Status.OPEN)[0]
        answer = self.close(other)
        self.assertEqual(answer["errors"][0]["message"], "There is no such question of yours.")
        other.refresh_from_db()
        self.assertEqual(other.status, Question.Status.OPEN)

    def test_who_may_change_questions_closes_any(self) -> None:
        self.ada.user_permissions.add(Permission.objects.get(codename="change_question"))
        other = Question.objects.exclude(author=self.ada).filter(status=Question.Status.OPEN)[0]
        self.assertEqual(self.close(other), {"data": {"close": {"status": "CLOSED"}}})
        other.refresh_from_db()
        self.assertEqual(other.status, Question.Status.CLOSED)

    def vote(self, **caller: Any) -> dict[str, Any]:
        return graphql.query(
            "mutation ($q: Int!, $c: Int!) { vote(question_id: $q, choice_id: $c) { my_choice { text } } }",
            {"q": self.lunch.pk, "c": self.soup.pk},
            **caller,
        )

    def close(self, question: Question) -> dict[str, Any]:
        return graphql.query(
            "mutation ($id: Int!) { close(question_id: $id) { status } }",
            {"id": question.pk},
            auth_token=ApiToken.issue(self.ada),
        )
