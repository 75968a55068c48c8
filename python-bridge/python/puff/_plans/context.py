"""What a resolver is given besides its arguments."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any

from puff._symbols.event import EventSymbol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Self

    from puff._symbols.parents import Parents


class Context:
    """The first, positional-only parameter of every resolver.

    Attributes:
        auth: What `Schema.auth` returned, None if there is no `auth`.
        auth_token: The token of `Authorization: Bearer …`, None if the caller sent none.
        parents: Columns of the objects whose field is being resolved: `ctx.parents["id"]`.
        field_name: The field's GraphQL name, such as `comments`.

    Example:
        >>> def comments(ctx: Context, /) -> None:
        ...     sql("SELECT * FROM comment WHERE post_id = ANY($1)", ctx.parents["id"]).on(id="post_id")
    """

    __slots__ = ("_path", "auth", "auth_token", "field_name", "parents")

    def __init__(
        self,
        parents: Parents,
        auth: Any = None,
        auth_token: str | None = None,
        field_name: str = "",
        path: tuple[str, ...] = (),
    ) -> None:
        self.parents = parents
        self.auth: Any = auth
        self.auth_token = auth_token
        self.field_name = field_name
        self._path = path

    @property
    def path(self) -> tuple[str, ...]:
        """Where the field stands in the response: `("posts", "comments")`, with aliases, without indexes of lists.

        A resolver with `@graphql.pure` that reads it is called for each request.
        """
        return self._path

    def at(self, field_name: str, path: tuple[str, ...]) -> Self:
        """Gives the same context for another field, such as a method that is called on what a resolver returned."""
        moved = copy(self)
        moved.field_name = field_name
        moved._path = path  # noqa: SLF001  # its own
        return moved

    @property
    def event(self) -> EventSymbol:
        """Stands for the payload of the event, in a plan that `graphql.on` is given: `ctx.event["post_id"]`."""
        return _EVENT

    def parent_values(self, columns: Sequence[str]) -> list[tuple[Any, ...]]:
        """Gives the parents' distinct values of some columns.

        The statement for the parents has to run first, so a resolver that asks for values costs a round trip more
        than one that gives `ctx.parents["id"]` to its plan.

        Args:
            columns: Names of columns of the parents.

        Returns:
            A tuple for each distinct combination, in the parents' order.

        Example:
            >>> ids = [row[0] for row in ctx.parent_values(["id"])]  # doctest: +SKIP
        """
        return self.parents.rows(columns)


_EVENT = EventSymbol()
