"""Functions that the gateway's TypeScript side offers: `--host resolvers.ts` registers them."""

from __future__ import annotations

from typing import Any

from puff._errors import HostError
from puff._runtime import services
from puff._symbols.parents import ParentColumn

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
        value, _ = services.call("functions", name, *args, default=_plain)
    except TypeError as error:
        raise HostError(f"arguments of host.call({name!r}) are JSON values: {error}") from None
    except services.ServiceError as error:
        raise HostError(f"host function {name}: {error}") from None
    return value


def _plain(value: Any) -> Any:
    if isinstance(value, ParentColumn):
        return list(value)
    raise TypeError(f"a {type(value).__name__} is none")
