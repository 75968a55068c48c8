"""What the parameters of a resolver are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from puff._errors import SchemaProblem
from puff._types.annotations import signature_of

if TYPE_CHECKING:
    import inspect


def parameters_of(
    function: Any, member: Any, name: str, where: str, place: str | None
) -> tuple[int, list[inspect.Parameter]]:
    """Gives how many positional-only parameters come before the arguments, and the arguments."""
    is_method = member is function
    parameters = list(signature_of(function).parameters.values())
    if not isinstance(member, staticmethod):
        parameters = parameters[1:]
    positional = [item for item in parameters if item.kind is item.POSITIONAL_ONLY]
    arguments = [item for item in parameters if item.kind in (item.POSITIONAL_OR_KEYWORD, item.KEYWORD_ONLY)]
    if len(positional) + len(arguments) < len(parameters):
        rest = next(item for item in parameters if item.kind in (item.VAR_POSITIONAL, item.VAR_KEYWORD))
        raise SchemaProblem(f"{where} takes {rest}", place, "GraphQL's arguments are known by name: write them out.")
    if len(positional) > (1 if is_method else 2) or (not positional and not is_method):
        first = "" if isinstance(member, staticmethod) else "cls, " if isinstance(member, classmethod) else "self, "
        raise SchemaProblem(
            f"{where} doesn't take the context as its one positional-only parameter",
            place,
            f"Write `def {name}({first}ctx: Context, /, …)`. If it is not a field, begin its name with _.",
        )
    return len(positional), arguments


def no_return(where: str, place: str | None, example: str) -> SchemaProblem:
    """Says that a member has no return annotation."""
    return SchemaProblem(
        f"{where} has no return annotation",
        place,
        f"Write `{example}` or another type. If it is not a field, begin its name with _.",
    )
