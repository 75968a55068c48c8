"""What voting means, for the form and for GraphQL alike."""

from __future__ import annotations

from polls.models import Choice, Question, Vote


class VotingRefused(Exception):
    """The vote can't be cast; the message says why."""


def cast_vote(user_id: int, question_id: int, choice_id: int) -> Vote:
    """Casts the user's vote, in place of an earlier one on the same question.

    Raises:
        VotingRefused: The question isn't open, or the choice isn't one of its own.
    """
    question = Question.objects.open().filter(pk=question_id).first()
    if question is None:
        raise VotingRefused("This question does not take votes.")
    choice = Choice.objects.filter(pk=choice_id, question=question).first()
    if choice is None:
        raise VotingRefused("That is not one of the question's choices.")
    vote, _ = Vote.objects.update_or_create(question=question, user_id=user_id, defaults={"choice": choice})
    return vote
