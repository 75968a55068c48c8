"""What is known of a connection."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from psycopg2._client.session import Session


class ConnectionInfo:
    """Details of a connection, as libpq gives them."""

    def __init__(self, conn: Session, /) -> None:
        self._conn = conn

    @property
    def dbname(self) -> str | None:
        """The database's name."""
        return self._shown("dbname")

    @property
    def user(self) -> str | None:
        """The user's name."""
        return self._shown("user")

    @property
    def password(self) -> str | None:
        """The password, empty where none was given."""
        return self._conn._given.get("password", "") if self._open else None

    @property
    def host(self) -> str | None:
        """The server's host, or the folder of its socket."""
        return self._shown("host")

    @property
    def port(self) -> int | None:
        """The server's port."""
        return int(self._shown("port") or 5432) if self._open else None

    @property
    def options(self) -> str | None:
        """Options given to the server."""
        return (self._shown("options") or "") if self._open else None

    @property
    def dsn_parameters(self) -> dict[str, str]:
        """The keywords that the connection was made with, and their defaults; not the password."""
        return self._conn.get_dsn_parameters()

    @property
    def status(self) -> int:
        """0: it is well; 1: it is not."""
        return 0 if self._open else 1

    @property
    def transaction_status(self) -> int:
        """One of the TRANSACTION_STATUS_ constants."""
        return self._conn.get_transaction_status() if self._open else 4

    @property
    def protocol_version(self) -> int:
        """The version of the Postgres protocol."""
        return 3 if self._open else 0

    @property
    def server_version(self) -> int:
        """The server's version, such as 150002."""
        return self._conn.server_version if self._open else 0

    @property
    def error_message(self) -> str | None:
        """The last statement's error; None: there was none."""
        return self._conn._error_message if self._open else "connection pointer is NULL\n"

    @property
    def socket(self) -> int:
        """The same as `fileno()` of the connection; -1 where it is closed."""
        return self._conn.fileno() if self._open else -1

    @property
    def backend_pid(self) -> int:
        """The server's process."""
        return self._conn.get_backend_pid() if self._open else 0

    @property
    def needs_password(self) -> bool:
        """Whether a password was missing: then there would be no connection."""
        return False

    @property
    def used_password(self) -> bool:
        """Whether a password was given."""
        return self._open and "password" in self._conn._given

    @property
    def ssl_in_use(self) -> bool:
        """Whether the connection is encrypted."""
        return self._shown("ssl") == "true"

    def ssl_attribute(self, name: str) -> str | None:
        """Nothing is known of the encryption."""
        del name

    @property
    def ssl_attribute_names(self) -> list[str]:
        """Nothing is known of the encryption."""
        return []

    def parameter_status(self, name: str) -> str | None:
        """A parameter of the session that the server reports, such as `TimeZone`."""
        return self._conn.get_parameter_status(name) if self._open else None

    @property
    def _open(self) -> bool:
        return not self._conn.closed

    def _shown(self, keyword: str) -> str | None:
        return self._conn.get_dsn_parameters().get(keyword) if self._open else None


ConnectionInfo.__module__ = "psycopg2.extensions"
