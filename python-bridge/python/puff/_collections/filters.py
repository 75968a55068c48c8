"""From a class decorated with `filter_type` to its input type, and to what each of its fields means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from puff._collections.declare import filter_of, functions_of
from puff._collections.functions import call_filter
from puff._collections.inputs import argument, lookup_input, made_type
from puff._collections.lookups import Lookup, Part, lookups_of, named_lookup, part_lookups, range_lookups
from puff._collections.relations import related_of
from puff._collections.rows import sql_condition
from puff._collections.targets import Attribute, attributes, check_target, rows_of
from puff._collections.values import Kind, kind_of
from puff._django.types import is_auto
from puff._errors import SchemaProblem
from puff._types.annotations import class_scope, meaning_of
from puff._types.markers import FieldOptions, merge_options
from puff._types.names import graphql_name
from puff._types.refs import NamedType, Use
from puff._types.source import class_doc, place_of
from puff._wire.scalars import KINDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from puff._collections.rows import Condition, Rows
    from puff._types.refs import TypeRef
    from puff._types.types import Registry

_CONNECTIVES = {"AND": "and", "OR": "or", "NOT": "not"}


def describe_filter(registry: Registry, cls: type, camel_case: bool) -> str:
    """Describes a filter, unless it is described, and those of related rows.

    Args:
        registry: The types met so far.
        cls: The class.
        camel_case: Whether names are renamed.

    Returns:
        The input type's name.

    Raises:
        SchemaProblem: An attribute is not a filter.
    """
    known = registry.by_class.get(cls)
    if known is not None:
        return known.name
    spec = filter_of(cls)
    if spec is None:
        raise SchemaProblem(
            f"{cls.__name__} is not a filter", place_of(cls), "Decorate it with @graphql.filter_type(Model)."
        )
    return _Filter(registry, cls, camel_case, spec.lookups, rows_of(registry, spec.target, cls)).describe(
        spec.name, spec.description
    )


class _Filter:
    """Describes one filter."""

    def __init__(self, registry: Registry, cls: type, camel_case: bool, lookups: Any, rows: Rows) -> None:
        self.registry = registry
        self.cls = cls
        self.camel_case = camel_case
        self.lookups = lookups
        self.rows = rows
        self.fields: list[dict[str, Any]] = []
        self.conditions: dict[str, Condition] = {}
        self.name = ""

    def describe(self, name: str, description: str | None) -> str:
        """Describes all of its fields."""
        self.name = name
        scope = class_scope(self.cls, f"filter {name}", place_of(self.cls))
        named = NamedType(name, "input", self.cls, scope.place, Use("input", scope, name), {})
        named.description |= {"description": description or class_doc(self.cls), "fields": self.fields}
        self.registry.add(named)
        self.registry.filters[name] = self.conditions
        connectives = dict.fromkeys(_CONNECTIVES, name)
        known = list(attributes(self.cls, f"field {name}"))
        unknown = set(self.lookups if isinstance(self.lookups, dict) else ()) - {attribute.name for attribute in known}
        if unknown:
            raise SchemaProblem(
                f"filter {name} has lookups of {', '.join(sorted(unknown))}, which is not an attribute of its class",
                scope.place,
                "Write the attribute, such as text: auto, or take its lookups off.",
            )
        for attribute in known:
            if attribute.name in _CONNECTIVES:
                connectives[attribute.name] = f"[{name}!]" if "list" in str(attribute.annotation).lower() else name
            elif attribute.name != "DISTINCT":
                self._describe_attribute(attribute)
        for connective, type_ in connectives.items():
            self._add(connective, argument(connective, type_), {"kind": _CONNECTIVES[connective]}, scope.place)
        self._add("DISTINCT", argument("DISTINCT", "Boolean"), {"kind": "distinct"}, scope.place)
        for function_name, (function, mark) in functions_of(self.cls, "filter").items():
            self._describe_function(function_name, function, mark.options)
        return name

    def _describe_attribute(self, attribute: Attribute) -> None:
        options = attribute.options
        if is_auto(attribute.annotation, self.cls):
            relation = self.rows.relation(attribute.name)
            element = self.rows.range_of(attribute.name)
            if relation is not None:
                type_, condition = self._key(relation)
            elif element is not None:
                type_, condition = self._ranges(attribute, element)
            else:
                type_, condition = self._column(attribute, self._annotation(attribute))
        else:
            meaning = meaning_of(attribute.annotation, attribute.scope)
            options = merge_options((options, meaning.options))
            inner = filter_of(meaning.base)
            if inner is not None:
                type_, condition = self._related(attribute, meaning.base)
            else:
                type_, condition = self._column(attribute, attribute.annotation)
        name = graphql_name(attribute.name, options, self.camel_case)
        described = argument(name, type_, options.description)
        self._add(name, described | {"deprecation": options.deprecation}, condition, attribute.scope.place)

    def _annotation(self, attribute: Attribute) -> Any:
        try:
            annotation = self.rows.annotation(attribute.name)
        except KeyError:
            raise SchemaProblem(
                f"{attribute.scope.where} is auto, and {self.rows.name} has no {attribute.name}",
                attribute.scope.place,
                f"It has {', '.join(self.rows.names())}.",
            ) from None
        if annotation is None:
            raise SchemaProblem(
                f"{attribute.scope.where} is auto, and GraphQL doesn't know its type",
                attribute.scope.place,
                f"Write its type, {attribute.name}: str, or a function with @graphql.filter_field.",
            )
        return annotation

    def _column(self, attribute: Attribute, annotation: Any) -> tuple[str, Condition]:
        ref = self.registry.type_of(annotation, attribute.use("input"))
        kind = kind_of(ref, of_model=self.rows.of_model)
        if kind is None:
            raise SchemaProblem(
                f"{attribute.scope.where} has the type {ref}, whose values Python makes",
                attribute.scope.place,
                "A filter's columns are scalars without parse=, enums, or lists of them.",
            )
        chosen = self.lookups if isinstance(self.lookups, bool) else self.lookups.get(attribute.name, False)
        if chosen is False:
            exact = Lookup("exact", "exact", "value", "")
            return str(ref).removesuffix("!"), self._compare(attribute, attribute.name, exact, kind)
        return self._lookups(attribute, ref, kind, chosen)

    def _lookups(self, attribute: Attribute, ref: TypeRef, kind: Kind, chosen: Any) -> tuple[str, Condition]:
        item = ref
        while item.item is not None:
            item = item.item
        # A part of a UUID is none: clients compare its text.
        scalar = "String" if item.name == "UUID" and ref.item is None else item.name
        kind = Kind("str") if scalar != item.name else kind
        name, lookups = lookups_of(scalar, is_list=ref.item is not None)
        value = scalar if ref.item is None else str(ref).removesuffix("!")
        if chosen is not True:
            name = f"{self.name}{attribute.pascal}Lookup"
            lookups = tuple(self._chosen(attribute, lookup, lookups) for lookup in chosen)
        type_ = lookup_input(self.registry, name, scalar, value, lookups)
        return type_, {"kind": "all", "lookups": self._conditions(attribute, attribute.name, lookups, kind)}

    def _ranges(self, attribute: Attribute, element: Any) -> tuple[str, Condition]:
        chosen = self.lookups if isinstance(self.lookups, bool) else self.lookups.get(attribute.name, False)
        scalar = self.registry.type_of(element, attribute.use("input")).name
        name, lookups = range_lookups(scalar)
        if chosen is False:
            raise SchemaProblem(
                f"{attribute.scope.where} is a column of ranges, and clients give no range as a value",
                attribute.scope.place,
                f'Give it lookups: @graphql.filter_type(…, lookups=["{attribute.name}"]).',
            )
        if chosen is not True:
            name = f"{self.name}{attribute.pascal}Lookup"
            lookups = tuple(self._chosen(attribute, lookup, lookups) for lookup in chosen)
        type_ = lookup_input(self.registry, name, scalar, scalar, lookups)
        return type_, {
            "kind": "all",
            "lookups": self._conditions(attribute, attribute.name, lookups, Kind(KINDS[scalar])),
        }

    def _chosen(self, attribute: Attribute, name: str, known: Sequence[Lookup | Part]) -> Lookup | Part:
        found = named_lookup(name, tuple(known))
        if found is None:
            raise SchemaProblem(
                f"{attribute.scope.where} can't have the lookup {name}",
                attribute.scope.place,
                f"It can have {', '.join(item.name for item in known)}.",
            )
        return found

    def _conditions(
        self, attribute: Attribute, path: str, lookups: Sequence[Lookup | Part], kind: Kind
    ) -> dict[str, Condition]:
        conditions: dict[str, Condition] = {}
        for item in lookups:
            if isinstance(item, Part):
                inner = self._conditions(
                    attribute, f"{path}__{item.django}", part_lookups(item.scalar)[1], Kind(KINDS[item.scalar])
                )
                conditions[item.name] = {"kind": "all", "lookups": inner}
            else:
                keys = {"key": Kind("str"), "keys": Kind("str").many()}
                conditions[item.name] = self._compare(attribute, path, item, keys.get(item.form, kind))
        return conditions

    def _compare(self, attribute: Attribute, path: str, lookup: Lookup, kind: Kind) -> Condition:
        try:
            return self.rows.compare(path, lookup, kind)
        except (KeyError, ValueError, TypeError) as error:
            reason = f"{self.rows.name} has no {attribute.name}" if isinstance(error, KeyError) else str(error)
            raise SchemaProblem(
                f"{attribute.scope.where} can't be compared: {reason}",
                attribute.scope.place,
                "Write a function with @graphql.filter_field.",
            ) from error

    def _key(self, relation: Any) -> tuple[str, Condition]:
        """Gives a relation without a filter of its own: it has a row with this key."""
        type_ = made_type(self.registry, "input", "DjangoModelFilterInput", None, fields=[argument("pk", "ID!")])
        condition = sql_condition(self.rows.has_related(relation, Kind("str")))
        return type_, {"kind": "all", "lookups": {"pk": condition}, "relation": relation}

    def _related(self, attribute: Attribute, cls: type) -> tuple[str, Condition]:
        relation = self.rows.relation(attribute.name)
        if relation is None:
            raise SchemaProblem(
                f"{attribute.scope.where} is a filter, but {attribute.name} is not a relation of {self.rows.name}",
                attribute.scope.place,
                f"Write {attribute.name}: auto, or the name of a relation of a Django model.",
            )
        try:
            related = related_of(relation)
        except ValueError as error:
            raise SchemaProblem(
                f"{attribute.scope.where} can't be followed: {error}",
                attribute.scope.place,
                "Write a function with @graphql.filter_field.",
            ) from error
        check_target(cls, relation.related_model, attribute)
        name = describe_filter(self.registry, cls, self.camel_case)
        return name, {"kind": "related", "related": related, "filter": name}

    def _describe_function(self, name: str, function: Any, options: FieldOptions) -> None:
        described, condition = call_filter(self.registry, self.rows, self.cls, name, function)
        graphql = graphql_name(name, options, self.camel_case)
        described |= {
            "name": graphql,
            "description": options.description or described["description"],
            "deprecation": options.deprecation,
        }
        self._add(graphql, described, condition, place_of(self.cls, name))

    def _add(self, name: str, described: dict[str, Any], condition: Condition, place: str | None) -> None:
        if name in self.conditions:
            raise SchemaProblem(f"filter {self.name} has two fields {name}", place, "Rename one.")
        self.fields.append(described)
        self.conditions[name] = condition
