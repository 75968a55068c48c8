"""Django's choices, known by what they have: Django need not be there."""

from __future__ import annotations

import enum
from typing import Any


def is_choices(value: Any) -> bool:
    """Tells whether something is a class such as Django's `TextChoices`."""
    return isinstance(value, type) and issubclass(value, enum.Enum) and hasattr(value, "choices") and bool(list(value))
