"""Pages for people; programs use GraphQL."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from polls.forms import VoteForm
from polls.models import Question
from polls.voting import VotingRefused, cast_vote


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    questions = Question.objects.open().select_related("author").annotate(vote_count=Count("votes"))[:20]
    return render(request, "polls/index.html", {"questions": questions})


@require_http_methods(["GET", "HEAD", "POST"])
def detail(request: HttpRequest, question_id: int) -> HttpResponse:
    """A question with its choices; a POST votes."""
    visible = Question.objects.exclude(status=Question.Status.DRAFT)
    question = get_object_or_404(visible.select_related("author"), pk=question_id)
    if request.method != "POST":
        return _page(request, question, VoteForm(question))
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    form = VoteForm(question, request.POST)
    if not form.is_valid():
        return _page(request, question, form, status=400)
    try:
        vote = cast_vote(request.user.pk, question.pk, form.cleaned_data["choice"].pk)
    except VotingRefused as refusal:
        form.add_error(None, str(refusal))
        return _page(request, question, form, status=400)
    messages.success(request, f"You voted for “{vote.choice}”.")
    return redirect("polls:detail", question_id)


@require_GET
def results(request: HttpRequest, question_id: int) -> JsonResponse:
    question = get_object_or_404(Question.objects.exclude(status=Question.Status.DRAFT), pk=question_id)
    choices = question.choices.annotate(vote_count=Count("votes")).values("text", "vote_count")
    return JsonResponse({"text": question.text, "choices": list(choices)})


def _page(request: HttpRequest, question: Question, form: VoteForm, status: int = 200) -> HttpResponse:
    choices = list(question.choices.annotate(vote_count=Count("votes")))
    total = sum(choice.vote_count for choice in choices)
    for choice in choices:
        choice.share = round(100 * choice.vote_count / total) if total else 0
    context = {"question": question, "choices": choices, "total": total, "form": form}
    return render(request, "polls/detail.html", context, status=status)
