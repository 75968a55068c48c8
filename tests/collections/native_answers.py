"""Answers documents with strawberry-django on native CPython: `[{query, variables}]` in, as many answers out."""

from __future__ import annotations

import json
import logging
import os
import sys
import warnings
from typing import Any

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "project_settings"
django.setup()


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    from strawberry_schema import schema

    result = schema.execute_sync(request["query"], request["variables"])
    answer: dict[str, Any] = {"data": result.data}
    if result.errors:
        answer["errors"] = [{"message": error.message, "path": error.path} for error in result.errors]
    return answer


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
