"""The door between the gateway and Python: JSON in, JSON out."""

from __future__ import annotations

import base64
import inspect
import json
import pickle
import sys
from typing import TYPE_CHECKING, Any

from puff import _compiled, _logs
from puff._auth import Headers
from puff._describe import RuntimeSchema, describe_schema
from puff._errors import PermissionDenied, SchemaProblem
from puff._loading import load_class
from puff._modules import user_file
from puff._objects import run_awaitable
from puff._resolving import resolve_call
from puff._values import traceback_text, wire_error

if TYPE_CHECKING:
    from collections.abc import Mapping

_schemas: dict[str, RuntimeSchema] = {}

_compiled.install()
_logs.install()


def load(specs_json: str) -> str:
    """Imports and describes schemas.

    Args:
        specs_json: `[{"name", "spec", "camelCase"}]`.

    Returns:
        `{"schemas": {name: SchemaDescription}, "files": [paths]}`, or `{"error": …, "files": [paths]}`.
    """
    before = set(sys.modules)
    descriptions: dict[str, Any] = {}
    try:
        for spec in json.loads(specs_json):
            cls = load_class(spec["spec"])
            descriptions[spec["name"]], _schemas[spec["name"]] = describe_schema(cls, spec["camelCase"])
    except SchemaProblem as problem:
        return json.dumps({"error": _load_error(problem), "files": _files(before)})
    except Exception as error:
        problem = SchemaProblem(
            f"describing the schema failed: {error!r}", None, "This is an error of the gateway's.", "PUFF_INTERNAL"
        )
        problem.__cause__ = error
        return json.dumps({"error": _load_error(problem), "files": _files(before)})
    return json.dumps({"schemas": descriptions, "files": _files(before)})


def _load_error(problem: SchemaProblem) -> dict[str, str | None]:
    cause = problem.__cause__
    return {
        "code": problem.code,
        "place": problem.place,
        "message": problem.message,
        "remedy": problem.remedy,
        "traceback": None if cause is None else traceback_text(cause),
    }


def resolve(batch_json: str) -> str:
    """Calls the resolvers of a batch.

    Args:
        batch_json: A ResolveBatch.

    Returns:
        A ResolveBatchResult.

    Raises:
        KeyboardInterrupt: The batch's deadline passed.
    """
    batch: dict[str, Any] = json.loads(batch_json)
    schema = _schemas[batch["schema"]]
    token: str | None = batch["authToken"]
    calls: list[dict[str, Any]] = batch["calls"]
    pickled: str | None = batch["auth"]
    auth: Any = None
    try:
        if batch["headers"] is not None and schema.auth is not None:
            auth, pickled = _authenticate(schema, batch["headers"])
        elif pickled is not None:
            auth = pickle.loads(base64.b64decode(pickled))  # noqa: S301  # the gateway gives back what it got
    except PermissionDenied as denied:
        refusal = {"status": denied.status, "message": denied.message, "headers": _texts(denied.headers)}
        return json.dumps({"results": [], "auth": None, "denied": refusal})
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # whatever a user's code raises is an answer
        failure = {"kind": "failure", "error": wire_error(error, resolver=schema.auth)}
        return json.dumps({"results": [failure] * len(calls), "auth": None, "denied": None})
    results = [resolve_call(schema, call, auth, token) for call in calls]
    return json.dumps({"results": results, "auth": pickled, "denied": None})


def _authenticate(schema: RuntimeSchema, headers: Mapping[str, str]) -> tuple[Any, str]:
    value = schema.auth(Headers(headers)) if schema.auth is not None else None
    if inspect.isawaitable(value):
        value = run_awaitable(value)
    try:
        pickled = pickle.dumps(value)
        pickle.loads(pickled)  # noqa: S301  # our own, to know now whether a later batch can
    except Exception as error:
        raise TypeError(
            f"auth returned a {type(value).__name__} that can't be pickled ({error}): "
            "return plain data, such as a dataclass of a module, a dict or an id"
        ) from None
    return value, base64.b64encode(pickled).decode()


def _texts(headers: Mapping[Any, Any]) -> dict[str, str]:
    return {str(name): str(value) for name, value in headers.items()}


def _files(before: set[str]) -> list[str]:
    """Gives the user's files among the modules imported since."""
    files = {user_file(module) for name, module in list(sys.modules.items()) if name not in before}
    return sorted(file for file in files if file is not None)
