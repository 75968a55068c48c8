"""Commands to the gateway's Redis, as Puff has them, without a package to install.

All greenlets share one connection; a command that blocks, such as `blpop`, has one of its own meanwhile. For all else
of Redis, such as transactions, Lua scripts and locks, there is redis-py, which works here as it does elsewhere.

Example:
    >>> global_redis.set("visits", b"41")  # doctest: +SKIP
    True
    >>> global_redis.incr("visits", 1)  # doctest: +SKIP
    42
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Self

from puff._runtime import services

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = ["Pipeline", "RedisClient", "RedisError", "global_redis", "named_client"]

Part = str | bytes | int | float
"""What commands are made of: texts are sent as UTF-8, numbers as texts."""


class RedisError(Exception):
    """Redis refused a command, or can't be reached."""


class RedisClient:
    """Sends commands one at a time, and waits for the answer while others run."""

    def get(self, key: Part) -> bytes | None:
        """Gives a key's value; None if there is none."""
        return self.command(["GET", key])

    def set(self, key: Part, value: Part, nx: bool | None = None, ex: int | None = None) -> bool:
        """Sets a key's value.

        Args:
            key: The key.
            value: The value.
            nx: Only where the key has none.
            ex: Seconds after which it goes.

        Returns:
            Whether it was set.
        """
        return self.command(_set(key, value, nx, ex)) is not None

    def mset(self, values: Mapping[Any, Part] | Iterable[tuple[Part, Part]], nx: bool | None = None) -> bool:
        """Sets several keys, with `nx` only where none of them has a value; tells whether it did."""
        pairs: Iterable[Any] = getattr(values, "items", lambda: values)()
        parts = [part for pair in pairs for part in pair]
        return self.command(["MSETNX" if nx else "MSET", *parts]) != 0

    def mget(self, keys: Iterable[Part]) -> list[bytes | None]:
        """Gives the values of keys, in their order."""
        return self.command(["MGET", *keys])

    def persist(self, key: Part) -> bool:
        """Has a key stay; tells whether it was to go."""
        return self.command(["PERSIST", key]) == 1

    def expire(self, key: Part, seconds: int) -> bool:
        """Has a key go after that time; tells whether it is there."""
        return self.command(["EXPIRE", key, seconds]) == 1

    def ttl(self, key: Part) -> int:
        """Gives the seconds after which a key goes; -1 where it stays, -2 where it is not there."""
        return self.command(["TTL", key])

    def exists(self, key: Part) -> bool:
        """Tells whether a key is there."""
        return self.command(["EXISTS", key]) == 1

    def keys(self, pattern: Part) -> list[bytes]:
        """Lists the keys that match; Redis looks at all there are."""
        return self.command(["KEYS", pattern])

    def delete(self, key: Part) -> bool:
        """Deletes a key; tells whether it was there."""
        return self.command(["DEL", key]) == 1

    def flushdb(self) -> None:
        """Deletes all keys."""
        self.command(["FLUSHDB"])

    def incr(self, key: Part, delta: int = 1) -> int:
        """Adds to a key's number, and gives the sum."""
        return self.command(["INCRBY", key, delta])

    def decr(self, key: Part, delta: int = 1) -> int:
        """Subtracts from a key's number, and gives the difference."""
        return self.command(["DECRBY", key, delta])

    def lpush(self, key: Part, value: Part) -> int:
        """Puts a value before a list's first; gives the list's length."""
        return self.command(["LPUSH", key, value])

    def rpush(self, key: Part, value: Part) -> int:
        """Puts a value behind a list's last; gives the list's length."""
        return self.command(["RPUSH", key, value])

    def lpop(self, key: Part, count: int = 1) -> list[bytes]:
        """Takes a list's first values, at most this many."""
        return self.command(["LPOP", key, count]) or []

    def rpop(self, key: Part, count: int = 1) -> list[bytes]:
        """Takes a list's last values, at most this many, the last one first."""
        return self.command(["RPOP", key, count]) or []

    def blpop(self, key: Part, timeout: float) -> tuple[bytes, bytes] | None:
        """Takes a list's first value, and waits for one.

        Args:
            key: The list.
            timeout: Seconds to wait; 0: for as long as it takes.

        Returns:
            The list's name and the value; None if none came.
        """
        return _pair(self.command(["BLPOP", key, timeout]))

    def brpop(self, key: Part, timeout: float) -> tuple[bytes, bytes] | None:
        """Takes a list's last value, as `blpop` does its first."""
        return _pair(self.command(["BRPOP", key, timeout]))

    def rpoplpush(self, key: Part, destination: Part) -> bytes | None:
        """Moves a list's last value before the first one of another, and gives it."""
        return self.command(["RPOPLPUSH", key, destination])

    def hget(self, key: Part, field: Part) -> bytes | None:
        """Gives the value of a hash's field."""
        return self.command(["HGET", key, field])

    def hset(self, key: Part, field: Part, value: Part) -> bool:
        """Sets a hash's field; tells whether it is new."""
        return self.command(["HSET", key, field, value]) == 1

    def hdel(self, key: Part, field: Part) -> bool:
        """Deletes a hash's field; tells whether it was there."""
        return self.command(["HDEL", key, field]) == 1

    def hexists(self, key: Part, field: Part) -> bool:
        """Tells whether a hash has a field."""
        return self.command(["HEXISTS", key, field]) == 1

    def hgetall(self, key: Part) -> dict[bytes, bytes]:
        """Gives a hash's fields."""
        found = self.command(["HGETALL", key])
        return dict(zip(found[::2], found[1::2], strict=True))

    def sadd(self, key: Part, member: Part) -> bool:
        """Adds a member to a set; tells whether it is new."""
        return self.command(["SADD", key, member]) == 1

    def srem(self, key: Part, member: Part) -> bool:
        """Removes a member of a set; tells whether it was there."""
        return self.command(["SREM", key, member]) == 1

    def smembers(self, key: Part) -> list[bytes]:
        """Lists a set's members."""
        return self.command(["SMEMBERS", key])

    def sismember(self, key: Part, member: Part) -> bool:
        """Tells whether a set has a member."""
        return self.command(["SISMEMBER", key, member]) == 1

    def command(self, command: Sequence[Part]) -> Any:
        """Sends any command that leaves the connection as it is.

        Args:
            command: Its name and arguments.

        Returns:
            Bytes, for texts such as `OK`, too; an int, None, or a list of those.

        Raises:
            RedisError: Redis refused it, or can't be reached, or the command would change the connection.

        Example:
            >>> global_redis.command(["LRANGE", "jobs", 0, -1])  # doctest: +SKIP
            [b'first', b'second']
        """
        return _run([command])[0]

    def pipeline(self) -> Pipeline:
        """Gives an object that collects commands to be sent together."""
        return Pipeline()


class Pipeline:
    """Commands that are sent together, and answered together; other clients' may come in between.

    Example:
        >>> global_redis.pipeline().incr("a").expire("a", 60).execute()  # doctest: +SKIP
        [1, 1]
    """

    def __init__(self) -> None:
        self._commands: list[Sequence[Part]] = []

    def command(self, command: Sequence[Part]) -> Self:
        """Adds any command that leaves the connection as it is."""
        self._commands.append(command)
        return self

    def get(self, key: Part) -> Self:
        """Adds a `GET`."""
        return self.command(["GET", key])

    def set(self, key: Part, value: Part, nx: bool | None = None, ex: int | None = None) -> Self:
        """Adds a `SET`."""
        return self.command(_set(key, value, nx, ex))

    def delete(self, key: Part) -> Self:
        """Adds a `DEL`."""
        return self.command(["DEL", key])

    def incr(self, key: Part, delta: int = 1) -> Self:
        """Adds an `INCRBY`."""
        return self.command(["INCRBY", key, delta])

    def expire(self, key: Part, seconds: int) -> Self:
        """Adds an `EXPIRE`."""
        return self.command(["EXPIRE", key, seconds])

    def hset(self, key: Part, field: Part, value: Part) -> Self:
        """Adds an `HSET`."""
        return self.command(["HSET", key, field, value])

    def hget(self, key: Part, field: Part) -> Self:
        """Adds an `HGET`."""
        return self.command(["HGET", key, field])

    def execute(self) -> list[Any]:
        """Sends them.

        Returns:
            The answers as `RedisClient.command` gives them.

        Raises:
            RedisError: One of them failed; the others were carried out.
        """
        commands, self._commands = self._commands, []
        return _run(commands) if commands else []


def named_client(name: str = "default") -> RedisClient:
    """Gives a client of a Redis by its name: the gateway has one, `default`."""
    if name != "default":
        raise RedisError(f'the gateway has no Redis named "{name}": use redis-py for another')
    return global_redis


global_redis = RedisClient()
"""The client of the gateway's Redis."""


def _set(key: Part, value: Part, nx: bool | None, ex: int | None) -> list[Part]:
    return ["SET", key, value, *(["NX"] if nx else []), *([] if ex is None else ["EX", ex])]


def _pair(found: list[bytes] | None) -> tuple[bytes, bytes] | None:
    return None if found is None else (found[0], found[1])


def _run(commands: Sequence[Sequence[Part]]) -> list[Any]:
    parts = [_encode(part) for command in commands for part in command]
    try:
        value, [data] = services.call("redis", "run", *map(len, commands), buffers=parts)
    except services.ServiceError as error:
        raise RedisError(error.message) from None
    return _read(value, io.BytesIO(data))


def _encode(part: Any) -> bytes:
    if isinstance(part, bytes):
        return part
    if isinstance(part, str):
        return part.encode()
    if isinstance(part, int | float) and not isinstance(part, bool):
        return str(part).encode()
    # Its text, such as "None", would be stored, and nobody would notice.
    raise TypeError(f"a part of a command is bytes, a str, an int or a float, not {part!r}")


def _read(value: Any, data: io.BytesIO) -> Any:
    """Makes values again of what `gateway/redis/redis-service.ts` wrote."""
    if isinstance(value, list):
        return [_read(item, data) for item in value]
    if isinstance(value, str):
        return int(value)
    return value if value is None else data.read(value)
