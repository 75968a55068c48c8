"""Traces: what a pure resolver plans, got by calling it with symbols in place of its arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from puff._context import Context
from puff._errors import NeedsArgument

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from puff._arguments import Argument
    from puff._context import Parents

KINDS: Mapping[str, str] = {
    "Int": "int", "BigInt": "int", "Float": "float", "String": "str", "ID": "str", "Decimal": "decimal", "UUID": "uuid",
}  # fmt: skip
"""From a scalar to the kind of its symbol. The others' values are always looked at: a Boolean is compared by `is`."""


class ArgumentSymbol:
    """Stands for an argument's value, and fits wherever a statement's parameter does. Any other use needs the value."""

    __slots__ = ("_needed", "kind", "name")

    def __init__(self, name: str, kind: str, needed: dict[str, None]) -> None:
        self.name = name
        self.kind = kind
        self._needed = needed

    def need(self, *_: Any, **__: Any) -> NoReturn:
        """Notes that the value is needed; the note outlives a resolver's `except BaseException`."""
        self._needed[self.name] = None
        raise NeedsArgument(self.name)

    def __getattr__(self, _attribute: str) -> NoReturn:
        """Needs the value for whatever it has."""
        self.need()

    def __repr__(self) -> str:
        """Names the symbol, for a debugger."""
        return f"<argument {self.name}>"

    # `isinstance(argument, int)` asks here, and must not be told that it is none.
    @property
    def __class__(self) -> type:  # type: ignore[override]  # object's own is no property
        """Needs the value, whose class it would be."""
        self.need()

    @__class__.setter
    def __class__(self, _cls: type) -> None:
        self.need()


def _needing(symbol: ArgumentSymbol, *_: Any, **__: Any) -> NoReturn:
    symbol.need()


_COMPARED = {"__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__", "__hash__", "__str__", "__format__"}
_KEPT = frozenset(dir(object)) - _COMPARED

for _name in {name for cls in (int, float, str, list) for name in dir(cls) if name.startswith("__")} - _KEPT:
    setattr(ArgumentSymbol, _name, _needing)


class WatchedContext(Context):
    """A context that notes whether the resolver looked at who asks."""

    __slots__ = ("_auth", "_auth_token", "watched")

    def __init__(self, parents: Parents, auth: Any, auth_token: str | None) -> None:
        self.parents = parents
        self.watched = False
        self._auth = auth
        self._auth_token = auth_token

    @property
    def auth(self) -> Any:  # type: ignore[override]  # a slot of Context's
        """What `Schema.auth` returned."""
        self.watched = True
        return self._auth

    @property
    def auth_token(self) -> str | None:  # type: ignore[override]  # a slot of Context's
        """The caller's token."""
        self.watched = True
        return self._auth_token


def trace(
    arguments: tuple[Argument, ...],
    values: Mapping[str, Any],
    run: Callable[[Mapping[str, Any]], dict[str, Any]],
) -> dict[str, Any]:
    """Calls a resolver with as many symbols as it allows.

    Args:
        arguments: The resolver's.
        values: Their values as JSON, by GraphQL name.
        run: Calls the resolver with these values, of which some are symbols, and gives a ResolveResult. It raises
            NeedsArgument where a symbol was used.

    Returns:
        A TracedPlan, or any other ResolveResult, which then is the answer to these very values.
    """
    needed: dict[str, None] = {}
    kinds = {item.name: item.symbol for item in arguments if item.symbol is not None}
    present = [name for name in values if values[name] is not None]
    looked = [name for name in present if name not in kinds and not isinstance(values[name], list | dict)]
    while True:
        symbols = {
            name: ArgumentSymbol(name, kinds[name], needed) for name in present if name in kinds and name not in looked
        }
        needed.clear()
        try:
            result = run({**values, **symbols})
        except NeedsArgument:
            looked += needed
            continue
        if needed:  # the resolver swallowed what told it
            looked += needed
        elif result["kind"] == "sql":
            return {"kind": "traced", "plan": result, "looked": looked}
        elif symbols and result["kind"] != "needs":
            looked += symbols  # a value may hold symbols, and what failed may have met one
        else:
            return result
