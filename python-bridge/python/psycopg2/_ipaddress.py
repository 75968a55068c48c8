"""Network addresses."""

from __future__ import annotations

import ipaddress
from typing import Any

from psycopg2._read.typecasters import Typecaster, new_array_type, new_type
from psycopg2._types.registering import register_scope
from psycopg2._write.adapters import ISQLQuote, QuotedString, register_adapter


class Inet:
    """Writes a text as an address of type `inet`."""

    def __init__(self, addr: Any) -> None:
        self.addr = addr
        self._conn: Any = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.addr!r})"

    def __conform__(self, proto: Any) -> Any:
        return self if proto is ISQLQuote else None

    def prepare(self, conn: Any) -> None:
        """Keeps the connection."""
        self._conn = conn

    def getquoted(self) -> bytes:
        """The literal."""
        if self.addr is None:
            return b"NULL::inet"
        text = QuotedString(self.addr)
        if self._conn is not None:
            text.prepare(self._conn)
        return text.getquoted() + b"::inet"

    def __str__(self) -> str:
        return str(self.addr)


def register_inet(oid: int | tuple[int, int] | list[int] | None = None, conn_or_curs: Any = None) -> Typecaster:
    """Has `inet` read as :class:`Inet`."""
    import warnings

    warnings.warn("the inet adapter is deprecated, it's not very useful", DeprecationWarning, stacklevel=2)
    if oid is None:
        one, many = 869, 1041
    elif isinstance(oid, int):
        one, many = oid, 1041
    else:
        one, many = oid
    caster = new_type((one,), "INET", lambda text, _: Inet(text) if text else None)
    register_scope((caster, new_array_type((many,), "INETARRAY", caster)), conn_or_curs)
    return caster


def register_ipaddress(conn_or_curs: Any = None) -> None:
    """Has `inet` and `cidr` read as objects of the module `ipaddress`, and such objects written.

    Args:
        conn_or_curs: Where they are read so; None: everywhere.
    """
    for oid, array_oid, name, cast in ((869, 1041, "INET", _interface), (650, 651, "CIDR", _network)):
        caster = new_type((oid,), name, cast)
        register_scope((caster, new_array_type((array_oid,), f"{name}[]", caster)), conn_or_curs)
    for kind in (
        ipaddress.IPv4Interface,
        ipaddress.IPv6Interface,
        ipaddress.IPv4Network,
        ipaddress.IPv6Network,
    ):
        register_adapter(kind, adapt_ipaddress)


def adapt_ipaddress(obj: Any) -> QuotedString:
    """Writes an address or network as its text."""
    return QuotedString(str(obj))


def _interface(text: str | None, cur: Any) -> Any:
    del cur
    return None if text is None else ipaddress.ip_interface(text)


def _network(text: str | None, cur: Any) -> Any:
    del cur
    return None if text is None else ipaddress.ip_network(text)
