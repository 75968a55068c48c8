"""Prints a schema description in GraphQL's schema definition language, as graphql-js prints schemas."""

from __future__ import annotations

import json
from typing import Any


def print_sdl(description: dict[str, Any]) -> str:
    """Prints types in the description's order; built-in scalars are left out."""
    enums = {named["name"] for named in description["types"] if named["kind"] == "enum"}
    return "\n\n".join([*_roots(description), *(_type(named, enums) for named in description["types"])])


def _roots(description: dict[str, Any]) -> list[str]:
    """Gives the roots where their names don't tell them."""
    names = {named["name"] for named in description["types"]}
    operations = ("query", "mutation", "subscription")
    usual = {name if (name := operation.capitalize()) in names else None for operation in operations}
    if usual == {description[operation] for operation in operations}:
        return []
    roots = [f"  {operation}: {description[operation]}\n" for operation in operations if description[operation]]
    return [f"schema {{\n{''.join(roots)}}}"]


def _type(named: dict[str, Any], enums: set[str]) -> str:
    head = _text(named["description"], "")
    name = named["name"]
    match named["kind"]:
        case "union":
            return f"{head}union {name} = {' | '.join(named['members'])}"
        case "scalar":
            url = "" if named["specifiedBy"] is None else f' @specifiedBy(url: "{named["specifiedBy"]}")'
            return f"{head}scalar {name}{url}"
        case "enum":
            members = [(value, value["name"]) for value in named["values"]]
        case "input":
            members = [(field, _argument(field, enums)) for field in named["fields"]]
        case _:
            members = [(field, _field(field, enums)) for field in named["fields"]]
    keyword = {"object": "type"}.get(named["kind"], named["kind"])
    one_of = " @oneOf" if named.get("oneOf") else ""
    interfaces = named.get("interfaces")
    implements = f" implements {' & '.join(interfaces)}" if interfaces else ""
    body = ""
    for index, (member, text) in enumerate(members):
        described = _text(member["description"], "  ")
        body += ("\n" if described and index else "") + f"{described}  {text}{_deprecation(member)}\n"
    return f"{head}{keyword} {name}{implements}{one_of} {{\n{body}}}"


def _field(field: dict[str, Any], enums: set[str]) -> str:
    arguments = [
        f"{_inline(argument)}{_argument(argument, enums)}{_deprecation(argument)}" for argument in field["args"]
    ]
    listed = f"({', '.join(arguments)})" if arguments else ""
    return f"{field['name']}{listed}: {field['type']}"


def _argument(argument: dict[str, Any], enums: set[str]) -> str:
    value = f" = {_value(argument['defaultValue'], argument['type'], enums)}" if "defaultValue" in argument else ""
    return f"{argument['name']}: {argument['type']}{value}"


def _inline(argument: dict[str, Any]) -> str:
    return "" if argument["description"] is None else f"{json.dumps(argument['description'])} "


def _value(value: Any, type_: str, enums: set[str]) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_value(item, type_, enums) for item in value)}]"
    if isinstance(value, dict):
        fields = [f"{name}: {_value(item, '', enums)}" for name, item in value.items()]
        return f"{{ {', '.join(fields)} }}"
    return value if type_.strip("[]!") in enums else json.dumps(value)


def _text(text: str | None, indent: str) -> str:
    if text is None:
        return ""
    lines = text.split("\n")
    if len(lines) == 1:
        return f'{indent}"""{text}"""\n'
    return "\n".join([f'{indent}"""', *(f"{indent}{line}".rstrip() for line in lines), f'{indent}"""']) + "\n"


def _deprecation(member: dict[str, Any]) -> str:
    reason = member["deprecation"]
    return "" if reason is None else f" @deprecated(reason: {json.dumps(reason)})"
