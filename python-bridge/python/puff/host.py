"""Functions that the gateway's TypeScript side offers: `--host resolvers.ts` registers them."""

from __future__ import annotations

import importlib
import json
from typing import Any

from puff._context import ParentColumn
from puff._errors import HostError

__all__ = ["HostError", "call"]


def call(name: str, *args: Any) -> Any:
    """Calls a function of the host and waits for it, while the interpreter serves other requests.

    Args:
        name: The name it is registered by.
        *args: JSON values.

    Returns:
        Its result, a JSON value.

    Raises:
        HostError: The function is unknown or failed, or this Python runs outside the gateway.

    Example:
        >>> call("slugify", "Hello World")  # doctest: +SKIP
        'hello-world'
    """
    try:
        host: Any = importlib.import_module("_puff_host")
        ffi: Any = importlib.import_module("pyodide.ffi")
    except ImportError:
        raise HostError(f"host.call({name!r}) works inside the gateway, and this Python runs outside of it") from None
    try:
        text = json.dumps(args, default=_plain)
    except (TypeError, ValueError) as error:
        raise HostError(f"arguments of host.call({name!r}) are JSON values: {error}") from None
    if not ffi.can_run_sync():
        raise HostError(f"host.call({name!r}) waits, which can't be done here: call it from a resolver")
    try:
        return json.loads(ffi.run_sync(host.call(name, text)))
    except ffi.JsException as error:
        raise HostError(f"host function {name}: {error.message}") from None


def _plain(value: Any) -> Any:
    if isinstance(value, ParentColumn):
        return list(value)
    raise TypeError(f"a {type(value).__name__} is none")
