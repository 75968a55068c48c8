"""Subscriptions whose resolvers are generators: each is a greenlet, which gives the host what is yielded."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from puff._resolve.resolving import call_resolver, failure_of, result_of, root_context
from puff._runtime import services
from puff._runtime.greenlets import GreenletExit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from puff._schema.runtime import RuntimeSchema


def run_generator(key: int, schema: RuntimeSchema, call: Mapping[str, Any], auth: Any, token: str | None) -> None:
    """Runs a generator to its end. However that comes, its `finally` has run then.

    Args:
        key: Names it to the host.
        schema: The schema.
        call: A ResolverCall.
        auth: What `Schema.auth` returned.
        token: The caller's token.
    """
    resolver = schema.resolvers[call["field"]]
    context = root_context(call, auth, token)
    # Waits until the host wants another.
    give: Callable[[dict[str, Any]], object] = partial(services.call, "generators", "give", key)

    def take(value: Any) -> None:
        try:
            result = result_of(schema, resolver, value, call["selection"], context)
        except Exception as error:
            result = failure_of(error, resolver)  # this value's alone
        give(result)

    try:
        values = call_resolver(resolver, call["args"], context)
        if isinstance(values, AsyncIterator):
            asyncio.run(_iterate_async(values, take))
        else:
            _iterate(values, take)
    except (KeyboardInterrupt, GreenletExit):
        raise
    except BaseException as error:  # whatever a user's code raises is an answer
        give(failure_of(error, resolver))


def _iterate(values: Iterator[Any], take: Callable[[Any], None]) -> None:
    try:
        for value in values:
            take(value)
    finally:
        close = getattr(values, "close", None)
        if close is not None:
            close()


async def _iterate_async(values: AsyncIterator[Any], take: Callable[[Any], None]) -> None:
    try:
        async for value in values:
            take(value)
    finally:
        close = getattr(values, "aclose", None)
        if close is not None:
            await close()
