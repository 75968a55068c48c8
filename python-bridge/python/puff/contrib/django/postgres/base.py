"""What Django takes from a backend."""

from django.db.backends.postgresql.base import (  # pyright: ignore[reportMissingImports]  # Django is the user's own
    DatabaseWrapper,  # pyright: ignore[reportUnknownVariableType]
)

__all__ = ["DatabaseWrapper"]
