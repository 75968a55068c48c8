"""What stands for a value that a client did not send."""

from __future__ import annotations

from typing import Any, final


@final
class Absent:
    """The class of `ABSENT`. It is false."""

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Any = Absent()
"""The default of an input's attribute that tells an absent value from null.

Example:
    >>> @dataclass
    ... class PostInput:
    ...     title: str | None = ABSENT
"""
