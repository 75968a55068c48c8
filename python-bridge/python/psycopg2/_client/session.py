"""A connection's session with the server: its statements, what the server reports of it, and its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from puff._cooperative import _select

from psycopg2._client.messages import error_of, write_report
from psycopg2._client.notify import Notify
from psycopg2._client.transactions import STATUS_BEGIN, Transactions
from psycopg2._protocol import encodings
from psycopg2._protocol.exceptions import ProgrammingError
from psycopg2._protocol.waiting import wait
from psycopg2._write import literals

if TYPE_CHECKING:
    from psycopg2._protocol.wire import Link, Result
    from psycopg2._read.typecasters import Typecaster

#: Notices kept.
_NOTICES = 50
_STATUSES = {"I": 0, "A": 1, "T": 2, "E": 3}
_UNKNOWN = 4


class Session(Transactions):
    """The part of a connection that its cursors need."""

    string_types: dict[int, Typecaster]
    binary_types: dict[int, Typecaster]
    notices: Any
    notifies: Any
    _closed = 2
    _error_message: str | None = None
    _given: dict[str, str]
    _encoding = "UTF8"
    _executing = False
    _sends_utf8 = True
    _server_version = 0

    def close(self) -> None:
        """Ends it; its transaction is rolled back."""
        link, self._link = self._link, None
        if link is not None:
            self._closed = 1
            link.close()

    @property
    def closed(self) -> int:
        """0: it is open; 1: it was closed; 2: something horrible happened."""
        if self._link is not None and self._link.lost:
            return 2
        return self._closed if self._link is None else 0

    def get_parameter_status(self, parameter: str) -> str | None:
        """A parameter of the session that the server reports, such as `server_version`."""
        return self._check_open().parameters.get(parameter)

    def get_transaction_status(self) -> int:
        """One of the TRANSACTION_STATUS_ constants."""
        link = self._link
        if link is None or link.lost:
            return _UNKNOWN
        return 1 if self._executing else _STATUSES.get(link.status, _UNKNOWN)

    def get_dsn_parameters(self) -> dict[str, str]:
        """The keywords that it was made with, and their defaults; not the password."""
        return dict(self._check_open().shown)

    def get_backend_pid(self) -> int:
        """The server's process."""
        return self._check_open().pid

    @property
    def server_version(self) -> int:
        """The server's version, such as 150002."""
        return self._server_version

    def fileno(self) -> int:
        """Stands for its socket in `select.select`, which waits for notifications; no system call knows it."""
        return _select.descriptor_of(self._check_open().handle)

    def _query(self, text: bytes, cursor: Any, *, begin: bool = True) -> Result:
        """Runs a statement, in a transaction where one is due. What is wrong is raised."""
        with self._lock:
            link = self._check_open()
            opening = self._begin_text() if begin else None
            self._executing = True
            try:
                # As a text of C, it ends with the first NUL.
                sent = text.partition(b"\0")[0]
                result = link.query(sent) if opening is None else link.query(opening, sent)
            finally:
                self._executing = False
            if opening is not None and result.kind != "lost":
                self.status = STATUS_BEGIN
            return self._settle(link, result, text, cursor)

    def _settle(self, link: Link, result: Result, text: bytes, cursor: Any) -> Result:
        self._take_news(link)
        self._error_message = None
        if result.kind == "empty":
            raise ProgrammingError("can't execute an empty query")
        if result.kind in {"error", "lost"}:
            if result.fields is not None:
                result.fields = {letter: self._decode(value) for letter, value in result.fields.items()}
            error = error_of(result, text.decode(self._codec, "replace"), cursor)
            self._error_message = error.pgerror or str(error)
            raise error
        self._wait()
        return result

    def _wait(self) -> None:
        try:
            wait(self)
        except BaseException:
            self.close()
            raise

    def _run_command(self, command: str) -> None:
        self._query(command.encode(), None, begin=False)

    def _take_news(self, link: Link) -> None:
        if link.notices:
            for fields in link.notices:
                decoded = {letter: self._decode(value) for letter, value in fields.items()}
                if hasattr(self.notices, "append"):
                    self.notices.append(write_report(decoded, None, notice=True))
            link.notices.clear()
            if isinstance(self.notices, list):
                del self.notices[:-_NOTICES]
        if link.notifies:
            for pid, channel, payload in link.notifies:
                if hasattr(self.notifies, "append"):
                    self.notifies.append(Notify(pid, self._decode(channel), self._decode(payload)))
            link.notifies.clear()
        if link.changed:
            self._take_parameters()
            link.changed = False

    def _decode(self, text: str) -> str:
        # The host makes a character of each byte where Postgres speaks another encoding.
        sent = "utf_8" if self._sends_utf8 else "latin1"
        return text if sent == self._codec else text.encode(sent, "replace").decode(self._codec, "replace")

    def _take_parameters(self) -> None:
        parameters = self._check_open().parameters
        self._sends_utf8 = parameters.get("client_encoding", "UTF8") == "UTF8"
        self._server_version = _version_number(parameters.get("server_version", "0"))
        self._standard_strings = parameters.get("standard_conforming_strings", "on") == "on"
        literals.remember(standard_strings=self._standard_strings)

    def _read_encoding(self) -> None:
        """Takes the session's encoding. As with psycopg2, one that was set by a statement goes unnoticed."""
        encoding = self._check_open().parameters.get("client_encoding", "UTF8")
        self._codec = encodings.codec_of(encoding)
        self._encoding = encodings.clean_name(encoding)


def _version_number(text: str) -> int:
    numbers = [int("".join(filter(str.isdigit, part)) or 0) for part in text.split(" ", maxsplit=1)[0].split(".")]
    major, minor, patch = (*numbers, 0, 0)[:3]
    return major * 10_000 + minor if major >= 10 else major * 10_000 + minor * 100 + patch
