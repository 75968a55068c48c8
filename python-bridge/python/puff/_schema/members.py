"""Members of a dataclass: which are fields, where each field's value comes from."""

from __future__ import annotations

import dataclasses
import functools
import inspect
import typing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from puff._collections.describe import describe_collection, describe_rows
from puff._collections.nodes import id_source, node_field
from puff._errors import SchemaProblem
from puff._schema.parameters import describe_parameters
from puff._schema.returns import result_type
from puff._schema.runtime import Column, Handles, Resolver
from puff._schema.signatures import no_return
from puff._types.absent import ABSENT
from puff._types.annotations import annotations_of, class_scope, function_scope, meaning_of
from puff._types.decorators import cache_of
from puff._types.markers import FieldOptions, function_of, merge_options, options_of
from puff._types.names import graphql_name, pascal
from puff._types.nodes import Node, NodeField
from puff._types.paged import Paged, paged_of
from puff._types.refs import TypeRef, Use, check_name
from puff._types.source import member_doc, place_of, show_place
from puff._types.written import OperationInfo, Written
from puff._writes.mutations import mutation_resolver

if TYPE_CHECKING:
    from puff._plans.plan import Plan
    from puff._types.annotations import Scope
    from puff._types.refs import NamedType
    from puff._types.types import Registry


_DESCRIPTORS = (classmethod, staticmethod, property, functools.cached_property)
_SKIPPED_BASES = (object, typing.Generic, typing.Protocol)


@dataclass
class Members:
    """Describes the fields of one object or interface."""

    registry: Registry
    named: NamedType
    camel_case: bool
    fields: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    """FieldDescriptions: columns first, then what is called, each in the order they are written in."""
    columns: dict[str, Column] = field(default_factory=dict[str, Column])
    """By attribute."""
    resolvers: dict[str, Resolver] = field(default_factory=dict[str, Resolver])
    """By GraphQL name."""

    def describe(self) -> None:
        """Describes them all.

        Raises:
            SchemaProblem: A member is not a field that could be described.
        """
        cls: Any = self.named.python
        annotated: dict[str, type] = {}
        found: dict[str, tuple[Any, type]] = {}
        for owner in reversed(cls.__mro__):
            if owner in _SKIPPED_BASES or owner.__module__ == "abc":
                continue
            annotations = annotations_of(owner)
            for name in annotations:
                annotated[name] = owner
            for name, member in vars(owner).items():
                if name not in annotations and (name not in annotated or _is_called(member)):
                    found[name] = (member, owner)  # not a new default for a base's attribute
        fields = {item.name: item for item in dataclasses.fields(cls)}
        for name, owner in annotated.items():
            if name.startswith("_") or name in found:
                continue
            item = fields.get(name)
            if isinstance(item, Paged):
                self._describe_rows(name, owner, item)
            elif isinstance(item, NodeField):
                self._describe_node(name, owner)
            elif isinstance(item, Written):
                self._describe_written(name, owner, item)
            elif owner is Node:
                self._describe_global_id(name, owner)
            else:
                self._describe_annotated(name, owner, is_field=item is not None)
        for name, (member, owner) in found.items():
            if not name.startswith("_"):
                self._describe_member(name, member, owner)

    def _describe_annotated(self, name: str, owner: type, *, is_field: bool) -> None:
        annotation = annotations_of(owner)[name]
        place = place_of(owner, name)
        if is_field:
            self._refuse_attribute_of_root(name, place)
            scope = class_scope(owner, self._where(name), place)
            self._add_column(name, annotation, scope, owner, FieldOptions())
        elif not any(mark in str(annotation) for mark in ("ClassVar", "InitVar")):
            raise SchemaProblem(
                f"{owner.__name__}.{name} is annotated, but class {owner.__name__} is not a dataclass",
                place,
                f"Decorate {owner.__name__} with @dataclass.",
            )

    def _describe_rows(self, name: str, owner: type, paged: Paged) -> None:
        """Describes an attribute that is a collection."""
        scope = class_scope(owner, self._where(name), place_of(owner, name))
        annotation = annotations_of(owner)[name]
        cls: type = self.named.python
        is_root = self.named.use is None
        described = describe_rows(self.registry, cls, name, annotation, scope, paged, self.camel_case, is_root=is_root)
        doc = FieldOptions(description=member_doc(owner, name))
        options = merge_options((doc, meaning_of(annotation, scope).options))
        source = {"kind": "resolver", "pure": described.is_pure, "plan": described.plan}
        graphql = self._add_field(name, described.type, options, described.args, source, scope)
        self.fields[-1]["collection"] = described.collection
        if described.resolver is not None:
            self.resolvers[graphql] = Resolver(
                f"{self.named.name}.{graphql}",
                described.resolver,
                False,
                1,
                (),
                described.type,
                cls,
                False,
                is_collection=True,
                item=described.item,
                options=self._allowed(options, described.type, scope, is_collection=True),
                told=paged.told,
            )

    def _describe_node(self, name: str, owner: type) -> None:
        """Describes a field that finds objects by their global ids."""
        scope = class_scope(owner, self._where(name), place_of(owner, name))
        annotation = annotations_of(owner)[name]
        ref = self.registry.type_of(annotation, Use("output", scope, owner.__name__ + pascal(name)))
        args, source = node_field(ref, scope)
        doc = FieldOptions(description=member_doc(owner, name))
        options = merge_options((doc, meaning_of(annotation, scope).options))
        if options.allow is not None:
            raise SchemaProblem(
                f"{scope.where} finds objects by their ids, and has no resolver that asks who may have it",
                scope.place,
                "Take allow= off, and say which objects a caller may see: @graphql.django_type(Model, visible=…).",
            )
        self._add_field(name, ref, options, args, source, scope)

    def _describe_written(self, name: str, owner: type, written: Written) -> None:
        """Describes a mutation that writes objects of a model."""
        scope = class_scope(owner, self._where(name), place_of(owner, name))
        if self.named.operation != "mutation":
            raise SchemaProblem(
                f"{self._where(name)} writes to the database, but {self.named.name} is not a mutation",
                scope.place,
                "Move it to the class that Schema names as its mutation.",
            )
        resolver = mutation_resolver(name, annotations_of(owner)[name], written, scope, self.registry, self.camel_case)
        setattr(owner, name, resolver)
        self._describe_resolver(name, resolver, owner)
        self.resolvers[self.fields[-1]["name"]].writes = True

    def _describe_global_id(self, name: str, owner: type) -> None:
        """Describes the id that a type has from `Node`."""
        scope = class_scope(owner, self._where(name), self.named.place)
        ref = self.registry.type_of(annotations_of(owner)[name], Use("output", scope, owner.__name__))
        source = id_source(self.named)
        graphql = self._add_field(name, ref, FieldOptions(description=member_doc(owner, name)), [], source, scope)
        self.columns[source["column"]] = Column(graphql, source["column"], ref)

    def _describe_member(self, name: str, member: Any, owner: type) -> None:
        place = place_of(owner, name)
        if isinstance(member, property | functools.cached_property):
            self._refuse_attribute_of_root(name, place)
            function = function_of(member)
            annotation = annotations_of(function).get("return", ABSENT)
            if annotation is ABSENT:
                raise no_return(self._where(name), place, f"def {name}(self) -> str:")
            scope = function_scope(function, owner, self._where(name), place)
            doc = FieldOptions(description=inspect.getdoc(function))
            self._add_column(name, annotation, scope, owner, merge_options((doc, options_of(member))))
        elif _is_called(member):
            self._describe_resolver(name, member, owner)
        elif isinstance(member, type) and member.__qualname__.startswith(f"{owner.__qualname__}."):
            return  # a nested class
        elif not name.isupper() and not hasattr(type(member), "__get__"):
            raise SchemaProblem(
                f"{self._where(name)} has no annotation",
                place,
                f"Write its type, `{name}: str`. If it is not a field, begin its name with _ or make it a ClassVar.",
            )

    def _describe_resolver(self, name: str, member: Any, owner: type) -> None:
        function = function_of(member)
        is_method = inspect.isfunction(member)
        place = place_of(owner, name) or show_place(function.__code__.co_filename, function.__code__.co_firstlineno)
        where = self._where(name)
        if is_method and self.named.use is None:
            raise SchemaProblem(
                f"{where} is an instance method, and a root type has no instances",
                place,
                f"Decorate it with @classmethod: `def {name}(cls, ctx: Context, /) -> …:`.",
            )
        annotations = annotations_of(inspect.unwrap(function))
        parameters = describe_parameters(self.registry, self.named.name, name, member, owner, place, self.camel_case)
        args = parameters.args
        if "return" not in annotations:
            raise no_return(where, place, f"def {name}(…) -> Plan[list[Post]]:")
        scope = function_scope(function, owner, where, place)
        is_subscription = self.named.operation == "subscription"
        annotation = result_type(annotations["return"], scope, is_subscription=is_subscription)
        collection: dict[str, Any] | None = None
        item: TypeRef | None = None
        paged = paged_of(member)
        if paged is None:
            ref = self.registry.type_of(annotation, Use("output", scope, owner.__name__ + pascal(name)))
        else:
            if is_method or is_subscription:
                raise SchemaProblem(
                    f"{where} has @graphql.paged, and gives no plan for its parents",
                    place,
                    "Decorate a classmethod of another type, which returns a plan.",
                )
            described = describe_collection(
                self.registry, annotation, scope, paged, owner.__name__ + pascal(name), self.camel_case
            )
            ref, item, collection = described.type, described.item, described.collection
            for added in described.args:
                if any(other["name"] == added["name"] for other in args):
                    raise SchemaProblem(
                        f"{where} has an argument {added['name']}, as collections have", place, "Rename it."
                    )
            args.extend(described.args)
        doc = FieldOptions(description=inspect.cleandoc(function.__doc__) if function.__doc__ else None)
        options = merge_options((doc, meaning_of(annotation, scope).options, options_of(member)))
        plan: Plan[Any] | None = vars(function).get("__puff_plan__")
        pure = bool(vars(function).get("__puff_pure__", False))
        borrows = bool(vars(function).get("__puff_borrows__", False))
        if borrows and (is_method or pure):
            what = "an instance method" if is_method else "@graphql.pure"
            remedy = "Make it a @classmethod." if is_method else "Take @graphql.pure off."
            raise SchemaProblem(f"{where} is {what}, and has @graphql.borrow_db_context", place, remedy)
        source: dict[str, Any] = {"kind": "method"} if is_method else {"kind": "resolver", "pure": pure, "plan": None}
        if borrows:
            source["borrows"] = True
        cache = self._cache_of(member, where, place)
        graphql = self._add_field(name, ref, options, args, source, scope)
        if parameters.inherited:
            self.fields[-1]["parentArguments"] = parameters.inherited
        if collection is not None:
            self.fields[-1]["collection"] = collection
        self.fields[-1] |= cache
        cls: type = self.named.python
        self.resolvers[graphql] = Resolver(
            f"{self.named.name}.{graphql}",
            function if is_method else getattr(cls, name),
            is_method,
            parameters.context,
            tuple(parameters.arguments),
            ref,
            cls,
            is_subscription,
            plan,
            place,
            collection is not None,
            item,
            self._allowed(options, ref, scope, is_collection=collection is not None),
            () if paged is None else paged.told,
            self._handles(ref, scope) if vars(function).get("__puff_handles__") else None,
        )

    def _handles(self, ref: TypeRef, scope: Scope) -> Handles:
        if self.named.operation != "mutation":
            raise SchemaProblem(
                f"{scope.where} has @graphql.handle_errors, and is not a mutation", scope.place, "Take it off."
            )
        named = self.registry.types.get(ref.name)
        members: list[str] = [] if named is None or named.kind != "union" else list(named.description["members"])
        others = [self.registry.types[name].python for name in members if name != OperationInfo.__name__]
        return Handles(OperationInfo.__name__ in members, others[0] if len(others) == 1 else None)

    def _cache_of(self, member: Any, where: str, place: str | None) -> dict[str, Any]:
        cache = cache_of(member)
        if cache is not None and self.named.operation in ("mutation", "subscription"):
            raise SchemaProblem(f"{where} has @graphql.cache, but is not part of a query", place, "Take it off.")
        return {} if cache is None else {"cache": cache}

    def _refuse_attribute_of_root(self, name: str, place: str | None) -> None:
        if self.named.use is None:
            raise SchemaProblem(
                f"{self._where(name)} is an attribute, and a root type has no object to read it from",
                place,
                f"Write a resolver: `@classmethod` and `def {name}(cls, ctx: Context, /) -> …:`.",
            )

    def _add_column(self, name: str, annotation: Any, scope: Scope, owner: type, options: FieldOptions) -> None:
        ref = self.registry.type_of(annotation, Use("output", scope, owner.__name__ + pascal(name)))
        doc = FieldOptions(description=member_doc(owner, name))
        merged = merge_options((doc, meaning_of(annotation, scope).options, options))
        graphql = self._add_field(name, ref, merged, [], {"kind": "column", "column": name}, scope)
        self.columns[name] = Column(graphql, name, ref, self._allowed(merged, ref, scope, is_collection=False))

    def _allowed(
        self, options: FieldOptions, ref: TypeRef, scope: Scope, *, is_collection: bool
    ) -> FieldOptions | None:
        """Gives the options that say who may have a field."""
        if options.allow is not None and options.silent and (is_collection or (ref.item is None and not ref.nullable)):
            what = "a collection" if is_collection else "never null"
            raise SchemaProblem(
                f"{scope.where} is silent where it is not allowed, and it is {what}",
                scope.place,
                "Take silent=True off: it is an error then." if is_collection else f"Write its type {ref.name} | None.",
            )
        return None if options.allow is None else options

    def _add_field(
        self,
        python: str,
        ref: TypeRef,
        options: FieldOptions,
        args: list[dict[str, Any]],
        source: dict[str, Any],
        scope: Scope,
    ) -> str:
        name = graphql_name(python, options, self.camel_case)
        check_name(name, scope.where, scope.place)
        if any(other["name"] == name for other in self.fields):
            raise SchemaProblem(f"{scope.where} has the name of another field, {name}", scope.place, "Rename one.")
        self.fields.append(
            {
                "name": name,
                "type": str(ref),
                "description": options.description,
                "deprecation": options.deprecation,
                "args": args,
                "source": source,
                "place": scope.place,
            }
        )
        return name

    def _where(self, name: str) -> str:
        return f"field {self.named.name}.{name}"


def _is_called(member: Any) -> bool:
    return inspect.isfunction(member) or isinstance(member, _DESCRIPTORS)
