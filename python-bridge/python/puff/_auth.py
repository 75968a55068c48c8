"""What `Schema.auth` is given."""

from __future__ import annotations

from typing import Any


class Headers(dict[str, str]):
    """A request's headers. Names are lower-case, and looked up in any case.

    Example:
        >>> Headers({"x-user": "1"})["X-User"]
        '1'
    """

    def __getitem__(self, name: str) -> str:
        """Gives a header's value."""
        return super().__getitem__(name.lower())

    def __contains__(self, name: object) -> bool:
        """Tells whether the request has a header."""
        return super().__contains__(name.lower() if isinstance(name, str) else name)

    def get(self, name: str, default: Any = None) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Gives a header's value, or the default."""
        return super().get(name.lower(), default)
