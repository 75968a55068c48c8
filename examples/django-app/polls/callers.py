"""The callers of GraphQL: a person with the session of the pages, or a program with a token."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from importlib import import_module
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib import auth
from django.http import HttpRequest
from puff.graphql import PermissionDenied

from polls.models import ApiToken

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User


@dataclass
class Caller:
    """What resolvers know of the caller; nobody in particular where `user_id` is None."""

    user_id: int | None = None
    may_change_questions: bool = False


def caller_of(headers: Mapping[str, str]) -> Caller:
    """Finds the caller by `Authorization: Bearer …`, else by the session's cookie.

    Raises:
        PermissionDenied: The token belongs to no user.
    """
    scheme, _, token = headers.get("authorization", "").partition(" ")
    user = _user_of_token(token.strip()) if scheme.lower() == "bearer" else _user_of_session(headers.get("cookie", ""))
    if not user.is_authenticated:
        return Caller()
    return Caller(user.pk, user.has_perm("polls.change_question"))


def _user_of_token(token: str) -> User:
    found = ApiToken.objects.select_related("user").filter(digest=ApiToken.digest_of(token), user__is_active=True)
    known = found.first()
    if known is None:
        raise PermissionDenied(401, "This token is not known.", {"WWW-Authenticate": "Bearer"})
    return known.user


def _user_of_session(cookies: str) -> User | AnonymousUser:
    try:
        cookie = SimpleCookie(cookies).get(settings.SESSION_COOKIE_NAME)
    except CookieError:
        cookie = None
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(cookie and cookie.value)
    return auth.get_user(request)
