"""What users write in annotations, beyond Python's own types, and what is said of a resolver likewise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias, TypeVar, cast

from puff._errors import SchemaProblem
from puff._wire.scalars import scalar_of_class

if TYPE_CHECKING:
    import builtins
    from collections.abc import Callable, Mapping

MemberT = TypeVar("MemberT")


@dataclass(frozen=True)
class FieldOptions:
    """What is said of a field or parameter: in `Annotated[int, …]`, or as a decorator of a resolver."""

    description: str | None = None
    deprecation: str | None = None
    name: str | None = None
    allow: Callable[[Any], bool] | None = None
    silent: bool = False

    def __call__(self, member: MemberT) -> MemberT:
        """Attaches the options to a resolver."""
        attach(member, self)
        return member


@dataclass(frozen=True)
class ParameterMarker:
    """Says what a parameter of a resolver is, where it is not an argument of its field."""

    is_parents: bool


arguments = ParameterMarker(is_parents=False)
"""Marks a parameter whose dataclass holds arguments of the field, so that several fields can share them.

Example:
    >>> @dataclass
    ... class Period:
    ...     since: date
    ...     until: date | None = None
    >>>
    >>> @dataclass
    ... class Query:
    ...     @classmethod
    ...     def posts(cls, ctx: Context, /, period: Annotated[Period, arguments]) -> Plan[list[Post]]: ...
"""

parent_argument = ParameterMarker(is_parents=True)
"""Marks a parameter that has the value of the same argument of the field above, whose objects this one's parents are.

Example:
    >>> @dataclass
    ... class PostPage:
    ...     @classmethod
    ...     def total(cls, ctx: Context, /, status: Annotated[Status | None, parent_argument]) -> Plan[int]: ...
"""


@dataclass(frozen=True)
class ScalarMarker:
    """A scalar, built in or a user's: in `Annotated[…]` or as an annotation itself."""

    name: str
    based_on: str
    parse: Callable[[Any], Any] | None = None
    serialize: Callable[[Any], Any] | None = None
    specified_by: str | None = None
    description: str | None = None
    built_in: bool = False

    def __call__(self, value: Any) -> Any:
        """Makes a value of the scalar, so that typing takes the marker for a type."""
        return value if self.parse is None else self.parse(value)


@dataclass(frozen=True)
class NameMarker:
    """Names a union or an enum that has no class."""

    name: str
    description: str | None = None


ID: TypeAlias = Annotated[str, ScalarMarker("ID", "ID", built_in=True)]
"""An identifier: text in Python, `ID` in GraphQL."""

BigInt: TypeAlias = Annotated[int, ScalarMarker("BigInt", "BigInt", built_in=True)]
"""An integer of any size: text in JSON, since JavaScript's numbers end at 2^53."""

JSON: TypeAlias = Annotated[Any, ScalarMarker("JSON", "JSON", built_in=True)]
"""Any JSON value. `dict`, `dict[str, …]` and `Any` say the same."""


@dataclass
class EmptyObject:
    """Stands for an absent mutation or subscription: `mutation: EmptyObject`."""


def field(
    *,
    description: str | None = None,
    deprecation: str | None = None,
    name: str | None = None,
    allow: Callable[[Any], bool] | None = None,
    silent: bool = False,
) -> FieldOptions:
    """Says more of a field or parameter than its type does.

    Args:
        description: For the schema's readers. A text in `Annotated[int, "text"]` and a docstring say the same.
        deprecation: Why it is deprecated.
        name: Its GraphQL name, where it is not Python's: `name="from"` for `from_`.
        allow: A function of the context that tells whether the caller may have the field, such as `IsAuthenticated`.
            It is asked before any SQL. None: every caller may.
        silent: Whether a field that is not allowed is null, or an empty list, and not an error.

    Returns:
        Options for `Annotated[…]`, which also decorate resolvers.

    Example:
        >>> @dataclass
        ... class Mail:
        ...     from_: Annotated[str, field(name="from")]
    """
    return FieldOptions(description, deprecation, name, allow, silent)


def deprecated(reason: str) -> FieldOptions:
    """Marks a field, parameter or resolver as deprecated.

    Args:
        reason: What to use in its place.

    Returns:
        Options for `Annotated[…]`, which also decorate resolvers.

    Example:
        >>> @dataclass
        ... class Post:
        ...     name: Annotated[str, deprecated("use title")]
    """
    return FieldOptions(deprecation=reason)


def scalar(
    name: str,
    *,
    based_on: builtins.type = str,
    parse: Callable[[Any], Any] | None = None,
    serialize: Callable[[Any], Any] | None = None,
    specified_by: str | None = None,
    description: str | None = None,
) -> Any:
    """Makes a scalar of your own, for `Annotated`.

    Args:
        name: Its GraphQL name.
        based_on: The built-in Python type whose values it travels as, such as `str`, `int` or `datetime`.
        parse: From such a value to yours. A ValueError tells the client that its argument is not such a scalar.
        serialize: From your value back. Rows from SQL don't pass through Python, so they hold it already.
        specified_by: URL of its specification.
        description: For the schema's readers.

    Returns:
        A marker for annotations.

    Raises:
        SchemaProblem: `based_on` is not the type of a built-in scalar.

    Example:
        >>> Email = Annotated[str, scalar("Email", parse=check_email)]  # doctest: +SKIP
    """
    base = scalar_of_class(based_on)
    if base is None:
        raise SchemaProblem(
            f"scalar {name} is based on {based_on!r}, which is not a built-in scalar",
            None,
            "Base it on str, int, float, bool, datetime, date, time, timedelta, Decimal, UUID, bytes or dict.",
        )
    return ScalarMarker(name, base, parse, serialize, specified_by, description)


def union(name: str, *, description: str | None = None) -> NameMarker:
    """Names a union.

    `Annotated[Post | Comment, union("Feed")]` is a type Feed.

    Args:
        name: Its GraphQL name.
        description: For the schema's readers.

    Returns:
        A marker for `Annotated[…]`.
    """
    return NameMarker(name, description)


def enum(name: str, *, description: str | None = None) -> NameMarker:
    """Names the enum that a `Literal` makes.

    `Annotated[Literal["asc", "desc"], enum("Order")]` is a type Order.

    Args:
        name: Its GraphQL name.
        description: For the schema's readers.

    Returns:
        A marker for `Annotated[…]`.
    """
    return NameMarker(name, description)


def function_of(member: Any) -> Any:
    """Gives the function inside a classmethod, staticmethod or property."""
    if isinstance(member, classmethod | staticmethod):
        return cast("Any", member).__func__
    if isinstance(member, property):
        return member.fget
    return getattr(member, "func", member)  # cached_property


def attach(member: Any, options: FieldOptions) -> None:
    """Adds options to those that a member has."""
    attributes: dict[str, Any] = vars(function_of(member))
    attributes["__puff_options__"] = (*attributes.get("__puff_options__", ()), options)


def options_of(member: Any) -> FieldOptions:
    """Gives a member's options, merged; `warnings.deprecated` counts as one."""
    attributes: Mapping[str, Any] = vars(function_of(member))
    return merge_options(
        (FieldOptions(deprecation=attributes.get("__deprecated__")), *attributes.get("__puff_options__", ()))
    )


def merge_options(options: tuple[FieldOptions, ...]) -> FieldOptions:
    """Merges options: each part is the last one's that has it, and a caller must be allowed by all."""
    merged = FieldOptions()
    for option in options:
        merged = FieldOptions(
            option.description or merged.description,
            option.deprecation or merged.deprecation,
            option.name or merged.name,
            _both(merged.allow, option.allow),
            option.silent or merged.silent,
        )
    return merged


def _both(one: Callable[[Any], bool] | None, other: Callable[[Any], bool] | None) -> Callable[[Any], bool] | None:
    if one is None or other is None:
        return one or other
    return lambda context: one(context) and other(context)
