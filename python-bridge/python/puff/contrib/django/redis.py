"""Django's cache on Redis, with connections that all requests share."""

from __future__ import annotations

import os
from typing import Any

from django.core.cache.backends.redis import (  # pyright: ignore[reportMissingImports]  # Django is the user's own
    RedisCache,  # pyright: ignore[reportUnknownVariableType]
    RedisCacheClient,  # pyright: ignore[reportUnknownVariableType]
)
from django.core.exceptions import ImproperlyConfigured  # pyright: ignore[reportMissingImports, reportUnknownVariableType]

__all__ = ["PuffRedisCache"]


class PuffRedisCache(RedisCache):  # pyright: ignore[reportUntypedBaseClass]
    """Django's own, which connects once for all requests instead of once for each.

    Without a `LOCATION` it is on the gateway's Redis. 50 connections at most; `OPTIONS` may say otherwise.

    Example:
        >>> CACHES = {"default": {"BACKEND": "puff.contrib.django.redis.PuffRedisCache"}}
    """

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        server = server or os.environ.get("PUFF_REDIS_URL", "")
        if not server:
            raise ImproperlyConfigured(
                "the cache has no LOCATION and the gateway has no Redis: name one with --redis-url"
            )
        options = {"pool_class": "redis.BlockingConnectionPool", **params.get("OPTIONS", {})}
        super().__init__(server, {**params, "OPTIONS": options})
        self._class = _shared_client


def _shared_client(servers: list[str], **options: Any) -> Any:
    # Django makes a cache for each thread, and here a request is one.
    key = repr((servers, sorted(options.items(), key=lambda option: option[0])))
    client = _clients.get(key)
    if client is None:
        client = _clients[key] = RedisCacheClient(servers, **options)
    return client


_clients: dict[str, Any] = {}
"""As many as the settings have caches."""
