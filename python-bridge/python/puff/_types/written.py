"""What users write of a mutation that Python derives from a model."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from puff._types.attributes import DescribedField
from puff._types.markers import ID  # noqa: TC001  # describing the field evaluates its annotation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class OperationMessageKind(enum.Enum):
    """What kind of message it is."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    PERMISSION = "permission"
    VALIDATION = "validation"


@dataclass
class OperationMessage:
    """One reason why an operation was refused."""

    kind: OperationMessageKind
    """The kind of this message."""
    message: str
    """The message, for people."""
    field: str | None = None
    """The input's field that it is about, with dots between the levels; null: all of the input."""
    code: str | None = None
    """The code of the validation, such as `required`."""


@dataclass
class OperationInfo:
    """Why an operation was refused."""

    messages: list[OperationMessage]
    """All reasons."""


@dataclass
class NodeInput:
    """Names an object."""

    id: ID
    """Its ID."""


@dataclass
class OneToOneInput:
    """Links one object."""

    set: ID | None = None
    """The object; null: none."""


@dataclass
class OneToManyInput:
    """Links the one object that a foreign key names."""

    set: ID | None = None
    """The object; null: none."""


@dataclass
class ManyToOneInput:
    """Changes which objects have a foreign key to this one."""

    add: list[ID] | None = None
    """Objects that are linked."""
    remove: list[ID] | None = None
    """Objects that are no longer linked."""
    set: list[ID] | None = None
    """All objects that are linked."""


@dataclass
class ManyToManyInput:
    """Changes the objects that are linked."""

    add: list[ID] | None = None
    """Objects that are linked."""
    remove: list[ID] | None = None
    """Objects that are no longer linked."""
    set: list[ID] | None = None
    """All objects that are linked."""


class Written(DescribedField):
    """The options of a mutation's attribute that writes objects of a model."""

    def __init__(
        self,
        action: Literal["create", "update", "upsert", "delete"],
        input: Any,
        key: str | None,
        most: int,
        allow: Callable[[Any], bool] | None,
        rows: Callable[[Any], Any] | None,
        values: Callable[[Any], Mapping[str, Any]] | None,
    ) -> None:
        super().__init__()
        self.action = action
        self.input = input
        self.key = key
        self.most = most
        self.allow = allow
        self.rows = rows
        self.values = values


def create(
    input: type | str,
    *,
    allow: Callable[[Any], bool] | None = None,
    values: Callable[[Any], Mapping[str, Any]] | None = None,
    max: int = 100,
) -> Any:
    """Makes an attribute of the mutation create an object of a Django model, or several.

    The field's annotation says what it answers: `Question`, `list[Question]`, or either with `| OperationInfo`. The
    field takes the argument `data`: one input, or a list. Each object is checked by `full_clean()` and written by
    `save()`, so that signals are sent, in the field's transaction. The answer is a plan of the rows that were written.

    If the model refuses the input, the answer is an `OperationInfo` where the annotation has it, and else an error with
    the code `PUFF_INPUT_INVALID`. Either way nothing was written.

    Args:
        input: A class decorated with `input_type`, or its name.
        allow: A function of the context that tells whether the caller may. None: every caller may.
        values: A function of the context that gives attributes of the object beside those of the input.
        max: Objects that one request may write, nested ones included.

    Returns:
        A default for the attribute.

    Example:
        >>> @dataclass  # doctest: +SKIP
        ... class Mutation:
        ...     create_question: Question | OperationInfo = create(
        ...         QuestionInput,
        ...         allow=lambda ctx: ctx.auth.user_id is not None,
        ...         values=lambda ctx: {"author_id": ctx.auth.user_id},
        ...     )
    """
    return Written("create", input, None, max, allow, None, values)


def update(
    input: type | str,
    *,
    key: str | None = None,
    allow: Callable[[Any], bool] | None = None,
    rows: Callable[[Any], Any] | None = None,
    values: Callable[[Any], Mapping[str, Any]] | None = None,
    max: int = 100,
) -> Any:
    """Makes an attribute of the mutation change an object of a Django model, or several. See `create`.

    Attributes that the client does not send stay as they are.

    Args:
        input: A class decorated with `partial_type`, or its name.
        key: The input's attribute that says which object it is: a unique field of the model. Default: the primary key.
        allow: A function of the context that tells whether the caller may. None: every caller may.
        rows: A function of the context that gives a QuerySet of the objects that the caller may change; others are not
            found. None: all of the model's default manager.
        values: A function of the context that gives attributes of the object beside those of the input.
        max: Objects that one request may write, nested ones included.

    Returns:
        A default for the attribute.

    Example:
        >>> @dataclass  # doctest: +SKIP
        ... class Mutation:
        ...     update_question: Question | OperationInfo = update(
        ...         QuestionPartial, rows=lambda ctx: models.Question.objects.filter(author_id=ctx.auth.user_id)
        ...     )
    """
    return Written("update", input, key, max, allow, rows, values)


def upsert(
    input: type | str,
    *,
    key: str,
    allow: Callable[[Any], bool] | None = None,
    rows: Callable[[Any], Any] | None = None,
    values: Callable[[Any], Mapping[str, Any]] | None = None,
    max: int = 100,
) -> Any:
    """Makes an attribute of the mutation change the object that a unique field names, or create it. See `create`.

    Args:
        input: A class decorated with `input_type`, or its name.
        key: The input's attribute that says which object it is: a unique field of the model.
        allow: A function of the context that tells whether the caller may. None: every caller may.
        rows: A function of the context that gives a QuerySet of the objects that the caller may change.
        values: A function of the context that gives attributes of the object beside those of the input.
        max: Objects that one request may write, nested ones included.

    Returns:
        A default for the attribute.

    Example:
        >>> @dataclass  # doctest: +SKIP
        ... class Mutation:
        ...     put_book: Book | OperationInfo = upsert(BookInput, key="code")
    """
    return Written("upsert", input, key, max, allow, rows, values)


def delete(
    input: type | str = NodeInput,
    *,
    key: str | None = None,
    allow: Callable[[Any], bool] | None = None,
    rows: Callable[[Any], Any] | None = None,
    max: int = 100,
) -> Any:
    """Makes an attribute of the mutation delete an object of a Django model, or several. See `update`.

    The answer is the object as it was, with the rows of its relations that are left.

    Args:
        input: A class with the attribute that says which object it is, or its name. Default: `NodeInput`, with an `id`.
        key: That attribute: a unique field of the model. Default: the primary key.
        allow: A function of the context that tells whether the caller may. None: every caller may.
        rows: A function of the context that gives a QuerySet of the objects that the caller may delete.
        max: Objects that one request may name.

    Returns:
        A default for the attribute.

    Example:
        >>> @dataclass  # doctest: +SKIP
        ... class Mutation:
        ...     delete_question: Question | OperationInfo = delete()
    """
    return Written("delete", input, key, max, allow, rows, None)
