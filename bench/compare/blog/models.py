"""The tables as Django models, for the gateway and for Strawberry-Django."""

from __future__ import annotations

from django.db import models


class Author(models.Model):
    id = models.IntegerField(primary_key=True)
    name = models.TextField()

    class Meta:
        db_table = "author"


class Post(models.Model):
    id = models.IntegerField(primary_key=True)
    title = models.TextField()
    author = models.ForeignKey(Author, models.CASCADE, related_name="posts")

    class Meta:
        db_table = "post"


class Comment(models.Model):
    id = models.IntegerField(primary_key=True)
    body = models.TextField()
    post = models.ForeignKey(Post, models.CASCADE, related_name="comments")
    author = models.ForeignKey(Author, models.CASCADE, related_name="comments")
    likes = models.IntegerField()
    created_at = models.DateTimeField()

    class Meta:
        db_table = "comment"
