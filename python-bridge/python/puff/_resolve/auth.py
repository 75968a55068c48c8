"""What `Schema.auth` is given, and what is read of its answer."""

from __future__ import annotations

import datetime
import math
import time
from collections.abc import Mapping
from typing import Any, NamedTuple, cast

from puff._errors import PermissionDenied


class Headers(dict[str, str]):
    """A request's headers. Names are lower-case, and looked up in any case.

    Attributes:
        connection_params: What the client of a WebSocket sent as `connectionParams`; empty for other requests.

    Example:
        >>> Headers({"x-user": "1"})["X-User"]
        '1'
    """

    def __init__(self, headers: Mapping[str, str], connection_params: Mapping[str, Any] | None = None) -> None:
        super().__init__(headers)
        self.connection_params: dict[str, Any] = dict(connection_params or {})

    def __getitem__(self, name: str) -> str:
        """Gives a header's value."""
        return super().__getitem__(name.lower())

    def __contains__(self, name: object) -> bool:
        """Tells whether the request has a header."""
        return super().__contains__(name.lower() if isinstance(name, str) else name)

    def get(self, name: str, default: Any = None) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Gives a header's value, or the default."""
        return super().get(name.lower(), default)


class ValidUntil(NamedTuple):
    """What `Schema.auth` returned, and when it ends to be valid, in seconds since 1970."""

    value: Any
    seconds: float


def valid_until(value: Any, at: datetime.datetime | float) -> ValidUntil:
    """Says how long the caller's credentials are valid: a subscription ends then.

    Args:
        value: What `ctx.auth` shall be.
        at: A datetime with a zone, or seconds since 1970, such as a JWT's `exp`; infinity: they don't expire.

    Returns:
        What `Schema.auth` returns.

    Raises:
        PermissionDenied: That time has passed.
        ValueError: The datetime has no zone.

    Example:
        >>> valid_until({"id": 3}, claims["exp"])  # doctest: +SKIP
    """
    if isinstance(at, datetime.datetime):
        if at.tzinfo is None:
            raise ValueError("valid_until needs a datetime with a zone")
        at = at.timestamp()
    if math.isnan(at):
        raise ValueError("valid_until needs a time, not nan")
    if at <= time.time():
        raise PermissionDenied(401, "The credentials have expired")
    return ValidUntil(value, float(at))


def pg_settings_of(auth: Any) -> dict[str, str] | None:
    """Reads `pg_settings`, a key of a mapping or an attribute of anything else, as Postgres takes them: as texts.

    Args:
        auth: What `Schema.auth` returned.

    Returns:
        The settings by name; None if there are none.

    Raises:
        TypeError: They are not a mapping of names to texts, numbers and booleans.

    Example:
        >>> pg_settings_of({"pg_settings": {"app.tenant": 7, "app.admin": True}})
        {'app.tenant': '7', 'app.admin': 'true'}
    """
    if isinstance(auth, Mapping):
        found = cast("Mapping[Any, Any]", auth).get("pg_settings")
    else:
        found = getattr(auth, "pg_settings", None)
    if found is None:
        return None
    if not isinstance(found, Mapping):
        raise TypeError(f"pg_settings is a {type(found).__name__}: it must be a dict of names and values")
    settings = cast("Mapping[Any, Any]", found)
    return {_name(name): _text(name, value) for name, value in settings.items()}


def _name(name: Any) -> str:
    if not isinstance(name, str):
        raise TypeError(f"pg_settings has the name {name!r}: it must be a str")
    return name


def _text(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise TypeError(f"pg_settings[{name!r}] is a {type(value).__name__}: it must be a str, int, float or bool")
