"""Publishes messages to channels and receives them, on all gateways of the same Redis.

Example:
    >>> publish("comment", '{"id": 7}')  # doctest: +SKIP
    >>> conn = connection()
    >>> conn.subscribe("comment")  # doctest: +SKIP
    >>> while message := conn.receive():  # doctest: +SKIP
    ...     print(message.json())
"""

from __future__ import annotations

import json
import sys
import uuid
from dataclasses import dataclass
from typing import Any

from puff._runtime import services

__all__ = [
    "PubSubConnection",
    "PubSubError",
    "PubSubMessage",
    "connection",
    "connection_with_id",
    "global_pubsub",
    "new_connection_id",
    "publish",
    "publish_as",
    "publish_bytes",
    "publish_json",
]


class PubSubError(Exception):
    """A message could not be published or received."""


@dataclass(frozen=True)
class PubSubMessage:
    """A message.

    Attributes:
        from_connection_id: Id of the connection that published it; None if none did.
        body: What was published.
        channel: Where.
    """

    from_connection_id: str | None
    body: bytes
    channel: str

    @property
    def text(self) -> str | None:
        """The body as text; None if it is not UTF-8."""
        try:
            return self.body.decode()
        except UnicodeDecodeError:
            return None

    def json(self) -> Any:
        """Reads the body as JSON."""
        return json.loads(self.body)


class PubSubConnection:
    """Receives what is published to the channels that it subscribes to, while others run.

    Args:
        ident: Names it as the sender of what it publishes.
    """

    def __init__(self, ident: str) -> None:
        self._ident = ident
        self._key = uuid.uuid4().hex
        self._subscribed = False

    def who_am_i(self) -> str:
        """Gives the connection's id."""
        return self._ident

    def subscribe(self, channel: str) -> bool:
        """Subscribes to a channel; False if it was already.

        What is published from then on is received.
        """
        self._subscribed = True
        return _call("subscribe", self._key, channel)

    def subscribe_pattern(self, pattern: str) -> bool:
        """Subscribes to all channels that match: `*` any text, `?` any character, `[ab]`."""
        self._subscribed = True
        return _call("subscribe", self._key, pattern, "pattern")

    def unsubscribe(self, channel: str) -> bool:
        """Unsubscribes from a channel or pattern; False if it was not subscribed."""
        return _call("unsubscribe", self._key, channel)

    def receive(self) -> PubSubMessage | None:
        """Waits for the next message; None if it is not subscribed to anything.

        Raises:
            PubSubError: More messages came than can wait; the next call goes on with those that came later.
        """
        try:
            value, buffers = services.call("pubsub", "receive", self._key)
        except services.ServiceError as error:
            raise PubSubError(error.message) from None
        if value is None:
            return None
        channel, sender = value
        return PubSubMessage(sender, buffers[0], channel)

    def publish(self, channel: str, message: str) -> bool:
        """Publishes a text."""
        return publish_as(self._ident, channel, message)

    def publish_bytes(self, channel: str, message: bytes) -> bool:
        """Publishes bytes."""
        return _publish(self._ident, channel, message)

    def publish_json(self, channel: str, message: Any) -> bool:
        """Publishes a value as JSON."""
        return _publish(self._ident, channel, json.dumps(message).encode())

    def __del__(self) -> None:
        """Gives the subscriptions back."""
        if self._subscribed and not sys.is_finalizing():
            services.tell("pubsub", "close", self._key)


def connection() -> PubSubConnection:
    """Makes a connection with an id of its own."""
    return PubSubConnection(new_connection_id())


def connection_with_id(connection_id: str) -> PubSubConnection:
    """Makes a connection that sends as `connection_id`."""
    return PubSubConnection(connection_id)


def new_connection_id() -> str:
    """Makes an id that no other connection has."""
    return str(uuid.uuid4())


def publish(channel: str, message: str) -> bool:
    """Publishes a text, with no sender.

    Args:
        channel: The channel.
        message: The text; JSON for `graphql.on`.

    Returns:
        True.

    Raises:
        PubSubError: Redis can't be reached.

    Example:
        >>> publish("typing", "Ada")  # doctest: +SKIP
        True
    """
    return _publish("", channel, message.encode())


def publish_bytes(channel: str, message: bytes) -> bool:
    """Publishes bytes, with no sender."""
    return _publish("", channel, message)


def publish_json(channel: str, message: Any) -> bool:
    """Publishes a value as JSON, with no sender."""
    return _publish("", channel, json.dumps(message).encode())


def publish_as(connection_id: str, channel: str, message: str) -> bool:
    """Publishes a text as a connection's."""
    return _publish(connection_id, channel, message.encode())


def _publish(sender: str, channel: str, data: bytes) -> bool:
    return _call("publish", sender, channel, buffers=[data])


def _call(method: str, *args: str, buffers: list[bytes] | None = None) -> bool:
    try:
        value, _ = services.call("pubsub", method, *args, buffers=buffers or ())
    except services.ServiceError as error:
        raise PubSubError(error.message) from None
    return value


global_pubsub = sys.modules[__name__]
"""Puff's name for this module."""
