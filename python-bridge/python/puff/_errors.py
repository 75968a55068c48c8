"""Exceptions that users raise or meet."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")


class PermissionDenied(Exception):
    """Raised by `Schema.auth`: the whole request is refused with this answer.

    Args:
        status: HTTP status of the answer.
        message: What the client is told.
        headers: Headers of the answer, such as `{"WWW-Authenticate": "Bearer"}`.
        response_message: Puff's name for `message`.

    Raises:
        ValueError: The status is none of a refusal, or a header is more than one line.

    Example:
        >>> raise PermissionDenied(401, "Log in first")
        Traceback (most recent call last):
        ...
        puff._errors.PermissionDenied: Log in first
    """

    def __init__(
        self,
        status: int = 403,
        message: str = "Permission denied",
        headers: Mapping[str, str] | None = None,
        *,
        response_message: str | None = None,
    ) -> None:
        if not 400 <= status <= 599:
            raise ValueError(f"a refusal has a status from 400 to 599, not {status}")
        for name, value in (headers or {}).items():
            if _HEADER_NAME.fullmatch(name) is None or _HEADER_VALUE.fullmatch(value) is None:
                raise ValueError(
                    f"{name!r} can't be a header with the value {value!r}: it needs a name and a value of one line"
                )
        self.status = status
        self.message = message if response_message is None else response_message
        self.headers = dict(headers or {})
        super().__init__(self.message)

    @property
    def response_message(self) -> str:
        """Puff's name for `message`."""
        return self.message


class Error(Exception):
    """An error that clients may see word for word, even where errors are masked.

    Args:
        message: What the client is told.
        extensions: JSON that goes into the error's `extensions`, such as `{"code": "OUT_OF_STOCK"}`.

    Example:
        >>> raise Error("No seats left", extensions={"code": "FULL"})
        Traceback (most recent call last):
        ...
        puff._errors.Error: No seats left
    """

    def __init__(self, message: str, *, extensions: Mapping[str, Any] | None = None) -> None:
        self.message = message
        self.extensions = None if extensions is None else dict(extensions)
        super().__init__(message)


class HostError(Exception):
    """A function of the host failed, is unknown, or there is no host."""


class PlanError(TypeError):
    """What a resolver returned, or gave to `sql`, is not a plan that can be run."""

    code = "PUFF_PLAN_INVALID"


class ValueProblem(TypeError):
    """A Python value that has no form in a response."""

    code = "PUFF_VALUE_INVALID"


class ArgumentProblem(ValueError):
    """A client's argument that its Python type refuses."""

    code = "PUFF_VALUE_INVALID"


class SchemaProblem(Exception):
    """A mistake in a user's schema: one sentence of cause, the place it is at, a sentence of remedy.

    Args:
        message: The cause.
        place: `file:line`, None if it is not known.
        remedy: What to do.
        code: A code of the gateway's catalogue.
    """

    def __init__(self, message: str, place: str | None, remedy: str, code: str = "PUFF_SCHEMA_INVALID") -> None:
        self.message = message
        self.place = place
        self.remedy = remedy
        self.code = code
        super().__init__(message)


class NeedsParents(BaseException):
    """A resolver looked at values of its parents before there are any: it will be called again with them.

    It is no `Exception`: a resolver's own `except Exception` is about what went wrong, and nothing did.
    """


class NeedsArgument(BaseException):
    """A symbol was used where only its argument's value will do: the resolver is called again with it."""
