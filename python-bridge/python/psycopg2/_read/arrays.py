"""The texts of arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from puff._wire.arrays import MalformedArray, read_array

from psycopg2._protocol.exceptions import DataError

if TYPE_CHECKING:
    from collections.abc import Callable


def array_cast(apply: Callable[[str | None, Any], Any]) -> Callable[[str | None, Any], Any]:
    """A cast for arrays whose items `apply` casts."""

    def cast(text: str | None, cur: Any) -> list[Any] | None:
        if text is None:
            return None
        return parse_array(text, lambda item: apply(item, cur))

    return cast


def parse_array(text: str, cast: Callable[[str | None], Any]) -> list[Any]:
    """The items of an array, nested ones as lists.

    Raises:
        DataError: It is not an array.
    """
    try:
        return read_array(text, cast, lambda: cast(None))
    except MalformedArray as error:
        raise DataError(str(error)) from None
