"""Calls of what the host does for Python, such as Postgres."""

from __future__ import annotations

import importlib
import json
from typing import TYPE_CHECKING, Any, NamedTuple

from puff._runtime.buffers import from_host, to_host
from puff._runtime.greenlets import can_wait, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class ServiceError(Exception):
    """A service failed, or there is none of that name, or this Python runs outside the gateway.

    Args:
        code: The error's code, such as an SQLSTATE or one of the gateway's; None if it has none.
        message: What happened.
        data: JSON that the service adds.
    """

    def __init__(self, code: str | None, message: str, data: Any = None) -> None:
        self.code = code
        self.message = message
        self.data = data
        super().__init__(message)


class Answer(NamedTuple):
    """What a function that the host calls returns, where there are bytes in it."""

    value: Any
    """JSON."""
    buffers: Sequence[bytes] = ()


def call(
    service: str,
    method: str,
    *args: Any,
    buffers: Sequence[bytes | bytearray | memoryview] = (),
    default: Callable[[Any], Any] | None = None,
) -> tuple[Any, list[bytes]]:
    """Calls a service of the host and waits for the answer, while other greenlets run.

    Args:
        service: Its name.
        method: What it is to do.
        *args: JSON values.
        buffers: Bytes, which are not a part of the JSON.
        default: As that of `json.dumps`.

    Returns:
        A JSON value, and bytes.

    Raises:
        ServiceError: It failed, or this code can't wait.
        TypeError: An argument is not JSON.
        GreenletExit: The greenlet is to end.

    Example:
        >>> call("crypto", "scrypt", {"N": 16384}, buffers=[password, salt])  # doctest: +SKIP
        (None, [b'…'])
    """
    host = _host(service)
    text = json.dumps(args, default=default)
    if not can_wait():
        raise ServiceError(None, f"calling the service {service} waits, which can't be done here: in a finalizer")
    arguments = (service, method, text, to_host(*buffers)) if buffers else (service, method, text)
    answer = wait_for(host.call, *arguments)
    if isinstance(answer, str):
        return _value(answer), []
    text, *arrays = answer
    return _value(text), from_host(arrays)


def tell(service: str, method: str, *args: Any, buffers: Sequence[bytes | bytearray | memoryview] = ()) -> None:
    """Calls a service without waiting, which works in finalizers, too. The gateway logs a failure."""
    host = _host(service)
    text = json.dumps(args)
    if buffers:
        host.tell(service, method, text, to_host(*buffers))
    else:
        host.tell(service, method, text)


def _host(service: str) -> Any:
    # Looked up each time: an image of the interpreter must hold no reference into the host.
    try:
        return importlib.import_module("_puff_host")
    except ImportError:
        message = f"the service {service} is there inside the gateway, and this Python runs outside of it"
        raise ServiceError(None, message) from None


def _value(text: str) -> Any:
    answer: dict[str, Any] = json.loads(text)
    error: dict[str, Any] | None = answer.get("error")
    if error is not None:
        raise ServiceError(error["code"], error["message"], error["data"])
    return answer["value"]
