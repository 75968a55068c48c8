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

from puff._client import GraphQL, global_graphql, named_client
from puff._collections.declare import Ordering, filter_field, filter_type, order_field, order_type
from puff._django.types import auto, django_type
from puff._errors import Error, PermissionDenied, PlanError
from puff._plans.context import Context
from puff._plans.plan import Plan, sql
from puff._plans.rules import HasPerm, IsAuthenticated, IsStaff
from puff._plans.streams import Stream, live, on, on_notify
from puff._resolve.auth import valid_until
from puff._symbols.parents import ParentColumn, Parents, parents
from puff._types.absent import ABSENT
from puff._types.decorators import borrow_db_context, cache, constraint, handle_errors, interface, one_of, pure
from puff._types.markers import (
    ID,
    JSON,
    BigInt,
    EmptyObject,
    arguments,
    deprecated,
    enum,
    field,
    parent_argument,
    scalar,
    union,
)
from puff._types.nodes import Node, node
from puff._types.paged import Connection, OffsetPaginated, paged
from puff._types.written import NodeInput, OperationInfo, OperationMessage, create, delete, update, upsert
from puff._writes.inputs import input_type, partial_type

__all__ = [
    "ABSENT",
    "ID",
    "JSON",
    "BigInt",
    "Connection",
    "Context",
    "EmptyObject",
    "Error",
    "GraphQL",
    "HasPerm",
    "IsAuthenticated",
    "IsStaff",
    "Node",
    "NodeInput",
    "OffsetPaginated",
    "OperationInfo",
    "OperationMessage",
    "Ordering",
    "ParentColumn",
    "Parents",
    "PermissionDenied",
    "Plan",
    "PlanError",
    "Stream",
    "arguments",
    "auto",
    "borrow_db_context",
    "cache",
    "constraint",
    "create",
    "delete",
    "deprecated",
    "django_type",
    "enum",
    "field",
    "filter_field",
    "filter_type",
    "global_graphql",
    "handle_errors",
    "input_type",
    "interface",
    "live",
    "named_client",
    "node",
    "on",
    "on_notify",
    "one_of",
    "order_field",
    "order_type",
    "paged",
    "parent_argument",
    "parents",
    "partial_type",
    "pure",
    "scalar",
    "sql",
    "union",
    "update",
    "upsert",
    "valid_until",
]
