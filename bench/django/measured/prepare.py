"""Fills the tables, and prints the cookie of an administrator's session."""

from django.contrib.auth.models import User
from django.test import Client
from polls.models import Choice, Question

admin = User.objects.create_superuser("measuring", password=None)
questions = [Question(text=f"Question {number}?", status="open", author=admin) for number in range(200)]
Question.objects.bulk_create(questions)
Choice.objects.bulk_create(
    Choice(question=question, text=text) for question in questions for text in ("Yes", "No", "Perhaps")
)
client = Client()
client.force_login(admin)
print(client.cookies["sessionid"].value)
