"""What a QuerySet or a SQLAlchemy statement is compiled to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class CompiledQuery:
    """A query's SQL, with `$1`, `$2`, … for values and symbols, and the keys that its use of parents' symbols tells."""

    text: str
    params: Sequence[Any]
    parent_keys: tuple[str, ...] = ()
    child_keys: tuple[str, ...] = ()


KEY = "puff_key_"
"""Begins the names of columns that are selected to correlate rows."""
