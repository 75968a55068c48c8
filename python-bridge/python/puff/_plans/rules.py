"""Rules that say who may have a field: ready-made functions of the context."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from puff._plans.trace import Claims

if TYPE_CHECKING:
    from puff._plans.context import Context


def IsAuthenticated(ctx: Context) -> bool:  # noqa: N802  # as strawberry-django names it
    """Allows callers who are somebody.

    `Schema.auth` says so: by `is_authenticated`, or by a `user_id` or an `id` that is not None.

    Example:
        >>> from puff._plans.context import Context
        >>> from puff._symbols.parents import Parents
        >>> IsAuthenticated(Context(Parents(None), {"user_id": 7}))
        True
    """
    said = _claim(ctx, "is_authenticated")
    return bool(said) if said is not None else any(_claim(ctx, name) is not None for name in ("user_id", "id"))


def IsStaff(ctx: Context) -> bool:  # noqa: N802  # as strawberry-django names it
    """Allows callers of whom `Schema.auth` says `is_staff` or `is_superuser`.

    Example:
        >>> from puff._plans.context import Context
        >>> from puff._symbols.parents import Parents
        >>> IsStaff(Context(Parents(None), {"is_staff": False}))
        False
    """
    return _claim(ctx, "is_staff") is True or _claim(ctx, "is_superuser") is True


class HasPerm:
    """Allows callers who have one of some permissions, or are superusers: `Schema.auth` says `permissions`, a list.

    Args:
        *permissions: Such as `polls.change_question`, as Django's `get_all_permissions()` has them.

    Example:
        >>> from puff._plans.context import Context
        >>> from puff._symbols.parents import Parents
        >>> HasPerm("polls.add_question")(Context(Parents(None), {"permissions": ["polls.add_question"]}))
        True
    """

    def __init__(self, *permissions: str) -> None:
        self._permissions = permissions

    def __call__(self, ctx: Context) -> bool:
        """Tells whether the caller has one."""
        had: Any = _claim(ctx, "permissions") or ()
        return _claim(ctx, "is_superuser") is True or any(name in had for name in self._permissions)


def _claim(ctx: Context, name: str) -> Any:
    """Gives a key or an attribute of what `Schema.auth` returned; None: it has none."""
    auth: Any = ctx.auth
    if type(auth) is Claims:
        return auth.read_claim(name)
    if isinstance(auth, Mapping):
        return cast("Mapping[str, Any]", auth).get(name)
    return getattr(auth, name, None)
