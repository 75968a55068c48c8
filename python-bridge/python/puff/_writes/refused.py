"""Why an input was refused, by the path of what it is about."""

from __future__ import annotations

import re
from importlib import import_module
from typing import TYPE_CHECKING, Any

from puff._errors import Error
from puff._types.written import OperationInfo, OperationMessage, OperationMessageKind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Path = tuple[str, ...]
Kind = OperationMessageKind


class Refused(Exception):
    """An input that can't be written.

    Args:
        messages: Why.
        is_final: Whether nothing more can be asked of the database, so that there may be further reasons.
    """

    def __init__(self, messages: Sequence[OperationMessage], *, is_final: bool = False) -> None:
        super().__init__("; ".join(message.message for message in messages))
        self.messages = list(messages)
        self.is_final = is_final

    def as_info(self) -> OperationInfo:
        """Gives the answer of a field that has `OperationInfo`."""
        return OperationInfo(self.messages)

    def as_error(self) -> Error:
        """Gives the error of a field that has not."""
        messages = [
            {"kind": one.kind.name, "field": one.field, "message": one.message, "code": one.code}
            for one in self.messages
        ]
        return Error(str(self), extensions={"code": "PUFF_INPUT_INVALID", "messages": messages})


def refuse(path: Path, message: str, code: str, kind: Kind = Kind.VALIDATION) -> Refused:
    """Says one reason."""
    return Refused([OperationMessage(kind, message, ".".join(path) or None, code)])


def reasons_of(error: Exception, model: Any, path: Path, named: Callable[[str], str]) -> Refused | None:
    """Says in words for clients what Django raised.

    Args:
        error: What it raised.
        model: The model that was written.
        path: Where its input is.
        named: Gives the name that clients know, of a model's field.

    Returns:
        None if it is a mistake rather than a reason for clients.
    """
    exceptions: Any = import_module("django.core.exceptions")
    deletion: Any = import_module("django.db.models.deletion")
    if isinstance(error, exceptions.ValidationError):
        return Refused(_validation(error, path, named))
    if isinstance(error, exceptions.PermissionDenied):
        return refuse(path, str(error) or "Permission denied", "permission_denied", Kind.PERMISSION)
    if isinstance(error, exceptions.ObjectDoesNotExist):
        return refuse(path, str(error), "not_found", Kind.ERROR)
    if isinstance(error, deletion.ProtectedError | deletion.RestrictedError):
        return refuse(path, str(error.args[0]), "protected", Kind.ERROR)
    if model is not None and isinstance(error, import_module("django.db").IntegrityError):
        reason = _constraint(error, model)
        if reason is not None:
            return Refused(_validation(reason, path, named), is_final=True)
    return None


def _validation(error: Any, path: Path, named: Callable[[str], str]) -> list[OperationMessage]:
    general: str = import_module("django.core.exceptions").NON_FIELD_ERRORS
    by_name = error.error_dict if hasattr(error, "error_dict") else {general: error.error_list}
    return [
        OperationMessage(
            Kind.VALIDATION,
            str(text),
            ".".join(path if name == general else (*path, named(name))) or None,
            one.code,
        )
        for name, errors in by_name.items()
        for one in errors
        for text in one.messages
    ]


_KEY = re.compile(r"\((?P<columns>[^()]+)\)=")


def _constraint(error: Exception, model: Any) -> Any:
    """Gives what Django's validation would have said, had the other row been there by then."""
    exceptions: Any = import_module("django.core.exceptions")
    diag: Any = getattr(error.__cause__, "diag", None)
    name = getattr(diag, "constraint_name", None)
    for constraint in model._meta.constraints:  # noqa: SLF001  # Django's documented name
        if constraint.name == name and constraint.violation_error_message != _default_message(constraint):
            return exceptions.ValidationError(constraint.get_violation_error_message(), constraint.violation_error_code)
    found = _KEY.search(getattr(diag, "message_detail", None) or "")
    if getattr(error.__cause__, "pgcode", None) != "23505" or found is None:
        return None
    columns = {column.strip().strip('"') for column in found["columns"].split(",")}
    fields = [field.name for field in model._meta.concrete_fields if field.column in columns]  # noqa: SLF001
    if len(fields) < len(columns):
        return None
    reason = model().unique_error_message(model, tuple(fields))
    return exceptions.ValidationError({fields[0]: [reason]}) if len(fields) == 1 else reason


def _default_message(constraint: Any) -> Any:
    return constraint.default_violation_error_message
