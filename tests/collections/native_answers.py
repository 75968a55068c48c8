"""Answers documents with strawberry-django on native CPython: `[{query, variables}]` in, as many answers out."""

from __future__ import annotations

import json
import logging
import os
import sys
import warnings
from datetime import UTC, datetime
from typing import Any

import django
from django.core.serializers.json import DjangoJSONEncoder

os.environ["DJANGO_SETTINGS_MODULE"] = "project_settings"
django.setup()


class _Encoder(DjangoJSONEncoder):
    """Prints moments as the gateway does."""

    def default(self, o: Any) -> Any:
        return super().default(o.astimezone(UTC) if isinstance(o, datetime) else o)


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    if "orm" in request:
        try:
            return {"data": json.loads(json.dumps(_rows(request["orm"]), cls=_Encoder))}
        except Exception as error:  # told to the test
            return {"errors": [{"message": repr(error)}]}
    from strawberry_schema import schema

    result = schema.execute_sync(request["query"], request["variables"])
    answer: dict[str, Any] = {"data": result.data}
    if result.errors:
        answer["errors"] = [{"message": error.message, "path": error.path} for error in result.errors]
    return answer


def _rows(expression: str) -> list[Any]:
    """Gives what an expression of a test gives: it names models and functions of the Django ORM without imports."""
    from django.db import models
    from django.db.models import functions
    from library import models as library

    return list(eval(f"({expression})", {**vars(models), **vars(functions), **vars(library)}))  # the tests' own


def _prepare() -> None:
    from django.core.management import call_command
    from library.seed import seed

    call_command("migrate", run_syncdb=True, verbosity=0)
    seed()


def main() -> None:
    warnings.simplefilter("ignore")
    logging.disable()  # errors are in the answers
    if sys.argv[1:] == ["prepare"]:
        _prepare()
        return
    for line in sys.stdin:
        print(json.dumps(_answer(json.loads(line))), flush=True)  # noqa: T201  # its output


main()
