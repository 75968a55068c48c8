"""Resolvers of the mutations that Python derives from models."""

from __future__ import annotations

import functools
import typing
from dataclasses import fields, is_dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any

from puff._django.types import attributes_of, model_type_of
from puff._errors import SchemaProblem
from puff._plans.plan import sql
from puff._types.absent import ABSENT
from puff._types.annotations import UNION_TYPES, arguments_of, evaluate, meaning_of
from puff._types.decorators import borrow_db_context
from puff._types.markers import NameMarker
from puff._types.names import pascal
from puff._types.written import NodeInput, OperationInfo, OperationMessageKind
from puff._writes.inputs import input_model_of
from puff._writes.refused import Refused, reasons_of, refuse
from puff._writes.rows import Rows
from puff._writes.sight import Sight

if TYPE_CHECKING:
    from collections.abc import Callable

    from puff._plans.context import Context
    from puff._types.annotations import Scope
    from puff._types.types import Registry
    from puff._types.written import Written

_TYPE = "puff_type"
"""The column of an answer that says which type of the union its rows are."""


def mutation_resolver(
    name: str, annotation: Any, written: Written, scope: Scope, registry: Registry, camel_case: bool
) -> Any:
    """Makes the resolver of an attribute that `create`, `update` or `delete` is the default of.

    Args:
        name: The attribute's name.
        annotation: Its annotation.
        written: What it was told.
        scope: Where it stands.
        registry: The schema's types.
        camel_case: Whether clients know names in camelCase.

    Returns:
        A classmethod with the argument `data`.

    Raises:
        SchemaProblem: The annotation is not a type of a model, or the input is none of that model's.
    """
    value = evaluate(annotation, scope)
    is_list = typing.get_origin(value) is list
    item = evaluate(arguments_of(value)[0], scope) if is_list else value
    is_union = typing.get_origin(item) in UNION_TYPES
    members = [evaluate(one, scope) for one in (arguments_of(item) if is_union else (item,))]
    has_info = OperationInfo in members
    shown = [one for one in members if one is not OperationInfo]
    known = model_type_of(meaning_of(shown[0], scope).base) if len(shown) == 1 else None
    if known is None:
        raise SchemaProblem(
            f"{scope.where} writes objects of a model, and its type is {value}",
            scope.place,
            "Write the class that @graphql.django_type decorates, a list of it, or either with `| OperationInfo`.",
        )
    input_ = _input_of(written, known.model, scope)
    mutation = _Mutation(written, input_, known.model, shown[0], registry, has_info=has_info, camel_case=camel_case)
    answer = Annotated[item, NameMarker(f"{pascal(name)}Payload")] if has_info else item

    def resolve(_cls: type, ctx: Context, /, data: Any) -> Any:
        return mutation.answer(ctx, data) if is_list else mutation.answer_one(ctx, data)

    resolve.__name__ = name
    resolve.__annotations__ = {
        "data": list[input_] if is_list else input_,
        "return": list[answer] if is_list else answer,
    }
    return classmethod(borrow_db_context(resolve))


class _Mutation:
    """Writes objects of one model, and gives the rows."""

    def __init__(
        self,
        written: Written,
        input_: Any,
        model: Any,
        cls: Any,
        registry: Registry,
        *,
        has_info: bool,
        camel_case: bool,
    ) -> None:
        self._written = written
        self._registry = registry
        self._model = model
        self._cls = cls
        self._has_info = has_info
        self._camel_case = camel_case
        self._key = written.key or model._meta.pk.name  # noqa: SLF001  # Django's documented name
        self._attribute = "id" if input_ is NodeInput else self._key

    def answer_one(self, ctx: Context, data: Any) -> Any:
        """Writes one object."""
        answer = self._run(ctx, lambda rows: [self._write(ctx, rows, data, ())])
        return answer[0] if isinstance(answer, list) else answer

    def answer(self, ctx: Context, data: list[Any]) -> Any:
        """Writes several, all or none."""
        return self._run(ctx, lambda rows: rows.each(data, functools.partial(self._write, ctx, rows)))

    def _run(self, ctx: Context, write: Callable[[Rows], list[Any]]) -> Any:
        database: Any = import_module("django.db")
        allow = self._written.allow
        try:
            if allow is not None and not allow(ctx):
                raise refuse((), "Permission denied", "permission_denied", OperationMessageKind.PERMISSION)
            # In the field's transaction this is a savepoint: what was written before a refusal is undone.
            with database.transaction.atomic(using=self._database()):
                rows = Rows(self._written.most, Sight(self._registry, ctx.auth), camel_case=self._camel_case)
                written = write(rows)
                rows.check_seen()
        except Refused as refused:
            if self._has_info:
                return [refused.as_info()]
            raise refused.as_error() from None
        return written if self._written.action == "delete" else self._rows(written)

    def _write(self, ctx: Context, rows: Rows, data: Any, path: tuple[str, ...]) -> Any:
        values = None if self._written.values is None else self._written.values(ctx)
        if self._written.action == "create":
            return self._guarded(lambda: rows.save(self._model, data, path, given=values), path)
        if self._written.action == "upsert":
            return self._upsert(ctx, rows, data, path, values)
        found = self._find(ctx, rows, data, path)
        if self._written.action == "update":
            return self._guarded(lambda: rows.save(self._model, data, path, found, values), path)
        rows.count(path)
        left = _as_instance(found, self._cls)
        self._guarded(found.delete, path)
        return left

    def _upsert(self, ctx: Context, rows: Rows, data: Any, path: tuple[str, ...], values: Any) -> Any:
        value = getattr(data, self._attribute)
        found = rows.find_any(self._among(ctx, rows), self._key, value, (*path, self._attribute))
        if found is None:
            try:
                with import_module("django.db").transaction.atomic(using=self._database()):
                    return self._guarded(lambda: rows.save(self._model, data, path, given=values), path)
            except Refused:
                # Another request may have created it meanwhile.
                found = rows.find_any(self._among(ctx, rows), self._key, value, (*path, self._attribute))
                if found is None:
                    raise
        return self._guarded(lambda: rows.save(self._model, data, path, found, values), path)

    def _database(self) -> str:
        database: Any = import_module("django.db")
        return database.router.db_for_write(self._model)

    def _among(self, ctx: Context, rows: Rows) -> Any:
        """Gives the objects that the caller may change."""
        among = self._written.rows
        return rows.seen(self._model._default_manager if among is None else among(ctx))  # noqa: SLF001  # Django's documented name

    def _find(self, ctx: Context, rows: Rows, data: Any, path: tuple[str, ...]) -> Any:
        value = getattr(data, self._attribute)
        path = (*path, self._attribute)
        if value is ABSENT or value is None:
            raise refuse(path, "This field is required.", "required")
        return rows.find(self._among(ctx, rows), self._key, value, path)

    def _guarded(self, work: Callable[[], Any], path: tuple[str, ...]) -> Any:
        """Turns what Django raises for clients, such as a signal's refusal, into reasons."""
        try:
            return work()
        except Refused:
            raise
        except Exception as error:
            reason = reasons_of(error, self._model, path, str)
            if reason is None:
                raise
            raise reason from error

    def _rows(self, written: list[Any]) -> Any:
        """Plans the rows of what was written, in its order."""
        models: Any = import_module("django.db.models")
        keys = [row.pk for row in written]
        rows = self._model._base_manager.filter(pk__in=keys).order_by()  # noqa: SLF001  # Django's documented name
        if len(keys) > 1:
            rows = rows.order_by(models.Case(*(models.When(pk=key, then=place) for place, key in enumerate(keys))))
        if not self._has_info:
            return rows
        return sql(rows.annotate(**{_TYPE: models.Value("row")})).types(_TYPE, {"row": self._cls})


def _as_instance(row: Any, cls: type) -> Any:
    """Gives an object of the class that clients see, with the row's values."""
    instance = object.__new__(cls)
    for field in row._meta.concrete_fields:  # noqa: SLF001  # Django's documented name
        object.__setattr__(instance, field.attname, getattr(row, field.attname))
    return instance


def _input_of(written: Written, model: Any, scope: Scope) -> Any:
    input_: Any = evaluate(written.input, scope)
    action = written.action
    made_of = input_model_of(input_)
    if made_of is not model and not (action == "delete" and is_dataclass(input_)):
        wanted = "partial_type" if action == "update" else "input_type"
        raise SchemaProblem(
            f"{scope.where} writes objects of {model.__name__}, and its input {getattr(input_, '__name__', input_)} is "
            + ("of no model" if made_of is None else f"of {made_of.__name__}"),
            scope.place,
            f"Decorate the input's class with @graphql.{wanted}({model.__name__}).",
        )
    key = written.key or model._meta.pk.name  # noqa: SLF001  # Django's documented name
    if action == "create" or (input_ is NodeInput and written.key is None):
        return input_
    field = attributes_of(model).get(key)
    is_unique = field is not None and getattr(field, "unique", False)
    name: str = getattr(input_, "__name__", "")
    if key not in {item.name for item in fields(input_)} or not is_unique:
        raise SchemaProblem(
            f"{scope.where} finds objects by {key}, "
            + ("which is not unique" if field is not None and not is_unique else f"which {name} does not have"),
            scope.place,
            f'Add `{key}` to the input, or name another unique field of it: key="…".',
        )
    return input_
