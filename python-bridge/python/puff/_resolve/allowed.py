"""Whether a caller may have a field."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from puff._errors import Error
from puff._schema.guard import DENIED

if TYPE_CHECKING:
    from puff._plans.context import Context
    from puff._schema.runtime import Resolver
    from puff._types.markers import FieldOptions


def is_allowed(options: FieldOptions | None, context: Context) -> bool:
    """Asks who may have a field.

    Raises:
        Error: The caller may not, and is told so.
    """
    if options is None or options.allow is None or options.allow(context):
        return True
    if not options.silent:
        raise Error(DENIED, extensions={"code": "PUFF_PERMISSION_DENIED"})
    return False


def silence(resolver: Resolver) -> Any:
    """Gives what is in the place of a field that the caller may not have, and is not told of."""
    return None if resolver.type.item is None else []
