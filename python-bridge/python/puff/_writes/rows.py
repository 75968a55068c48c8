"""Writes objects of Django models as an input says, together with the objects related to them."""

from __future__ import annotations

import dataclasses
import enum
from importlib import import_module
from typing import TYPE_CHECKING, Any

from puff._django.types import attributes_of, has_column, is_relation
from puff._types.absent import ABSENT
from puff._types.names import camel
from puff._types.written import ManyToManyInput, ManyToOneInput, OneToManyInput, OneToOneInput, OperationMessageKind
from puff._writes.inputs import input_model_of
from puff._writes.keys import keys_of
from puff._writes.refused import Refused, reasons_of, refuse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from puff._writes.refused import Path
    from puff._writes.sight import Sight


class Rows:
    """Writes what one field was given.

    Args:
        most: Objects that may be written.
        sight: What the caller may see.
        camel_case: Whether clients know names in camelCase.
    """

    def __init__(self, most: int, sight: Sight, *, camel_case: bool) -> None:
        self._left = most
        self._most = most
        self._sight = sight
        self._saved: dict[type, dict[Any, Path]] = {}
        self._camel_case = camel_case

    def each(self, items: Iterable[Any], write: Callable[[Any, Path], Any], path: Path = ()) -> list[Any]:
        """Writes each item of a list.

        Raises:
            Refused: For the reasons of all items together.
        """
        return _each(enumerate(items), lambda one: write(one[1], (*path, str(one[0]))))

    def save(
        self, model: Any, data: Any, path: Path, instance: Any = None, given: Mapping[str, Any] | None = None
    ) -> Any:
        """Creates an object, or changes the one that is given, and writes what is related to it.

        Args:
            model: The object's model.
            data: An instance of an input type of the model.
            path: Where it stands in the client's input.
            instance: The object that is changed; None: a new one is created.
            given: Attributes that are set whatever the input says.

        Returns:
            The object.

        Raises:
            Refused: The model refuses it.
        """
        self.count(path)
        written = model() if instance is None else instance
        known = attributes_of(model)
        refused: list[Refused] = []
        later: list[str] = []
        for name, value in _sent(data).items():
            field = known[name]
            if instance is not None and getattr(field, "primary_key", False):
                continue
            if is_relation(field, name) and not has_column(field):
                later.append(name)
                continue
            try:
                self._set(written, field, name, value, (*path, self._name(name)))
            except Refused as reason:
                refused.append(reason)
        for name, value in (given or {}).items():  # after the input's: the client doesn't choose them
            setattr(written, name, value)
        self._settle(written, known, data, path, refused, is_new=instance is None)

        self._note(model, [written], path)

        def relate(name: str) -> None:
            self._relate(written, known[name], name, getattr(data, name), (*path, self._name(name)))

        _each(later, relate)
        return written

    def seen(self, rows: Any) -> Any:
        """Leaves the rows of a QuerySet, or of a manager, that the caller may see: others can't be named."""
        return self._sight.of(rows)

    def check_seen(self) -> None:
        """Checks, once all is written, that the caller may see it.

        Raises:
            Refused: It would be beyond the caller's sight.
        """
        for model, paths in self._saved.items():
            seen = set(self.seen(model._base_manager.filter(pk__in=list(paths))).values_list("pk", flat=True))  # noqa: SLF001
            hidden = [refuse(path, "Permission denied", "permission_denied", _PERMISSION)
                      for key, path in paths.items() if key not in seen]  # fmt: skip
            _raise_all(hidden)

    def _note(self, model: Any, rows: Iterable[Any], path: Path) -> None:
        """Notes rows that were written, which the caller has to see in the end."""
        if self._sight.limits(model):
            self._saved.setdefault(model, {}).update({row.pk: path for row in rows})

    def find(self, rows: Any, key: str, value: Any, path: Path) -> Any:
        """Gives the object that an input names, locked, so that no change that others make meanwhile is lost.

        Args:
            rows: A QuerySet or a manager.
            key: The model's unique field.
            value: What the client sent for it.
            path: Where it stands in the client's input.

        Raises:
            Refused: There is none.
        """
        (found,) = self.find_all(_locked(rows), key, [value], path)
        return found

    def find_any(self, rows: Any, key: str, value: Any, path: Path) -> Any:
        """Gives the object that an input names, locked; None: there is none.

        Raises:
            Refused: A global id names no object: the client can't have it from anywhere but an object.
        """
        field = rows.model._meta.get_field(key)  # noqa: SLF001  # Django's documented name
        (named,) = keys_of(rows.model, [value]) if field.primary_key else (value,)
        read = None if value is ABSENT else _read(field, named)
        found = None if read is None else _locked(rows).filter(**{key: read}).first()
        if found is None and named is not value:
            raise _missing(rows.model, path, [value])
        return found

    def find_all(self, rows: Any, key: str, values: list[Any], path: Path) -> list[Any]:
        """Gives the objects that an input names, by one statement, in the order of their names."""
        model = rows.model
        field = model._meta.pk if key == "pk" else model._meta.get_field(key)  # noqa: SLF001  # Django's documented name
        keys = [_read(field, value) for value in (keys_of(model, values) if field.primary_key else values)]
        by_key = {getattr(row, field.attname): row for row in rows.filter(**{f"{field.name}__in": {*keys} - {None}})}
        missing = [value for value, one in zip(values, keys, strict=True) if one not in by_key]
        if missing:
            raise _missing(model, path, missing)
        return [by_key[one] for one in keys]

    def count(self, path: Path) -> None:
        """Counts an object.

        Raises:
            Refused: There are too many.
        """
        self._left -= 1
        if self._left < 0:
            reason = refuse(path, f"At most {self._most} objects are written at once.", "too_many")
            reason.is_final = True
            raise reason

    def _settle(
        self, written: Any, known: Mapping[str, Any], data: Any, path: Path, refused: list[Refused], *, is_new: bool
    ) -> None:
        """Checks an object, by the known fields of its model, and saves it, unless there are reasons against it."""
        names = {item.name for item in dataclasses.fields(data)}

        def named(field: str) -> str:
            column = getattr(known.get(field), "attname", field)
            return self._name(column if field not in names and column in names else field)

        try:
            said = {one.field for reason in refused for one in reason.messages}
            skipped = {name for name in known if ".".join((*path, named(name))) in said}
            written.full_clean(exclude=skipped)
            if not refused:
                # A new object with the key of another one, which Django may not have found, must not become it.
                written.save(force_insert=is_new)
        except Exception as error:
            reason = reasons_of(error, type(written), path, named)
            if reason is None:
                raise
            refused.append(reason)
        _raise_all(refused)

    def _set(self, written: Any, field: Any, name: str, value: Any, path: Path) -> None:
        """Sets an attribute that is a column, or the object that a foreign key names."""
        model = field.related_model
        if is_relation(field, name):
            if isinstance(value, OneToManyInput | OneToOneInput):
                named = value.set
                setattr(written, name, None if named is None else self._linked(model, named, path))
            else:
                setattr(written, name, None if value is None else self._write(model, value, path, model._base_manager))  # noqa: SLF001
        elif value is not None and field.is_relation:
            (key,) = keys_of(model, [value])
            if key is None:
                raise refuse(path, f"There is no {model._meta.verbose_name} {value}.", "not_found")  # noqa: SLF001
            self._check_named(field, key, path)
            setattr(written, name, key)
        else:
            setattr(written, name, value.value if isinstance(value, enum.Enum) else value)

    def _check_named(self, field: Any, key: Any, path: Path) -> None:
        """Refuses a key of an object that the caller doesn't see, as Django refuses one of no object."""
        model = field.related_model
        known = _read(field.target_field, key)
        if known is None or not self._sight.limits(model):
            return
        if not self.seen(model._base_manager.filter(**{field.target_field.name: known})).exists():  # noqa: SLF001
            name = model._meta.verbose_name  # noqa: SLF001  # Django's documented name
            labels = {"model": name, "pk": known, "value": known, "field": field.target_field.name}
            raise refuse(path, str(field.error_messages["invalid"]) % labels, "invalid")

    def _write(self, model: Any, data: Any, path: Path, among: Any, given: Mapping[str, Any] | None = None) -> Any:
        """Writes a nested input: it changes the object that it names, which has to be among some, or creates one."""
        key = getattr(data, model._meta.pk.name, ABSENT)  # noqa: SLF001  # Django's documented name
        if key is ABSENT or key is None:
            return self.save(model, data, path, given=given)
        return self.save(model, data, path, self.find(self.seen(among), "pk", key, path))

    def _relate(self, written: Any, field: Any, name: str, value: Any, path: Path) -> None:
        """Writes the objects that a relation of several, or one from the other side, is to have."""
        model = field.related_model
        if field.one_to_one:
            self._relate_one(written, field, value, path)
            return
        manager = getattr(written, name)
        if isinstance(value, ManyToManyInput | ManyToOneInput):
            self._change(manager, model, value, path)
        elif value is not None:
            back = None if field.many_to_many else {field.field.name: written}
            made = self.each(value, lambda data, at: self._write(model, data, at, manager, back), path)
            if field.many_to_many:
                manager.add(*made)

    def _relate_one(self, written: Any, field: Any, value: Any, path: Path) -> None:
        model = field.related_model
        rows = model._base_manager.filter(**{field.field.name: written})  # noqa: SLF001  # Django's documented name
        if input_model_of(type(value)) is not None:
            self.save(model, value, path, _locked(self.seen(rows)).first(), {field.field.name: written})
        elif value is not None and value.set is not None:
            other = self.find(self.seen(model._base_manager), "pk", value.set, path)  # noqa: SLF001  # Django's documented name
            setattr(other, field.field.name, written)
            other.save()
            self._note(model, [other], path)
        else:
            raise refuse(path, f"The {model._meta.verbose_name} can't be unlinked.", "required")  # noqa: SLF001

    def _change(self, manager: Any, model: Any, value: ManyToManyInput | ManyToOneInput, path: Path) -> None:
        def named(keys: list[Any] | None, part: str) -> list[Any]:
            return self.find_all(self.seen(model._base_manager), "pk", keys or [], (*path, part))  # noqa: SLF001

        moved: list[Any] = []
        if value.set is not None:
            wanted = named(value.set, "set")
            unwanted = [row for row in self.seen(manager) if row not in wanted]
            if unwanted and not hasattr(manager, "remove"):
                raise refuse((*path, "set"), f"A {model._meta.verbose_name} can't be unlinked.", "required")  # noqa: SLF001
            if unwanted:
                manager.remove(*unwanted)
            manager.add(*wanted)
            moved += [*unwanted, *wanted]
        added = named(value.add, "add")
        manager.add(*added)
        removed = named(value.remove, "remove")
        if removed and not hasattr(manager, "remove"):
            raise refuse((*path, "remove"), f"A {model._meta.verbose_name} can't be unlinked.", "required")  # noqa: SLF001
        if removed:
            manager.remove(*removed)
        if isinstance(value, ManyToOneInput):  # whose rows hold the link
            self._note(model, [*moved, *added, *removed], path)

    def _linked(self, model: Any, key: Any, path: Path) -> Any:
        """Gives the object that a foreign key is to name."""
        (found,) = self.find_all(self.seen(model._base_manager), "pk", [key], path)  # noqa: SLF001  # Django's documented name
        return found

    def _name(self, name: str) -> str:
        return camel(name) if self._camel_case else name


_PERMISSION = OperationMessageKind.PERMISSION


def _locked(rows: Any) -> Any:
    """Locks what a QuerySet finds; Postgres can't where its rows are no longer those of one table."""
    rows = rows.all()
    query = rows.query
    if query.distinct or query.group_by is not None or query.combinator or query.is_sliced:
        rows = rows.model._base_manager.filter(pk__in=rows.values("pk"))  # noqa: SLF001  # Django's documented name
    return rows.select_for_update(of=("self",))


def _sent(data: Any) -> dict[str, Any]:
    """Gives the attributes of an input that the client sent."""
    values = {item.name: getattr(data, item.name) for item in dataclasses.fields(data)}
    return {name: value for name, value in values.items() if value is not ABSENT}


def _each(items: Iterable[Any], write: Callable[[Any], Any]) -> list[Any]:
    """Writes one after the other, and raises the reasons of all together."""
    written: list[Any] = []
    refused: list[Refused] = []
    for item in items:
        try:
            written.append(write(item))
        except Refused as reason:
            refused.append(reason)
            if reason.is_final:
                break
    _raise_all(refused)
    return written


def _read(field: Any, value: Any) -> Any:
    """Gives a key as the model has it; None if the model has no such keys."""
    exceptions: Any = import_module("django.core.exceptions")
    try:
        return None if value is None else field.to_python(value)
    except exceptions.ValidationError:
        return None


def _missing(model: Any, path: Path, names: list[Any]) -> Refused:
    shown = ", ".join(map(str, names[:10]))
    return refuse(path, f"There is no {model._meta.verbose_name} {shown}.", "not_found")  # noqa: SLF001


def _raise_all(refused: list[Refused]) -> None:
    if refused:
        messages = [message for reason in refused for message in reason.messages]
        raise Refused(messages, is_final=any(reason.is_final for reason in refused))
