"""Answers with the rows of any QuerySet: as a plan, as a plan that is kept, and run at once."""

from __future__ import annotations

import datetime
import operator
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from typing import Any
from uuid import UUID

import django
import queryset_tables
import sqlalchemy
from django.conf import settings

settings.configure(
    DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "default"}},
    INSTALLED_APPS=["django.contrib.postgres", "shop"],
    USE_TZ=True,
    TIME_ZONE="Asia/Kathmandu",
)
django.setup()

from django.contrib.postgres import (
    aggregates,
    search,
)
from django.contrib.postgres import (
    expressions as postgres_expressions,
)
from django.contrib.postgres import (
    functions as postgres_functions,
)
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import aggregates as sums
from django.db.models import expressions, fields, functions, query_utils
from django.db.models import lookups as comparisons
from django.db.models.fields import json
from puff import graphql
from puff.contrib.django import query_and_params
from puff.graphql import Context, Plan, sql
from shop import models as shop

KNOWN: dict[str, Any] = {
    **vars(functions), **vars(postgres_expressions), **vars(postgres_functions),
    **vars(search), **vars(aggregates), **vars(sums), **vars(expressions), **vars(comparisons),
    **vars(fields), **vars(json), **vars(query_utils), **vars(shop), "Decimal": Decimal, "datetime": datetime,
    "UUID": UUID, "reduce": reduce, "operator": operator, "objects": shop.Item.objects,
}  # fmt: skip


def queryset_of(expression: str, **values: Any) -> Any:
    return eval(expression, {**KNOWN, **values})  # the test's own text


def plan_of(queryset: Any) -> Plan[list[str]]:
    text, params = query_and_params(queryset)
    return sql(f"SELECT puff_row::text FROM ({text}) AS puff_row", *params)


@dataclass
class Query:
    @classmethod
    def plan(cls, ctx: Context, /, expression: str) -> Plan[list[str]]:
        return plan_of(queryset_of(expression))

    @classmethod
    @graphql.pure
    def kept(
        cls, ctx: Context, /, expression: str, i: int = 0, s: str = "", f: float = 0.5, d: Decimal | None = None,
        u: UUID | None = None,
    ) -> Plan[list[str]]:  # fmt: skip
        return plan_of(queryset_of(f"{expression}", i=i, s=s, f=f, d=d, u=u))

    @classmethod
    def once(
        cls, ctx: Context, /, expression: str, i: int = 0, s: str = "", f: float = 0.5, d: Decimal | None = None,
        u: UUID | None = None,
    ) -> list[str]:  # fmt: skip
        queryset = queryset_of(expression, i=i, s=s, f=f, d=d, u=u)
        list(queryset)
        try:
            text, params = queryset.query.sql_with_params()
        except EmptyResultSet:
            return []
        with connection.cursor() as cursor:
            cursor.execute("SET intervalstyle TO iso_8601")  # as the sessions of plans print
            cursor.execute(f"SELECT puff_row::text FROM ({text}) AS puff_row", params)
            return [text for (text,) in cursor.fetchall()]

    @classmethod
    def selected(cls, ctx: Context, /, expression: str) -> Plan[list[str]]:
        statement = queryset_tables.select_of(expression).subquery("puff_row")
        return sql(sqlalchemy.select(sqlalchemy.text("puff_row::text")).select_from(statement))

    @classmethod
    def selected_at_once(cls, ctx: Context, /, expression: str) -> list[str]:
        return queryset_tables.run(expression)


@dataclass
class Mutation:
    @classmethod
    def create(cls, ctx: Context, /) -> bool:
        shop.create()
        queryset_tables.create()
        return True


@dataclass
class Schema:
    query: Query
    mutation: Mutation
