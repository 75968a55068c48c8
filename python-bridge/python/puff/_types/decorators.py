"""What users write above classes and resolvers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeVar

from puff._types.markers import function_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MOST_SECONDS = 31_536_000
"""A year."""

MemberT = TypeVar("MemberT")
ClassT = TypeVar("ClassT", bound=type)


def interface(cls: ClassT) -> ClassT:
    """Makes a dataclass an interface: dataclasses that inherit from it implement it.

    Args:
        cls: The dataclass. Its subclasses are part of a schema whose module imports theirs, directly or not.

    Returns:
        The class itself.

    Example:
        >>> @interface
        ... @dataclass
        ... class Node:
        ...     id: ID
    """
    setattr(cls, "__puff_interface__", cls.__qualname__)  # noqa: B010  # pyright knows no such attribute
    return cls


def is_interface(cls: type) -> bool:
    """Tells whether the class itself, not one it inherits from, is an interface."""
    return "__puff_interface__" in vars(cls)


def one_of(cls: ClassT) -> ClassT:
    """Makes a dataclass an input of which clients give exactly one field: `@oneOf` in GraphQL.

    Args:
        cls: The dataclass. Its fields may be None; those that a client does not give are.

    Returns:
        The class itself.

    Example:
        >>> @one_of
        ... @dataclass
        ... class PostBy:
        ...     id: int | None = None
        ...     slug: str | None = None
    """
    setattr(cls, "__puff_one_of__", True)  # noqa: B010  # pyright knows no such attribute
    return cls


def is_one_of(cls: type) -> bool:
    """Tells whether the class itself, not one it inherits from, is an input of one field."""
    return "__puff_one_of__" in vars(cls)


def pure(resolver: MemberT) -> MemberT:
    """Says that a resolver's plan depends on its arguments alone, so that it need not be asked again.

    Args:
        resolver: A classmethod or staticmethod, or the function in it.

    Returns:
        The resolver itself.

    Example:
        >>> class Query:
        ...     @classmethod
        ...     @pure
        ...     def posts(cls, ctx: Context, /, limit: int = 20) -> Plan[list[Post]]: ...
    """
    vars(function_of(resolver))["__puff_pure__"] = True
    return resolver


def cache(*, seconds: int, scope: Literal["public", "caller"] = "caller") -> Callable[[MemberT], MemberT]:
    """Says for how long the gateway may keep responses that a resolver is a part of.

    A response is kept if all of its resolvers allow that, for the shortest of their times, and for the caller alone
    unless all of them are public. It ends before its time when a mutation writes one of the tables that it was read
    from.

    Args:
        seconds: For how long at most; 0 keeps no response with this field.
        scope: `caller`: another caller gets another response. `public`: all callers get the same, and so do caches
            between them and the gateway; the resolver is told nothing of the caller, and `ctx.auth` is None.

    Returns:
        A decorator for resolvers, and for the schema's class, where it holds for all resolvers without one.

    Raises:
        ValueError: `seconds` or `scope` is none.

    Example:
        >>> class Query:
        ...     @classmethod
        ...     @cache(seconds=60, scope="public")
        ...     def posts(cls, ctx: Context, /) -> Plan[list[Post]]: ...
    """
    given: Any = (seconds, scope)
    if isinstance(seconds, bool) or not isinstance(given[0], int) or not 0 <= seconds <= MOST_SECONDS:
        raise ValueError(f"seconds of @graphql.cache is {seconds!r}: it is a whole number from 0 to {MOST_SECONDS}")
    if scope not in ("public", "caller"):
        raise ValueError(f'scope of @graphql.cache is {scope!r}: it is "public" or "caller"')

    def decorate(member: MemberT) -> MemberT:
        owner = member if isinstance(member, type) else function_of(member)
        setattr(owner, "__puff_cache__", {"seconds": seconds, "scope": scope})  # noqa: B010  # pyright knows no such attribute
        return member

    return decorate


def cache_of(member: Any) -> dict[str, Any] | None:
    """Gives what @graphql.cache says of a class or a resolver."""
    owner = member if isinstance(member, type) else function_of(member)
    return getattr(owner, "__puff_cache__", None)


def borrow_db_context(resolver: MemberT) -> MemberT:
    """Makes what a resolver does on the database a part of the operation's transaction.

    A mutation's field has one: what the resolver's ORM calls write is committed or rolled back with the field, and its
    plan, and those of the fields below, find it. A query gets one for all of it, which only reads. Connections to the
    schema's database, opened by psycopg2, Django or SQLAlchemy, come into it while resolvers are called; their own
    transactions are savepoints in it.

    Args:
        resolver: A classmethod or staticmethod, or the function in it.

    Returns:
        The resolver itself.

    Example:
        >>> class Mutation:
        ...     @classmethod
        ...     @borrow_db_context
        ...     def publish(cls, ctx: Context, /, post_id: int) -> Plan[Post]: ...
    """
    vars(function_of(resolver))["__puff_borrows__"] = True
    return resolver


def handle_errors(resolver: MemberT) -> MemberT:
    """Has a mutation of one's own tell what Django refuses as `create` and `update` do.

    A `ValidationError`, a `PermissionDenied`, a clash of unique values and the like become an `OperationInfo` where the
    annotation has it, and else an error with the code `PUFF_INPUT_INVALID`. The resolver is part of the field's
    transaction; what it wrote before is undone. It may return an object of a model, which is read as a QuerySet.

    Args:
        resolver: A classmethod or staticmethod, or the function in it.

    Returns:
        The resolver itself.

    Example:
        >>> class Mutation:
        ...     @classmethod
        ...     @handle_errors
        ...     def publish(cls, ctx: Context, /, id: int) -> Plan[Post | OperationInfo]: ...
    """
    vars(function_of(resolver))["__puff_handles__"] = True
    return borrow_db_context(resolver)


def constraint(name: str, message: str) -> Callable[[MemberT], MemberT]:
    """Says what clients are told where a constraint of the database refuses what they sent, in production, too.

    Args:
        name: The constraint's name, as Postgres has it: of a check, a unique or an exclusion constraint, a primary or a
            foreign key, a unique index, or what `RAISE … USING CONSTRAINT = '…'` names.
        message: For people. The error's code is `PUFF_CONSTRAINT`, and its extensions name the constraint.

    Returns:
        A decorator for the schema's class, its types, and resolvers. What it says holds for the whole schema.

    Example:
        >>> class Mutation:
        ...     @classmethod
        ...     @constraint("account_email_key", "This address is taken")
        ...     def sign_up(cls, ctx: Context, /, email: str) -> Plan[Account]: ...
    """

    def decorate(member: MemberT) -> MemberT:
        say_constraints(member, {name: message})
        return member

    return decorate


def say_constraints(member: Any, messages: Mapping[str, str]) -> None:
    """Adds messages of constraints to those that a class or a resolver has."""
    owner = member if isinstance(member, type) else function_of(member)
    setattr(owner, "__puff_constraints__", {**vars(owner).get("__puff_constraints__", {}), **messages})  # noqa: B010  # pyright knows no such attribute


def constraints_of(cls: type) -> dict[str, str]:
    """Gives the messages of a class, of its resolvers, and of those that it inherits from."""
    messages: dict[str, str] = {}
    for owner in reversed(cls.__mro__):
        # Without what pydantic keeps under such names, which must not be looked at.
        own = [value for name, value in vars(owner).items() if not name.startswith("__")]
        for member in (owner, *map(function_of, own)):
            messages |= getattr(member, "__dict__", {}).get("__puff_constraints__", {})
    return messages
