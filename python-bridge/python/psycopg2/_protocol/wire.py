"""The way to Postgres: the gateway's service `postgres`, which speaks its protocol."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from puff._runtime import services

from psycopg2._protocol.exceptions import OperationalError

if TYPE_CHECKING:
    from collections.abc import Sequence

_NULLS = "I"  # unsigned 32-bit numbers, as memoryview calls them


@dataclass(slots=True)
class Result:
    """The last result of a text of statements."""

    kind: str
    """`rows`, `command`, `empty`, `copyIn`, `copyOut`, `copyBoth`, `error` or `lost`."""
    tag: str = ""
    count: int = 0
    columns: Sequence[tuple[str, int, int, int, int, int]] = ()
    """Name, type's OID, size and modifier, table's OID, number in the table."""
    cells: bytes = b""
    """The texts of all cells, row by row, NUL between two."""
    nulls: Sequence[int] = ()
    """The numbers of the cells that are NULL."""
    fields: dict[str, str] | None = None
    message: str = ""


class Link:
    """One connection of the host's."""

    def __init__(self, parameters: dict[str, str]) -> None:
        self.lost = False
        self.status = "I"
        self.changed = False
        """Whether Postgres has reported parameters since this was last set to False."""
        self.notices: list[dict[str, str]] = []
        self.notifies: list[tuple[int, str, str]] = []
        try:
            value, _ = services.call("postgres", "connect", parameters)
        except services.ServiceError as error:
            raise _refused(error) from None
        self.handle: int = value["handle"]
        self.pid: int = value["pid"]
        self.shown: dict[str, str] = value["parameters"]
        """The keywords that it was made with."""
        self.parameters: dict[str, str] = value["reported"]
        """The parameters of the session that Postgres reports."""

    def query(self, *texts: bytes) -> Result:
        """Runs texts of statements one after the other; the last one's result."""
        try:
            return self._result(*self._call("query", buffers=texts))
        except BaseException as error:
            # The waiting call has to go; the next one on this connection must not wait for the statement.
            if not isinstance(error, Exception):
                self.cancel_later()
            raise

    def copy_data(self, chunks: Sequence[bytes]) -> None:
        """Sends data of a COPY FROM."""
        self._call("copyData", buffers=chunks)

    def copy_end(self, failure: bytes | None) -> Result:
        """Ends a COPY FROM, or has it fail."""
        return self._result(*self._call("copyEnd", buffers=() if failure is None else (failure,)))

    def copy_read(self) -> list[bytes] | Result:
        """What has come of a COPY TO, or its end."""
        value, buffers = self._call("copyRead")
        if "result" in value:
            return self._result(value, buffers)
        data, lengths = buffers
        pieces: list[bytes] = []
        at = 0
        for length in memoryview(lengths).cast(_NULLS):
            pieces.append(data[at : at + length])
            at += length
        return pieces

    def poll(self) -> None:
        """Fetches the notices and notifications that have come."""
        value, _ = self._call("poll")
        self._take_news(value["value"])
        if value["lost"]:
            self._lose()

    def cancel(self) -> None:
        """Asks Postgres to stop what runs."""
        self._call("cancel")

    def cancel_later(self) -> None:
        """Likewise, without waiting."""
        services.tell("postgres", "cancel", self.handle)

    def close(self) -> None:
        """Ends it, or gives it back to its pool; works in finalizers, too."""
        services.tell("postgres", "close", self.handle)

    def _lose(self) -> None:
        self.lost = True
        self.close()  # its place in the pool is for others, though Python keeps the connection

    def _call(self, method: str, buffers: Sequence[bytes] = ()) -> tuple[Any, list[bytes]]:
        try:
            return services.call("postgres", method, self.handle, buffers=buffers)
        except services.ServiceError as error:
            self._lose()
            raise _refused(error) from None

    def _result(self, value: dict[str, Any], buffers: list[bytes]) -> Result:
        self._take_news(value)
        result: dict[str, Any] = value["result"]
        if result["kind"] == "rows":
            cells, nulls = buffers
            return Result(**result, cells=cells, nulls=memoryview(nulls).cast(_NULLS))
        if result["kind"] == "lost":
            self._lose()
        return Result(**result)

    def _take_news(self, news: dict[str, Any]) -> None:
        self.status = news["status"]
        self.notices.extend(news.get("notices", ()))
        self.notifies.extend(tuple(one) for one in news.get("notifies", ()))
        if "parameters" in news:
            self.parameters.update(news["parameters"])
            self.changed = True


def _refused(error: services.ServiceError) -> OperationalError:
    return OperationalError(error.message)
