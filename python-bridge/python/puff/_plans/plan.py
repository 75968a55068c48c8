"""Plans: pure data that says which SQL answers a field."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar, cast

from puff._errors import PlanError
from puff._orm.compiled_query import CompiledQuery
from puff._orm.queries import compile_query
from puff._parameters.parameters import Parameter, to_parameters
from puff._types.markers import function_of

T_co = TypeVar("T_co", covariant=True)
ResolverT = TypeVar("ResolverT", bound=Callable[..., Any])


class Plan(Generic[T_co]):
    """A statement that answers a field for all objects of its layer at once. `sql` makes it.

    Its type parameter is the field's type, for the annotation of a resolver: `-> Plan[list[Post]]`.

    Attributes:
        text: The statement, with `$1`, `$2`, … for its parameters.
        params: Typed texts `(oid, text)`, or `{"parent": column}`.
        parent_keys: Columns of the parent that correlate it with the rows.
        child_keys: Columns of the rows that equal them, in the same order.
        type_column: The column that names each row's type where the field's type is an interface or a union.
        type_names: From a value of that column to a dataclass; None if it holds GraphQL names.
        absent: What a client is told where there is no row; None: the field is null.
        args: Of a decorator, the resolver's arguments that are its parameters, after those given as values.
    """

    __slots__ = ("absent", "args", "child_keys", "params", "parent_keys", "text", "type_column", "type_names")

    def __init__(self, text: Any, params: Sequence[Any]) -> None:
        query = CompiledQuery(text, params) if type(text) is str else compile_query(text)
        if query is None:
            raise PlanError(f"the text of a plan is a str, a QuerySet or a select(), not {type(text).__name__}")
        if query.params is not params and params:
            raise PlanError("a QuerySet or select() has its parameters in itself, and takes no others")
        self.text = query.text
        self.params: list[Parameter] = to_parameters(query.params)
        self.parent_keys = query.parent_keys
        self.child_keys = query.child_keys
        self.type_column = "__typename"
        self.type_names: Mapping[Any, type] | None = None
        self.absent: str | None = None
        self.args: Sequence[str] = ()

    def on(self, **keys: str) -> Plan[T_co]:
        """Correlates rows with their parents.

        Args:
            **keys: Column of the parent = column of this statement.

        Returns:
            The plan itself.

        Raises:
            PlanError: A column's name is not a str.

        Example:
            >>> sql("SELECT id, body, post_id FROM comment").on(id="post_id")
            sql('SELECT id, body, post_id FROM comment').on(id='post_id')
        """
        for column in keys.values():
            if type(column) is not str:
                raise PlanError(f"on() takes names of columns, such as on(id='post_id'), not {column!r}")
        self.parent_keys = tuple(keys)
        self.child_keys = tuple(keys.values())
        return self

    def types(self, column: str = "__typename", names: Mapping[Any, type] | None = None) -> Plan[T_co]:
        """Says which type each row has, where the field's type is an interface or a union.

        Args:
            column: The column that tells.
            names: From its values to dataclasses; None if it holds the types' GraphQL names.

        Returns:
            The plan itself.

        Raises:
            PlanError: A value of `names` is not a class.

        Example:
            >>> plan = sql("SELECT 'p' AS kind, id FROM post").types("kind", {"p": Post})  # doctest: +SKIP
        """
        for value in (names or {}).values():
            if not isinstance(cast("object", value), type):
                raise PlanError(f"types() maps values to dataclasses, not to {value!r}")
        self.type_column = column
        self.type_names = names
        return self

    def or_error(self, message: str) -> Plan[T_co]:
        """Says what it means that there is no row: an error of the field, in place of null.

        Args:
            message: For clients, in production too. The error's code is `PUFF_NO_SUCH_ROW`.

        Returns:
            The plan itself.

        Example:
            >>> plan = sql("SELECT id, text FROM question WHERE id = $1", 7).or_error("There is no such question")
        """
        self.absent = message
        return self

    def __call__(self, resolver: ResolverT) -> ResolverT:
        """Makes the plan a field's answer. The gateway learns of it with the schema, and never calls the resolver."""
        vars(function_of(resolver))["__puff_plan__"] = self
        return resolver

    def __repr__(self) -> str:
        """Shows the plan as it is written."""
        params = "".join(f", {_show(param)}" for param in self.params)
        keys = ", ".join(f"{p}={c!r}" for p, c in zip(self.parent_keys, self.child_keys, strict=True))
        return f"sql({self.text!r}{params})" + (f".on({keys})" if keys else "")


def sql(
    text: Any,
    *params: Any,
    args: Sequence[str] | None = None,
    parent_key: str | Sequence[str] | None = None,
    child_key: str | Sequence[str] | None = None,
) -> Plan[Any]:
    """Plans a statement. Values never become part of its text: they travel beside it, typed as psycopg 3 types them.

    Args:
        text: The statement, with `$1`, `$2`, … for the parameters; or a QuerySet or `select()`, without parameters.
        *params: Values, or symbols such as `ctx.parents["id"]`, which stands for the array of the parents' ids.
        args: As a decorator: the resolver's arguments that are the parameters after `params`, by their Python names.
        parent_key: As a decorator: column or columns of the parent.
        child_key: As a decorator: columns of the statement that equal them.

    Returns:
        The plan; `.on(…)` correlates it with its parents, `.types(…)` names the types of its rows.

    Raises:
        PlanError: A parameter has no form in Postgres.

    Example:
        >>> sql("SELECT id, title FROM post WHERE id > $1 LIMIT $2", 10, 20)
        sql('SELECT id, title FROM post WHERE id > $1 LIMIT $2', '10', '20')

        As a decorator, a plan that the gateway runs without Python:

        >>> class Query:
        ...     @classmethod
        ...     @sql("SELECT id, title FROM post LIMIT $1", args=["limit"])
        ...     def posts(cls, ctx: Context, /, limit: int = 20) -> Plan[list[Post]]: ...
    """
    plan: Plan[Any] = Plan(text, params)
    if args is not None:
        plan.args = tuple(args)
    if parent_key is not None or child_key is not None:
        plan.parent_keys, plan.child_keys = as_keys(parent_key), as_keys(child_key)
        check_keys(plan.parent_keys, plan.child_keys)
    return plan


def as_keys(keys: Any) -> tuple[str, ...]:
    """Gives the columns of a form in which one column may stand alone."""
    if keys is None:
        return ()
    return (keys,) if isinstance(keys, str) else tuple(keys)


def check_keys(parent_keys: Sequence[Any], child_keys: Sequence[Any]) -> None:
    """Raises PlanError unless there are as many columns of the parent as of the child, all of them names."""
    if len(parent_keys) != len(child_keys):
        raise PlanError(
            f"{len(parent_keys)} parent keys {parent_keys!r} for {len(child_keys)} child keys {child_keys!r}"
        )
    for key in (*parent_keys, *child_keys):
        if type(key) is not str:
            raise PlanError(f"keys are names of columns, not {key!r}")


def _show(param: Parameter) -> str:
    return f"ctx.parents[{param['parent']!r}]" if isinstance(param, dict) else repr(param[1])
