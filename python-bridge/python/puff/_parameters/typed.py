"""A value in Postgres's text format, with its type."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

TypedText: TypeAlias = tuple[int, str | None]
"""An OID, 0 where Postgres is to infer the type, and a text, None for NULL."""


@dataclass(frozen=True)
class Given:
    """A value whose type is known."""

    typed: TypedText

    def __conform__(self, _protocol: object) -> Given:
        """Adapts itself where psycopg2 runs a statement with it."""
        return self

    def getquoted(self) -> bytes:
        """Gives the literal, whose type Postgres infers."""
        text = self.typed[1]
        if text is None:
            return b"NULL"
        quoted = text.replace("'", "''")
        return (f" E'{quoted.replace(chr(92), chr(92) * 2)}'" if "\\" in text else f"'{quoted}'").encode()


def array_text(text: str) -> str:
    """Gives an item as an array's text has it: between quotes where it needs them."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"' if _needs_quotes(text) else text


_needs_quotes = re.compile(r'(?i)^$|["{},\\ \t\n\r\v\f]|^null$').search
