"""Traces: what a pure resolver plans, got by calling it with symbols in place of its arguments."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from puff._errors import NeedsArgument
from puff._plans.context import Context
from puff._symbols.value import KEPT, Path, Symbol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from puff._symbols.parents import Parents
    from puff._types.argument import Argument


class WatchedContext(Context):
    """The context of a trace: claims of the caller are symbols, and what else a resolver asks of who asks is noted.

    Attributes:
        watched: Whether the plan may be good for this caller alone.
        asked: Whether claims were asked for.
        looked: Paths of claims whose values are needed: they are not symbols.
    """

    __slots__ = ("_auth", "_auth_token", "_needed", "asked", "looked", "watched")

    def __init__(
        self, parents: Parents, auth: Any, auth_token: str | None, field_name: str, path: tuple[str, ...]
    ) -> None:
        self.parents = parents
        self.field_name = field_name
        self._path = path
        self.watched = False
        self.asked = False
        self.looked: dict[tuple[str, ...], None] = {}
        self._needed: dict[Path, None] = {}
        self._auth = auth
        self._auth_token = auth_token

    def begin(self, needed: dict[Path, None]) -> None:
        """Begins a call, in which symbols note there that they are needed."""
        self.asked = False
        self._needed = needed

    @property
    def auth(self) -> Any:  # type: ignore[override]  # a slot of Context's
        """What `Schema.auth` returned."""
        if self.watched or claims_of(self._auth) is None:
            self.watched = True
            return self._auth
        self.asked = True
        return Claims(self, self._auth, ())

    @property
    def auth_token(self) -> str | None:  # type: ignore[override]  # a slot of Context's
        """The caller's token."""
        self.watched = True
        return self._auth_token

    @property
    def path(self) -> tuple[str, ...]:
        """Where the field stands in the response, which no trace can tell."""
        self.watched = True
        return self._path

    def claim(self, value: Any, path: tuple[str, ...]) -> Any:
        """Gives what stands for a claim: texts and integers are symbols, unless they were needed."""
        if isinstance(value, dict) or is_dataclass(value):
            return Claims(self, value, path)
        if type(value) not in (int, str) or path in self.looked:
            return value  # what is neither is part of the claims' shape
        return Symbol({"claim": path, "as": "int" if type(value) is int else "str"}, path, self._needed)

    def need_all(self) -> NoReturn:
        """Gives up: the plan depends on who asks in a way that no trace can tell."""
        self.watched = True
        raise NeedsArgument("auth")


class Claims:
    """What `Schema.auth` returned, or a part of it: keys and attributes give claims. Any other use needs the object."""

    __slots__ = ("_context", "_path", "_value")

    def __init__(self, context: WatchedContext, value: Any, path: tuple[str, ...]) -> None:
        self._context = context
        self._value = value
        self._path = path

    def _need(self, *_: Any, **__: Any) -> NoReturn:
        self._context.need_all()

    def __getitem__(self, key: Any) -> Any:
        """Gives a claim of a dict."""
        if type(key) is not str or type(self._value) is not dict:
            self._need()
        return self._context.claim(self._value[key], (*self._path, key))

    def __getattr__(self, name: str) -> Any:
        """Gives a dict's `get`, or a claim of a dataclass."""
        value = self._value
        if type(value) is dict and name == "get":
            return lambda key, default=None: self[key] if key in self else default  # noqa: SIM401  # this is it
        if name not in getattr(type(value), "__dataclass_fields__", ()):
            self._need()
        return self._context.claim(getattr(value, name), (*self._path, name))

    def read_claim(self, name: str) -> Any:
        """Gives a claim of a dict or a dataclass; None: there is none."""
        value = self._value
        if type(value) is dict:
            return self._context.claim(value[name], (*self._path, name)) if name in value else None
        is_there = name in getattr(type(value), "__dataclass_fields__", ())
        return self._context.claim(getattr(value, name), (*self._path, name)) if is_there else None

    def __contains__(self, key: object) -> bool:
        """Tells whether a dict has a claim, which is part of the claims' shape."""
        if type(self._value) is not dict:
            self._need()
        return key in self._value

    @property
    def __class__(self) -> type:  # type: ignore[override]  # object's own is not a property
        """Needs the object, whose class it would be."""
        self._need()

    @__class__.setter
    def __class__(self, _cls: type) -> None:
        self._need()


def _needing_all(claims: Claims, *_: Any, **__: Any) -> NoReturn:
    claims._need()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # its own


for _name in {name for name in dir(dict) if name.startswith("__")} - KEPT - {"__getitem__", "__contains__"}:
    setattr(Claims, _name, _needing_all)


def claims_of(auth: Any) -> dict[str, Any] | None:
    """Gives what `Schema.auth` returned as JSON, where it is a dict or dataclass of texts, integers, bools and lists.

    Returns:
        None if it is anything else: then no plan that uses it is kept.
    """
    try:
        plain = _plain(auth)
    except (TypeError, RecursionError):
        return None
    return plain if isinstance(plain, dict) else None


def _plain(value: Any) -> Any:
    if value is None or type(value) in (str, bool) or (type(value) is int and abs(value) < 2**53):
        return value
    if type(value) is list:
        return [_plain(item) for item in value]
    if type(value) is dict and all(type(key) is str for key in value):
        return {key: _plain(item) for key, item in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return {item.name: _plain(getattr(value, item.name)) for item in fields(value)}
    raise TypeError(type(value))


def trace(
    arguments: tuple[Argument, ...],
    values: Mapping[str, Any],
    context: WatchedContext,
    run: Callable[[Mapping[str, Any]], dict[str, Any]],
) -> dict[str, Any]:
    """Calls a resolver with as many symbols as it allows.

    Args:
        arguments: The resolver's.
        values: Their values as JSON, by GraphQL name.
        context: What it is called with.
        run: Calls the resolver with these values, of which some are symbols, and gives a ResolveResult. It raises
            NeedsArgument where a symbol was used.

    Returns:
        A TracedPlan, or any other ResolveResult, which then is the answer to these very values.
    """
    needed: dict[Path, None] = {}
    kinds = dict(_leaves(arguments, values, ""))
    looked = {path: None for path, kind in kinds.items() if kind is None}
    while not context.watched:
        symbols = {
            path: Symbol({"argument": path, "as": kind}, path, needed)
            for path, kind in kinds.items()
            if path not in looked
        }
        needed.clear()
        context.begin(needed)
        try:
            result = run(_with_symbols(values, "", symbols))
        except NeedsArgument:
            result = None
        if needed:  # also where the resolver swallowed what told it
            known = len(looked) + len(context.looked)
            looked |= {path: None for path in needed if isinstance(path, str)}
            context.looked |= {path: None for path in needed if not isinstance(path, str)}
            if len(looked) + len(context.looked) == known:
                break  # it kept a symbol of an earlier call
        elif result is None or context.watched:
            break
        elif result["kind"] == "sql":
            claims = list(context.looked) if context.asked else None
            return {"kind": "traced", "plan": result, "looked": list(looked), "claims": claims}
        elif result["kind"] == "needs" or not (symbols or context.asked):
            return result
        elif symbols:
            looked |= dict.fromkeys(symbols)  # a value may hold symbols, and what failed may have met one
        else:
            break
    # A resolver that looked at the caller has planned for this caller alone.
    context.watched = True
    return run(values)


def _leaves(
    arguments: tuple[Argument, ...], values: Mapping[str, Any], prefix: str
) -> Iterator[tuple[str, str | None]]:
    """Gives the path of each value that is not part of the arguments' shape, with the kind of its symbol or None."""
    for argument in arguments:
        value = values.get(argument.name)
        path = prefix + argument.name
        if value is None or isinstance(value, list):
            continue
        inner = argument.inner()
        if inner is None:
            yield path, argument.symbol
        else:
            yield from _leaves(inner, value, f"{path}.")


def _with_symbols(values: Mapping[str, Any], prefix: str, symbols: Mapping[str, Symbol]) -> dict[str, Any]:
    """Puts symbols in the places of values, also within input objects."""
    replaced: dict[str, Any] = {}
    for name, value in values.items():
        path = prefix + name
        if path in symbols:
            replaced[name] = symbols[path]
        else:
            replaced[name] = _with_symbols(value, f"{path}.", symbols) if isinstance(value, dict) else value
    return replaced
