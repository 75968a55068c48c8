"""What a GraphQL schema is written with.

Example:
    >>> from dataclasses import dataclass
    >>> from puff.graphql import Context, Plan, sql
    >>>
    >>> @dataclass
    ... class Post:
    ...     id: int
    ...     title: str
    >>>
    >>> @dataclass
    ... class Query:
    ...     @classmethod
    ...     def posts(cls, ctx: Context, /, limit: int = 20) -> Plan[list[Post]]:
    ...         return sql("SELECT id, title FROM post ORDER BY id LIMIT $1", limit)
    >>>
    >>> @dataclass
    ... class Schema:
    ...     query: Query
"""

from puff._context import Context, ParentColumn, Parents
from puff._errors import Error, PermissionDenied, PlanError
from puff._markers import (
    ID,
    JSON,
    BigInt,
    EmptyObject,
    borrow_db_context,
    deprecated,
    enum,
    field,
    interface,
    pure,
    scalar,
    union,
)
from puff._plan import Plan, sql

__all__ = [
    "ID",
    "JSON",
    "BigInt",
    "Context",
    "EmptyObject",
    "Error",
    "ParentColumn",
    "Parents",
    "PermissionDenied",
    "Plan",
    "PlanError",
    "borrow_db_context",
    "deprecated",
    "enum",
    "field",
    "interface",
    "pure",
    "scalar",
    "sql",
    "union",
]
