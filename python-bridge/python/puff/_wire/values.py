"""Python values as they cross the bridge: the wire values of leaves, and errors."""

from __future__ import annotations

import datetime
import decimal
import enum
import json
import math
import os
import re
import traceback
import uuid
from collections.abc import Callable, Iterable, Mapping
from types import FunctionType
from typing import Any

from puff._errors import ArgumentProblem, Error, PlanError, ValueProblem
from puff._runtime.modules import PACKAGE
from puff._wire import oids
from puff._wire.scalars import interval_text

_UTC = datetime.UTC
_MAX_SAFE = 2**53 - 1


def leaf(value: Any) -> Any:
    """Gives the wire value of a scalar, an enum's member, JSON or a list of them.

    Args:
        value: The Python value.

    Returns:
        What `json.dumps` takes.

    Raises:
        ValueProblem: The value has no form in a response.

    Example:
        >>> leaf([1, datetime.date(2024, 5, 1)])
        [1, {'t': (1082, '2024-05-01')}]
    """
    writer = WRITERS.get(type(value)) or _inherited(type(value))
    return writer(value)


def json_leaf(value: Any) -> Any:
    """Gives the wire value of a field whose type is JSON."""
    if value is None:
        return None
    try:
        text = json.dumps(value, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ValueProblem(f"the value is not JSON: {error}") from None
    # JavaScript would round an int beyond 2^53: such JSON crosses as text.
    return {"t": (oids.JSON, text)} if _has_many_digits(text) else {"j": value}


_has_many_digits = re.compile(r"\d{16}").search


def _inherited(cls: type) -> Callable[[Any], Any]:
    if issubclass(cls, enum.Enum):
        writer: Callable[[Any], Any] | None = _write_enum
    else:
        writer = next((WRITERS[base] for base in cls.__mro__ if base in WRITERS), None)
    if writer is None and issubclass(cls, Iterable):
        writer = _write_list
    if writer is None:
        raise ValueProblem(
            f"a {cls.__name__} is not a scalar: return a str, number, bool, date, time, UUID, bytes, dict or Enum, "
            "or give the field's type to graphql.scalar"
        )
    WRITERS[cls] = writer
    return writer


def _write_int(value: int) -> Any:
    value = int(value)
    if -_MAX_SAFE <= value <= _MAX_SAFE:
        return value
    return {"t": (oids.INT8 if -(2**63) <= value < 2**63 else oids.NUMERIC, str(value))}


def _write_float(value: float) -> Any:
    value = float(value)
    if math.isfinite(value):
        return value
    return {"t": (oids.FLOAT8, "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity")}


def _write_enum(value: enum.Enum) -> Any:
    return leaf(value.value)


def _write_decimal(value: decimal.Decimal) -> Any:
    if value.is_nan():
        return {"t": (oids.NUMERIC, "NaN")}
    return {"t": (oids.NUMERIC, format(value, "f") if value.is_finite() else str(value))}


def _write_datetime(value: datetime.datetime) -> Any:
    if value.tzinfo is None:
        return {"t": (oids.TIMESTAMP, _trimmed(value.isoformat(" "), value.microsecond))}
    moment = value.astimezone(_UTC).replace(tzinfo=None)
    return {"t": (oids.TIMESTAMPTZ, _trimmed(moment.isoformat(" "), moment.microsecond) + "+00")}


def _trimmed(text: str, microsecond: int) -> str:
    """Cuts the zeros that end a fraction, as Postgres does."""
    return text.rstrip("0") if microsecond else text


def _write_time(value: datetime.time) -> Any:
    if value.tzinfo is None:
        return {"t": (oids.TIME, _trimmed(value.isoformat(), value.microsecond))}
    offset = value.replace(hour=0, minute=0, second=0, microsecond=0).isoformat()[8:].removesuffix(":00")
    return {"t": (oids.TIMETZ, _trimmed(value.replace(tzinfo=None).isoformat(), value.microsecond) + offset)}


def _write_bytes(value: bytes | bytearray | memoryview) -> Any:
    return {"t": (oids.BYTEA, "\\x" + bytes(value).hex())}


def _write_list(values: Iterable[Any]) -> Any:
    return [leaf(item) for item in values]


def _same(value: Any) -> Any:
    return value


WRITERS: dict[type, Callable[[Any], Any]] = {
    type(None): _same,
    bool: _same,
    str: str.__str__,
    int: _write_int,
    float: _write_float,
    decimal.Decimal: _write_decimal,
    datetime.datetime: _write_datetime,
    datetime.date: lambda value: {"t": (oids.DATE, value.isoformat())},
    datetime.time: _write_time,
    datetime.timedelta: lambda value: {"t": (oids.INTERVAL, interval_text(value))},
    uuid.UUID: lambda value: {"t": (oids.UUID, str(value))},
    bytes: _write_bytes,
    bytearray: _write_bytes,
    memoryview: _write_bytes,
    dict: json_leaf,
    list: _write_list,
    tuple: _write_list,
    set: _write_list,
    frozenset: _write_list,
    range: _write_list,
}
"""By class; the classes of values met since are added."""

SCALARS = frozenset(cls for cls, writer in WRITERS.items() if writer not in (json_leaf, _write_list))
"""Classes of scalars, which are sent along with what was selected."""

_STANDARD_LIBRARY = os.path.dirname(os.__file__) + os.sep


def wire_error(error: BaseException, *, hint: str | None = None, resolver: Callable[..., Any] | None = None) -> Any:
    """Gives the form in which an exception crosses the bridge.

    Args:
        error: The exception.
        hint: A sentence to be added to its message.
        resolver: Where to point when no frame of the user's raised it.

    Returns:
        A wire error, whose traceback leaves out the frames of this package.
    """
    message = str(error) or type(error).__name__
    if hint is not None:
        message = f"{message}. {hint}"
    safe = isinstance(error, Error | ArgumentProblem)
    code = error.code if isinstance(error, PlanError | ValueProblem | ArgumentProblem) else None
    return {
        "type": type(error).__name__,
        "message": message,
        "traceback": traceback_text(error, resolver),
        "code": code,
        "safe": safe,
        "extensions": _json_extensions(error.extensions) if isinstance(error, Error) else None,
        **_refused_by(error),
    }


def _refused_by(error: BaseException) -> dict[str, str]:
    """Names the constraint by which the database refused a row, as psycopg2 has it; Django raises its own from that."""
    for one in (error, error.__cause__):
        name: Any = getattr(getattr(one, "diag", None), "constraint_name", None)
        if isinstance(name, str):
            return {"constraint": name}
    return {}


def traceback_text(error: BaseException, resolver: Callable[..., Any] | None = None) -> str:
    """Prints an exception's traceback without the frames of this package and of the import system."""
    summary = traceback.TracebackException.from_exception(error, limit=-50, compact=True)
    seen: set[int] = set()
    _strip(summary, seen)
    if not summary.stack and isinstance(resolver, FunctionType):
        code = resolver.__code__
        frame = traceback.FrameSummary(code.co_filename, code.co_firstlineno, code.co_name)
        summary.stack = traceback.StackSummary.from_list([frame])
    return "".join(summary.format())


def user_frame(error: BaseException) -> traceback.FrameSummary | None:
    """Gives the innermost frame that is the user's, and not the standard library's."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not is_own(frame.filename)]
    users = [frame for frame in frames if not _is_standard(frame.filename)]
    return (users or frames or [None])[-1]


def _is_standard(filename: str) -> bool:
    packages = f"{os.sep}site-packages{os.sep}"
    return filename.startswith("<") or (filename.startswith(_STANDARD_LIBRARY) and packages not in filename)


def is_own(filename: str) -> bool:
    """Tells whether a file is part of this package or of the import system."""
    return filename.startswith((PACKAGE, "<frozen importlib")) or "/importlib/" in filename


def _strip(summary: traceback.TracebackException, seen: set[int]) -> None:
    if id(summary) in seen:
        return
    seen.add(id(summary))
    kept = [frame for frame in summary.stack if not is_own(frame.filename)]
    summary.stack = traceback.StackSummary.from_list(kept)
    for inner in (summary.__cause__, summary.__context__, *(getattr(summary, "exceptions", None) or ())):
        if inner is not None:
            _strip(inner, seen)


def _json_extensions(extensions: Mapping[str, Any] | None) -> Any:
    try:
        return None if extensions is None else json.loads(json.dumps(extensions, allow_nan=False))
    except (TypeError, ValueError):
        return {"extensions": repr(extensions)}
