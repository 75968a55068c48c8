"""COPY from and to files."""

from __future__ import annotations

from operator import index
from typing import TYPE_CHECKING, Any

from psycopg2._protocol.base import BaseCursor
from psycopg2._protocol.exceptions import ProgrammingError
from psycopg2._write.literals import quote_name, quote_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from psycopg2._client.session import Session
    from psycopg2._protocol.wire import Result

#: Bytes that go to the host in one message.
_MESSAGE = 256 * 1024


class Copying(BaseCursor):
    """The part of a cursor that is about COPY."""

    connection: Session
    query: bytes | None

    def copy_from(
        self,
        file: Any,
        table: str,
        sep: str = "\t",
        null: str = "\\N",
        size: int = 8192,
        columns: Iterable[str] | None = None,
    ) -> None:
        """Reads a file of text into a table."""
        self._check_open()
        _need(file, "read", 1)
        self._copy(self._copy_text(table, columns, "FROM stdin", sep, null), file, index(size))

    def copy_to(
        self, file: Any, table: str, sep: str = "\t", null: str = "\\N", columns: Iterable[str] | None = None
    ) -> None:
        """Writes a table into a file as text."""
        self._check_open()
        _need(file, "write", 1)
        self._copy(self._copy_text(table, columns, "TO stdout", sep, null), file, 0)

    def copy_expert(self, sql: Any, file: Any, size: int = 8192) -> None:
        """Runs a COPY that reads from or writes to a file."""
        self._check_open()
        if not hasattr(file, "read") and not hasattr(file, "write"):
            raise TypeError(
                "file must be a readable file-like object for COPY FROM; a writable file-like object for COPY TO."
            )
        self._copy(self._bound(sql, None), file, index(size))

    def _copy_text(self, table: str, columns: Iterable[str] | None, direction: str, sep: str, null: str) -> bytes:
        conn = self.connection
        for position, value in enumerate((table, sep, null), 2):
            if not isinstance(value, str):
                raise TypeError(f"argument {position} must be str, not {type(value).__name__}")
        names = "" if columns is None else f"({','.join(_quote_column(one) for one in columns)})"
        if columns is not None and names == "()":
            names = ""
        head = f"COPY {quote_name(table)}{names} {direction} WITH DELIMITER AS ".encode(conn._codec)
        delimiter, null_text = (quote_text(text.encode(conn._codec), conn) for text in (sep, null))
        return head + delimiter + b" NULL AS " + null_text

    def _copy(self, text: bytes, file: Any, size: int) -> None:
        conn = self.connection
        with conn._lock:
            self._forget()
            self.rowcount = -1
            self.query = text
            result = conn._query(text, self)
            copies = result.kind in {"copyIn", "copyOut"}
            if result.kind == "copyIn":
                result = self._send(file, size)
            elif result.kind == "copyOut":
                result = self._receive(file)
            self._take(conn._settle(conn._check_open(), result, text, self))
            if copies:
                self.statusmessage = ""

    def _send(self, file: Any, size: int) -> Result:
        conn = self.connection
        link = conn._check_open()
        chunks: list[bytes] = []
        waiting = 0
        try:
            while chunk := file.read(size):
                data = chunk.encode(conn._codec) if isinstance(chunk, str) else chunk
                if not isinstance(data, bytes):
                    return link.copy_end(b"error in .read() call")
                chunks.append(data)
                waiting += len(data)
                if waiting >= _MESSAGE:
                    link.copy_data(chunks)
                    chunks, waiting = [], 0
        except Exception as error:
            reason = f"error in .read() call: {type(error).__name__} {error}".encode(conn._codec, "replace")
            # Postgres repeats it in its own error.
            return link.copy_end(reason)
        if chunks:
            link.copy_data(chunks)
        return link.copy_end(None)

    def _receive(self, file: Any) -> Result:
        conn = self.connection
        link = conn._check_open()
        as_text = _takes_text(file)
        failure: Exception | None = None
        while isinstance(pieces := link.copy_read(), list):
            for piece in pieces if failure is None else ():
                try:
                    file.write(piece.decode(conn._codec) if as_text else piece)
                except Exception as error:
                    failure = error
                    link.cancel()
                    break
        if failure is not None:
            conn._take_news(link)
            raise failure
        return pieces

    def _refuse_copy(self, kind: str) -> None:
        """Ends a COPY that nobody has a file for."""
        conn = self.connection
        link = conn._check_open()
        if kind == "copyIn":
            link.copy_end(b"COPY FROM needs copy_from() or copy_expert()")
            raise ProgrammingError("can't execute COPY FROM: use the copy_from() method instead")
        if kind == "copyOut":
            link.cancel()
            while isinstance(link.copy_read(), list):
                pass
        raise ProgrammingError("can't execute COPY TO: use the copy_to() method instead")

    rowcount: int
    statusmessage: str | None

    def _check_open(self) -> Any:
        raise NotImplementedError

    def _forget(self) -> None:
        raise NotImplementedError

    def _take(self, result: Result) -> None:
        raise NotImplementedError

    def _bound(self, query: Any, values: Any) -> bytes:
        raise NotImplementedError


def _quote_column(name: Any) -> str:
    if not isinstance(name, str):
        raise TypeError(f"Expected bytes or unicode string, got {type(name).__name__} instead")
    return quote_name(name)


def _need(file: Any, method: str, position: int) -> None:
    if not hasattr(file, method):
        raise TypeError(f"argument {position} must have a .{method}() method")


def _takes_text(file: Any) -> bool:
    """As psycopg2 finds out: what is a TextIOBase takes `str`, all else bytes."""
    import io

    return isinstance(file, io.TextIOBase)
