"""Streams: what a subscription's resolver returns, pure data that says when to answer and with what."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from puff._errors import PlanError

T_co = TypeVar("T_co", covariant=True)


class Stream(Generic[T_co]):
    """Says which events a subscription is answered at, and with what. `on`, `on_notify` and `live` make it.

    Its type parameter is the field's type, for the annotation of a resolver: `-> Stream[Comment]`.

    Attributes:
        source: `channel`, of the pub/sub, or `notify`, of Postgres.
        channel: The channel's name.
        plan: A plan that answers each event; None if the event's payload is the answer.
        live: Whether the plan is the query of a live result, which is sent when it has changed.
        latest: Whether a client that reads slowly gets the newest answer alone.
    """

    __slots__ = ("channel", "latest", "live", "plan", "source")

    def __init__(self, source: str, channel: str, plan: Any, *, live: bool, latest: bool) -> None:
        if type(channel) is not str or not channel:
            raise PlanError(f"the name of a channel is a str, not {channel!r}")
        self.source = source
        self.channel = channel
        self.plan = plan
        self.live = live
        self.latest = latest

    def __repr__(self) -> str:
        """Shows what it listens to."""
        return f"<stream of {self.source} {self.channel!r}>"


def on(channel: str, plan: Any = None, *, latest: bool = False) -> Stream[Any]:
    """Answers each event of a pub/sub channel.

    Args:
        channel: The channel's name.
        plan: What to answer with, such as `sql(…)`, in which `ctx.event["post_id"]` stands for the event's own values.
            None: the event's payload, JSON, is the answer. Where the field is not a list, an event for which the
            statement has no row is not sent.
        latest: Whether a client that reads slowly gets the newest answer alone, rather than all or an error.

    Returns:
        The stream.

    Raises:
        PlanError: The channel's name is not a text.

    Example:
        >>> on("comment", sql("SELECT id, body FROM comment WHERE id = $1", ctx.event["id"]))
        <stream of channel 'comment'>
    """
    return Stream("channel", channel, plan, live=False, latest=latest)


def on_notify(channel: str, plan: Any = None, *, latest: bool = False) -> Stream[Any]:
    """Answers each `NOTIFY` of the schema's Postgres database.

    Args:
        channel: The channel's name, in the case that Postgres keeps it in.
        plan: As for `on`.
        latest: As for `on`.

    Returns:
        The stream.

    Raises:
        PlanError: The channel's name is not a text.

    Example:
        >>> on_notify("post_changed", sql("SELECT id, title FROM post WHERE id = $1", ctx.event))
        <stream of notify 'post_changed'>
    """
    return Stream("notify", channel, plan, live=False, latest=latest)


def live(plan: Any, *, on: str | None = None, on_notify: str | None = None) -> Stream[Any]:
    """Answers at once, and again whenever an event comes and the answer has changed.

    Args:
        plan: The query, such as `sql(…)`.
        on: The pub/sub channel whose events say that the answer may have changed.
        on_notify: Or the channel of a Postgres `NOTIFY`.

    Returns:
        The stream.

    Raises:
        PlanError: There is no plan, or not exactly one channel.

    Example:
        >>> live(sql("SELECT count(*) FROM comment WHERE post_id = $1", 3), on="comment")
        <stream of channel 'comment'>
    """
    if plan is None:
        raise PlanError("live() needs a query, such as sql(…)")
    if (on is None) == (on_notify is None):
        raise PlanError('live() needs one channel: on="…" or on_notify="…"')
    if on is not None:
        return Stream("channel", on, plan, live=True, latest=True)
    return Stream("notify", on_notify or "", plan, live=True, latest=True)
