"""The form that casts a vote."""

from __future__ import annotations

from typing import Any

from django import forms

from polls.models import Choice, Question


class VoteForm(forms.Form):
    choice = forms.ModelChoiceField(Choice.objects.none(), widget=forms.RadioSelect, empty_label=None)

    def __init__(self, question: Question, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["choice"].queryset = question.choices.all()
        self.fields["choice"].label = question.text
