"""Django's QuerySets and SQLAlchemy's statements as plans. Neither is imported unless the user's code did."""

from __future__ import annotations

import sys
from typing import Any

from puff._orm.compiled_query import CompiledQuery
from puff._orm.querysets import compile_queryset
from puff._orm.selects import compile_select


def compile_query(value: object) -> CompiledQuery | None:
    """Compiles a QuerySet or a SQLAlchemy statement, or gives back what was compiled; None for any other value."""
    if type(value) is CompiledQuery:
        return value
    django: Any = sys.modules.get("django.db.models.query")
    if django is not None and isinstance(value, django.QuerySet):
        return compile_queryset(value)
    sqlalchemy: Any = sys.modules.get("sqlalchemy.sql.selectable")
    if sqlalchemy is not None and isinstance(value, sqlalchemy.SelectBase):
        return compile_select(value)
    return None
