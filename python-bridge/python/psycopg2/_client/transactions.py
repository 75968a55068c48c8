"""How a connection's transactions begin and end."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from psycopg2._protocol.base import BaseConnection
from psycopg2._protocol.exceptions import InterfaceError, NotSupportedError, ProgrammingError

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from psycopg2._protocol.wire import Link

ISOLATION_LEVEL_AUTOCOMMIT = 0
ISOLATION_LEVEL_READ_COMMITTED = 1
ISOLATION_LEVEL_REPEATABLE_READ = 2
ISOLATION_LEVEL_SERIALIZABLE = 3
ISOLATION_LEVEL_READ_UNCOMMITTED = 4
ISOLATION_LEVEL_DEFAULT = None

STATUS_SETUP = 0
STATUS_READY = 1
STATUS_BEGIN = 2
STATUS_SYNC = 3
STATUS_ASYNC = 4
STATUS_PREPARED = 5
STATUS_IN_TRANSACTION = STATUS_BEGIN

_LEVELS = {1: "READ COMMITTED", 2: "REPEATABLE READ", 3: "SERIALIZABLE", 4: "READ UNCOMMITTED"}
_ACCESS = {None: "", True: " READ ONLY", False: " READ WRITE"}
_DEFERRABLE = {None: "", True: " DEFERRABLE", False: " NOT DEFERRABLE"}
_GUC = {None: "DEFAULT", True: "'on'", False: "'off'"}
_KEEP: Any = object()


class Transactions(BaseConnection):
    """The part of a connection that is about transactions."""

    status = STATUS_SETUP
    _link: Link | None = None
    _autocommit = False
    _isolation: int | None = None
    _readonly: bool | None = None
    _deferrable: bool | None = None
    _entered = False
    #: How many transactions have ended: a named cursor lives no longer than its own.
    _ended = 0
    #: Held for a statement, and for what must not be torn apart.
    _lock: threading.RLock

    def commit(self) -> None:
        """Ends the transaction, if there is one, and keeps what it did."""
        self._check_open()
        self._end("COMMIT")

    def rollback(self) -> None:
        """Ends the transaction, if there is one, and undoes what it did."""
        self._check_open()
        self._end("ROLLBACK")

    def set_session(
        self,
        isolation_level: int | str | None = _KEEP,
        readonly: bool | str | None = _KEEP,
        deferrable: bool | str | None = _KEEP,
        autocommit: bool = _KEEP,
    ) -> None:
        """Sets how the next transactions begin; what is None, or left out, stays."""
        self._check_open()
        self._check_idle()
        self._configure(
            _KEEP if autocommit in {_KEEP, None} else bool(autocommit),
            _KEEP if isolation_level in {_KEEP, None} else _level(isolation_level),
            _KEEP if readonly in {_KEEP, None} else _flag(readonly),
            _KEEP if deferrable in {_KEEP, None} else _flag(deferrable),
        )

    @property
    def autocommit(self) -> bool:
        """Whether each statement is a transaction of its own."""
        return self._autocommit

    @autocommit.setter
    def autocommit(self, value: Any) -> None:
        self._check_open()
        self._check_idle()
        self._configure(bool(value))

    @property
    def isolation_level(self) -> int | None:
        """The level of the next transactions; None: the server's default."""
        return self._isolation

    @isolation_level.setter
    def isolation_level(self, value: int | str | None) -> None:
        self._check_open()
        self._check_idle()
        self._configure(isolation=_level(value))

    @property
    def readonly(self) -> bool | None:
        """Whether the next transactions may only read; None: the server's default."""
        return self._readonly

    @readonly.setter
    def readonly(self, value: bool | str | None) -> None:
        self._check_open()
        self._check_idle()
        self._configure(readonly=_flag(value))

    @property
    def deferrable(self) -> bool | None:
        """Whether the next transactions wait for a snapshot that can't conflict; None: the server's default."""
        return self._deferrable

    @deferrable.setter
    def deferrable(self, value: bool | str | None) -> None:
        self._check_open()
        self._check_idle()
        self._configure(deferrable=_flag(value))

    def set_isolation_level(self, level: int | None, /) -> None:
        """Ends the transaction, and sets the next ones' level; 0 turns autocommit on."""
        self._check_open()
        if level is not None and not isinstance(level, int):
            # psycopg2 uses its default for all that is not a number.
            level = ISOLATION_LEVEL_READ_COMMITTED
        if level is not None and not 0 <= level <= 4:
            raise ValueError("isolation level must be between 0 and 4")
        self._end("ROLLBACK")
        if level == 0:
            self._configure(True)
        else:
            self._configure(False, level)

    def __enter__(self) -> Self:
        self._check_open()
        if self._entered:
            raise ProgrammingError("the connection cannot be re-entered recursively")
        self._entered = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._entered = False
        if kind is None:
            self.commit()
        else:
            self.rollback()

    def tpc_begin(self, xid: Any) -> None:
        """Two-phase commit is not supported."""
        raise _no_two_phase()

    def tpc_prepare(self) -> None:
        """Two-phase commit is not supported."""
        raise _no_two_phase()

    def tpc_commit(self, xid: Any = None) -> None:
        """Two-phase commit is not supported."""
        raise _no_two_phase()

    def tpc_rollback(self, xid: Any = None) -> None:
        """Two-phase commit is not supported."""
        raise _no_two_phase()

    def tpc_recover(self) -> list[Any]:
        """Two-phase commit is not supported."""
        raise _no_two_phase()

    def xid(self, format_id: int, gtrid: str, bqual: str) -> Any:
        """Two-phase commit is not supported."""
        raise _no_two_phase()

    def _begin_text(self) -> bytes | None:
        """What is to run before the next statement; None: nothing."""
        if self.status != STATUS_READY or (self._autocommit and not self._entered):
            return None
        if self._autocommit:
            # The session has the settings.
            return b"BEGIN"
        level = "" if self._isolation is None else f" ISOLATION LEVEL {_LEVELS[self._isolation]}"
        return f"BEGIN{level}{_ACCESS[self._readonly]}{_DEFERRABLE[self._deferrable]}".encode()

    def _end(self, command: str) -> None:
        with self._lock:
            if self.status == STATUS_BEGIN:
                self._ended += 1
                try:
                    self._run_command(command)
                finally:
                    self.status = STATUS_READY
                return
        if threading.active_count() > 1:
            # Nothing was waited for: a thread that calls this over and over would keep the others from going on.
            time.sleep(0)

    def _configure(
        self,
        autocommit: bool = _KEEP,
        isolation: int | None = _KEEP,
        readonly: bool | None = _KEEP,
        deferrable: bool | None = _KEEP,
    ) -> None:
        wanted = {"isolation": isolation, "read_only": readonly, "deferrable": deferrable}
        current = {"isolation": self._isolation, "read_only": self._readonly, "deferrable": self._deferrable}
        on = self._autocommit if autocommit is _KEEP else autocommit
        for name, value in wanted.items():
            # Without autocommit, BEGIN says it. As with psycopg2, autocommit alone tells the session nothing of it.
            if on and value is not _KEEP:
                self._run_command(f"SET default_transaction_{name} TO {_setting(value)}")
            elif self._autocommit and not on and current[name] is not None:
                self._run_command(f"SET default_transaction_{name} TO DEFAULT")
        self._autocommit = on
        self._isolation = self._isolation if isolation is _KEEP else isolation
        self._readonly = self._readonly if readonly is _KEEP else readonly
        self._deferrable = self._deferrable if deferrable is _KEEP else deferrable

    def _check_idle(self) -> None:
        if self.status != STATUS_READY:
            raise ProgrammingError("set_session cannot be used inside a transaction")

    def _check_open(self) -> Link:
        if self._link is None or self._link.lost:
            raise InterfaceError("connection already closed")
        return self._link

    def _run_command(self, command: str) -> None:
        raise NotImplementedError


def _setting(value: Any) -> str:
    return f"'{_LEVELS[value]}'" if type(value) is int else _GUC[value]


def _level(value: Any) -> int | None:
    if value is None:
        return None
    if isinstance(value, int):
        if not 1 <= value <= 4:
            raise ValueError("isolation_level must be between 1 and 4")
        return int(value)
    text = value.decode() if isinstance(value, bytes) else value
    if not isinstance(text, str):
        raise TypeError(f"Expected bytes or unicode string, got {type(value).__name__} instead")
    if text.upper() == "DEFAULT":
        return None
    for level, name in _LEVELS.items():
        if text.upper() == name:
            return level
    raise ValueError(f"bad value for isolation_level: '{text}'")


def _flag(value: Any) -> bool | None:
    if value is None:
        return None
    text = value.decode() if isinstance(value, bytes) else value
    if isinstance(text, str):
        if text.upper() == "DEFAULT":
            return None
        raise ValueError("the only string accepted is 'default'; got " + text)
    return bool(value)


def _no_two_phase() -> NotSupportedError:
    return NotSupportedError("two-phase commit is not supported here")
