"""The parameters of a statement as they cross the bridge: values and symbols."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeAlias

from puff._parameters.dump import dump
from puff._parameters.typed import Given, TypedText
from puff._symbols.event import EventSymbol
from puff._symbols.parents import ParentColumn
from puff._symbols.value import Symbol
from puff._wire.given import json_bools
from puff._wire.oids import INFER, JSONB

if TYPE_CHECKING:
    from collections.abc import Sequence

Parameter: TypeAlias = TypedText | dict[str, Any]


def to_parameters(values: Sequence[Any]) -> list[Parameter]:
    """Gives the form in which a statement's parameters cross the bridge: see `to_parameter`."""
    parameters = [to_parameter(value) for value in values]
    bools = json_bools()
    if bools is not None:
        for value in (True, False):
            places = [index for index, item in enumerate(values) if item is value]
            is_json = len(places) <= bools.json.count(value) and value not in bools.others
            for index in places if value in bools.json else ():
                # Where it may be JSON's or not, Postgres infers it: both are written alike.
                parameters[index] = (JSONB if is_json else INFER, json.dumps(value))
    return parameters


def to_parameter(value: Any) -> Parameter:
    """Gives the form in which a value crosses the bridge.

    Args:
        value: Any value that psycopg 3 takes, a dict (as jsonb), a tuple or set (as a list), or a parents' symbol.

    Returns:
        `(oid, text)`, where OID 0 lets Postgres infer the type, or a symbol: `{"parent": column}`,
        `{"argument": path, "as": kind}`, `{"claim": path, "as": kind}`, `{"event": path}`,
        or a list with arguments or claims: `{"items": […]}`.

    Raises:
        PlanError: The value has no form in Postgres.

    Example:
        >>> to_parameter(300)
        (23, '300')
    """
    if value is None:
        return (INFER, None)
    if type(value) is Given:
        return value.typed
    if type(value) is ParentColumn:
        return {"parent": value.column}
    if type(value) is EventSymbol:
        return {"event": value.path}
    if type(value) is Symbol:
        return value.parameter
    if type(value) in (list, tuple) and any(type(item) is Symbol for item in value):
        return {"items": [to_parameter(item) for item in value]}
    return dump(value)
