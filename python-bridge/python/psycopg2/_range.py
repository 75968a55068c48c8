"""Ranges."""

from __future__ import annotations

from functools import total_ordering
from typing import Any


@total_ordering
class Range:
    """A range of values.

    Args:
        lower: Its lower bound; None: it has none.
        upper: Its upper bound; None: it has none.
        bounds: Whether the bounds belong to it: `[)`, `(]`, `()` or `[]`.
        empty: It holds nothing.
    """

    __slots__ = ("_bounds", "_lower", "_upper")

    def __init__(self, lower: Any = None, upper: Any = None, bounds: str = "[)", empty: bool = False) -> None:
        self._lower: Any = None
        self._upper: Any = None
        self._bounds: str | None = None
        if empty:
            return
        if bounds not in {"[)", "(]", "()", "[]"}:
            raise ValueError(f"bound flags not valid: {bounds!r}")
        self._lower = lower
        self._upper = upper
        self._bounds = bounds

    @property
    def lower(self) -> Any:
        """The lower bound; None: there is none, or the range is empty."""
        return self._lower

    @property
    def upper(self) -> Any:
        """The upper bound; None: there is none, or the range is empty."""
        return self._upper

    @property
    def isempty(self) -> bool:
        """Whether it holds nothing."""
        return self._bounds is None

    @property
    def lower_inf(self) -> bool:
        """Whether it has no lower bound."""
        return self._bounds is not None and self._lower is None

    @property
    def upper_inf(self) -> bool:
        """Whether it has no upper bound."""
        return self._bounds is not None and self._upper is None

    @property
    def lower_inc(self) -> bool:
        """Whether the lower bound belongs to it."""
        return self._bounds is not None and self._lower is not None and self._bounds[0] == "["

    @property
    def upper_inc(self) -> bool:
        """Whether the upper bound belongs to it."""
        return self._bounds is not None and self._upper is not None and self._bounds[1] == "]"

    def __contains__(self, x: Any) -> bool:
        if self._bounds is None:
            return False
        if self._lower is not None and (x < self._lower or (x == self._lower and self._bounds[0] == "(")):
            return False
        return self._upper is None or x < self._upper or (x == self._upper and self._bounds[1] == "]")

    def __bool__(self) -> bool:
        return self._bounds is not None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Range) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, Range):
            return NotImplemented
        # What is None comes before all else, as an empty range does.
        for mine, its in zip(self._key(), other._key(), strict=True):
            if mine == its:
                continue
            if mine is None or its is None:
                return mine is None
            return mine < its
        return False

    def __repr__(self) -> str:
        if self._bounds is None:
            return f"{type(self).__name__}(empty=True)"
        return f"{type(self).__name__}({self._lower!r}, {self._upper!r}, {self._bounds!r})"

    def __str__(self) -> str:
        if self._bounds is None:
            return "empty"
        return f"{self._bounds[0]}{self._lower}, {self._upper}{self._bounds[1]}"

    def __getstate__(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in Range.__slots__}

    def __setstate__(self, state: dict[str, Any]) -> None:
        for name, value in state.items():
            setattr(self, name, value)

    def _key(self) -> tuple[Any, Any, str | None]:
        return self._lower, self._upper, self._bounds


class NumericRange(Range):
    """A range of numbers: `int4range`, `int8range`, `numrange`."""


class DateRange(Range):
    """A range of dates: `daterange`."""


class DateTimeRange(Range):
    """A range of moments without a time zone: `tsrange`."""


class DateTimeTZRange(Range):
    """A range of moments: `tstzrange`."""
