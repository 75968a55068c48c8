"""Which object an input names."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from puff._django.types import model_type_of
from puff._types.nodes import Node
from puff._types.types import type_name


def keys_of(model: Any, texts: list[Any]) -> list[Any]:
    """Gives the keys that an input names objects by: those in global ids, where types of the model have them.

    Args:
        model: The objects' model.
        texts: What the client sent.

    Returns:
        Keys as texts, which the model's field reads; None in the place of a global id of another type.
    """
    names = {type_name(cls) for cls in _subclasses(Node) if _shows(cls, model)}
    return [_key_in(text, names) for text in texts] if names else texts


def _key_in(text: Any, names: set[str]) -> Any:
    """Gives the key in a global id of one of these types."""
    if not isinstance(text, str):
        return text
    try:
        name, separator, key = base64.b64decode(text, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return key if separator and name in names else None


def _shows(cls: type, model: Any) -> bool:
    known = model_type_of(cls)
    return known is not None and known.model is model


def _subclasses(cls: type) -> set[type]:
    direct = set(cls.__subclasses__())
    return direct.union(*map(_subclasses, direct))
