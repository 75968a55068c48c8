"""Mutations of the author's own whose refusals are told as those of models' mutations."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from puff._plans.plan import sql
from puff._writes.refused import Refused, reasons_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from puff._schema.runtime import Handles

_TYPE = "puff_type"


def call_handled(handles: Handles, call: Callable[[], Any]) -> Any:
    """Calls a resolver within a savepoint, and gives what it returned, or why Django refused it.

    Raises:
        Error: Django refused it, and the field's type has no `OperationInfo`.
    """
    database: Any = import_module("django.db")
    try:
        with database.transaction.atomic():
            return _rows(handles, call())
    except Exception as error:
        refused = error if isinstance(error, Refused) else reasons_of(error, _model_of(error), (), str)
        if refused is None:
            raise
        if handles.has_info:
            return refused.as_info()
        raise refused.as_error() from error


def _rows(handles: Handles, value: Any) -> Any:
    models: Any = import_module("django.db.models")
    if isinstance(value, models.Model):
        value = type(value)._base_manager.filter(pk=value.pk)  # noqa: SLF001  # Django's documented name
    if handles.shown is None or not isinstance(value, models.QuerySet):
        return value
    return sql(value.annotate(**{_TYPE: models.Value("row")})).types(_TYPE, {"row": handles.shown})


def _model_of(error: Exception) -> Any:
    """Gives the model of the table whose constraint refused a row."""
    table = getattr(getattr(error.__cause__, "diag", None), "table_name", None)
    found: Any = import_module("django.apps").apps.get_models()
    return next((model for model in found if model._meta.db_table == table), None)  # noqa: SLF001
