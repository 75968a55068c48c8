"""The tables of Django models: which model has which, and which fields have columns of other names."""

from __future__ import annotations

import sys
from typing import Any


def tables_of_models() -> dict[str, dict[str, Any]]:
    """Gives the models of the project's applications by their tables, as far as migrations make these.

    Returns:
        By table, `{"model": "polls.Choice", "fields": {"question_id": "question"}}`. A column that is not named has its
        field's name. Nothing if the project has no Django.
    """
    registry: Any = getattr(sys.modules.get("django.apps"), "apps", None)
    if registry is None or not registry.ready:
        return {}
    tables: dict[str, dict[str, Any]] = {}
    for model in registry.get_models():
        meta = model._meta  # noqa: SLF001  # Django's documented name
        if meta.managed and not meta.proxy:
            fields = {field.column: field.name for field in meta.local_concrete_fields if field.column != field.name}
            tables[meta.db_table] = {"model": f"{meta.app_label}.{meta.object_name}", "fields": fields}
    return tables
