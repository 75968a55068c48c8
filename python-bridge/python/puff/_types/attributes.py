"""Attributes of a class that say something of a field: its instances are not given them."""

from __future__ import annotations

import dataclasses
import sys
from dataclasses import MISSING
from typing import Any


class DescribedField(dataclasses.Field[Any]):
    """A default of an attribute that makes it no field of the dataclass's instances."""

    def __init__(self) -> None:
        doc: dict[str, Any] = {"doc": None} if sys.version_info >= (3, 14) else {}
        super().__init__(
            default=MISSING,
            default_factory=MISSING,  # type: ignore[arg-type]  # as dataclasses.field() gives it
            init=False,
            repr=False,
            hash=False,
            compare=False,
            metadata={},
            kw_only=False,
            **doc,
        )
