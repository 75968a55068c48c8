"""The door between the gateway and Python: JSON in, JSON out."""

from __future__ import annotations

import base64
import importlib
import inspect
import json
import math
import pickle
import sys
from contextlib import nullcontext
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from puff._debug import breakpoints
from puff._django import driver
from puff._django import project as django_project
from puff._errors import PermissionDenied, SchemaProblem
from puff._packages import compiled
from puff._plans.trace import claims_of
from puff._resolve import transactions
from puff._resolve.auth import Headers, ValidUntil, pg_settings_of
from puff._resolve.generators import run_generator
from puff._resolve.objects import run_awaitable
from puff._resolve.resolving import resolve_call
from puff._runtime import greenlets, logs
from puff._runtime.buffers import from_host, to_host
from puff._runtime.greenlets import GreenletExit
from puff._runtime.modules import user_file
from puff._runtime.services import Answer
from puff._schema import imports
from puff._schema.describe import describe_schema
from puff._serve import websockets, wsgi
from puff._serve.loading import load_application, load_class, load_django, load_django_application, load_django_urls
from puff._wire.given import load_batch
from puff._wire.values import traceback_text, wire_error

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    from puff._schema.runtime import RuntimeSchema

_schemas: dict[str, RuntimeSchema] = {}

compiled.install()
driver.install()
logs.install()
breakpoints.install()


def load(sources_json: str) -> str:
    """Sets Django up, imports and describes schemas, and imports the WSGI application.

    Args:
        sources_json: `{"schemas": [{"name", "spec", "camelCase"}], "wsgi": spec or null,
            "django": "setup", "serve" or null}`.

    Returns:
        `{"schemas": {name: SchemaDescription}, "sockets": [paths of URLs], "files": [paths]}`, or
        `{"error": …, "files": [paths]}`.
    """
    with imports.noted():
        return greenlets.enter_import(_load, sources_json)


def _load(sources_json: str) -> str:
    before = set(sys.modules)
    sources: dict[str, Any] = json.loads(sources_json)
    descriptions: dict[str, Any] = {}
    try:
        if sources["django"] is not None:
            load_django()
        for spec in sources["schemas"]:
            cls, module = load_class(spec["spec"])
            reached = imports.reached_from(module)
            descriptions[spec["name"]], _schemas[spec["name"]] = describe_schema(cls, spec["camelCase"], reached)
        if sources["wsgi"] is not None:
            wsgi.install(load_application(sources["wsgi"]))
        elif sources["django"] == "serve":
            wsgi.install(load_django_application())
        if sources["wsgi"] is not None or sources["django"] == "serve":
            load_django_urls()
    except SchemaProblem as problem:
        return json.dumps({"error": _load_error(problem), "files": _files(before)})
    except Exception as error:
        problem = SchemaProblem(
            f"describing the schema failed: {error!r}", None, "This is a bug in the gateway.", "PUFF_INTERNAL"
        )
        problem.__cause__ = error
        return json.dumps({"error": _load_error(problem), "files": _files(before)})
    files = [*_files(before), *django_project.template_files()]
    return json.dumps({"schemas": descriptions, "sockets": websockets.paths(), "files": files})


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
        A ResolveBatchResult; `""` where its deadline passed while a resolver waited, or nobody wants it any more.

    Raises:
        KeyboardInterrupt: The batch's deadline passed.
    """
    return greenlets.enter(_resolve, batch_json)


def _resolve(batch_json: str) -> str:
    return resolve_batch(load_batch(batch_json))


def resolve_batch(
    batch: Mapping[str, Any], around_call: Callable[[], AbstractContextManager[object]] = nullcontext
) -> str:
    """Calls the resolvers of a batch in the greenlet that runs, each within `around_call()`."""
    schema = _schemas[batch["schema"]]
    token: str | None = batch["authToken"]
    calls: list[dict[str, Any]] = batch["calls"]
    pickled: str | None = batch["auth"]
    auth: Any = None
    settings: dict[str, str] | None = None
    expires: float | None = None
    try:
        if batch["headers"] is not None and schema.auth is not None:
            headers = Headers(batch["headers"], batch.get("connectionParams"))
            auth, pickled, expires = _authenticate(schema, headers)
            settings = pg_settings_of(auth)
        elif pickled is not None:
            auth = _unpickle(pickled)
    except PermissionDenied as denied:
        refusal = {"status": denied.status, "message": denied.message, "headers": _texts(denied.headers)}
        return json.dumps({"results": [], "auth": None, "denied": refusal})
    except (KeyboardInterrupt, GreenletExit):
        raise
    except BaseException as error:  # whatever a user's code raises is an answer
        failure = wire_error(error, resolver=schema.auth)
        return json.dumps({"results": [], "auth": None, "authFailure": failure, "denied": None})
    results: list[Any] = []
    with transactions.joined(batch.get("ticket")):
        for call in calls:
            with around_call():
                results.append(resolve_call(schema, call, auth, token))
    answer = {"results": results, "auth": pickled, "denied": None}
    claims = None if batch["headers"] is None else claims_of(auth)
    optional = {"pgSettings": settings, "claims": claims, "authExpires": expires}
    return json.dumps(answer | {name: value for name, value in optional.items() if value is not None})


def call(target: str, args_json: str, buffers: Any) -> Any:
    """Calls a function.

    Args:
        target: `module:function`.
        args_json: A list of its arguments.
        buffers: The host's buffers for its keyword `buffers`, which is left out where it is empty.

    Returns:
        `{"value": …}` or `{"error": …}`; where there are bytes in the answer, a list of that and them. `""` where its
        deadline passed while it waited, or nobody wants the result any more.

    Raises:
        KeyboardInterrupt: It ran for too long.
    """
    return greenlets.enter(_call, target, args_json, from_host(buffers))


def _call(target: str, args_json: str, buffers: list[bytes]) -> Any:
    try:
        module, _, name = target.partition(":")
        function = attrgetter(name)(importlib.import_module(module))
        value = function(*load_batch(args_json), **({"buffers": buffers} if buffers else {}))
        if inspect.isawaitable(value):
            value = run_awaitable(value)
        answer = value if isinstance(value, Answer) else Answer(value)
        text = json.dumps({"value": answer.value})
    except (KeyboardInterrupt, GreenletExit):
        raise
    except BaseException as error:  # whatever it raises is an answer
        return json.dumps({"error": wire_error(error)})
    return to_host(text, *answer.buffers) if answer.buffers else text


def iterate(key: int, batch: dict[str, Any]) -> None:
    """Runs a subscription's generator to its end, giving the host what it yields.

    Args:
        key: Names it to the host.
        batch: A ResolveBatch of its one call.
    """
    pickled: str | None = batch["auth"]
    auth = None if pickled is None else _unpickle(pickled)
    run_generator(key, _schemas[batch["schema"]], batch["calls"][0], auth, batch["authToken"])


def _unpickle(pickled: str) -> Any:
    return pickle.loads(base64.b64decode(pickled))  # noqa: S301  # the gateway gives back what it got


def _authenticate(schema: RuntimeSchema, headers: Headers) -> tuple[Any, str, float | None]:
    value = schema.auth(headers) if schema.auth is not None else None
    if inspect.isawaitable(value):
        value = run_awaitable(value)
    expires: float | None = None
    if isinstance(value, ValidUntil):
        expires = value.seconds * 1000 if math.isfinite(value.seconds) else None
        value = value.value
    try:
        pickled = pickle.dumps(value)
        pickle.loads(pickled)  # noqa: S301  # our own, to know now whether a later batch can
    except Exception as error:
        raise TypeError(
            f"auth returned a {type(value).__name__} that can't be pickled ({error}): "
            "return plain data, such as a dataclass of a module, a dict or an id"
        ) from None
    return value, base64.b64encode(pickled).decode(), expires


def _texts(headers: Mapping[Any, Any]) -> dict[str, str]:
    return {str(name): str(value) for name, value in headers.items()}


def _files(before: set[str]) -> list[str]:
    """Gives the user's files among the modules imported since."""
    files = {user_file(module) for name, module in list(sys.modules.items()) if name not in before}
    return sorted(file for file in files if file is not None)
