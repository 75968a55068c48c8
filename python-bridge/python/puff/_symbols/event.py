"""The payload of an event as a symbol: `ctx.event["post_id"]`."""

from __future__ import annotations

from typing import Any, NoReturn

from puff._errors import PlanError


class EventSymbol:
    """Stands for the payload of an event that has not come yet, or for a part of it, as a statement's parameter."""

    __slots__ = ("path",)

    def __init__(self, path: tuple[str | int, ...] = ()) -> None:
        self.path = path

    def __getitem__(self, key: str | int) -> EventSymbol:
        """Gives the symbol of a part: a key of a JSON object, or an index of a list."""
        if type(key) is not str and type(key) is not int:
            raise PlanError(f"a part of an event is named by a key or an index, not by {key!r}")
        return EventSymbol((*self.path, key))

    def __repr__(self) -> str:
        """Shows the symbol as it is written."""
        return "ctx.event" + "".join(f"[{key!r}]" for key in self.path)


def _not_yet(symbol: EventSymbol, *_: Any, **__: Any) -> NoReturn:
    raise PlanError(
        f"{symbol!r} has no value while the resolver runs, once for all events: it can only be a parameter of a plan"
    )


_COMPARED = {"__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__", "__hash__", "__str__", "__format__"}
_KEPT = (frozenset(dir(object)) - _COMPARED) | {"__getitem__"}

for _name in {name for cls in (int, float, str, list) for name in dir(cls) if name.startswith("__")} - _KEPT:
    setattr(EventSymbol, _name, _not_yet)
