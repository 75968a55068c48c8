"""UUIDs."""

from __future__ import annotations

import uuid
from typing import Any

from psycopg2._read.typecasters import Typecaster, new_array_type, new_type
from psycopg2._types.registering import register_scope
from psycopg2._write.adapters import ISQLQuote, register_adapter


class UUID_adapter:  # noqa: N801 - psycopg2's name
    """Writes a UUID."""

    def __init__(self, uuid: uuid.UUID) -> None:
        self._uuid = uuid

    def __conform__(self, proto: Any) -> Any:
        return self if proto is ISQLQuote else None

    def getquoted(self) -> bytes:
        """The literal."""
        return f"'{self._uuid}'::uuid".encode()

    def __str__(self) -> str:
        return f"'{self._uuid}'::uuid"


def register_uuid(oids: int | tuple[int, int] | list[int] | None = None, conn_or_curs: Any = None) -> Typecaster:
    """Has `uuid` read as `uuid.UUID`, and such objects written.

    Args:
        oids: Those of the type and of its arrays, where they are not Postgres's own.
        conn_or_curs: Where; None: everywhere.

    Returns:
        The caster.
    """
    if oids is None:
        oid, array_oid = 2950, 2951
    elif isinstance(oids, int):
        oid, array_oid = oids, 2951
    else:
        oid, array_oid = oids
    caster = new_type((oid,), "UUID", lambda text, _: None if text is None else uuid.UUID(text))
    register_scope((caster, new_array_type((array_oid,), "UUID[]", caster)), conn_or_curs)
    register_adapter(uuid.UUID, UUID_adapter)
    return caster
