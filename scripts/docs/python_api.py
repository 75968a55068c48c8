"""Writes the reference of the public modules of `puff` as Markdown, from their docstrings and annotations.

Example:
    $ python3 scripts/docs/python_api.py docs/api/python
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import griffe

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SOURCES = Path(__file__).parents[2] / "python-bridge" / "python"
MODULES = ["puff", "puff.graphql", "puff.host", "puff.pubsub", "puff.redis", "puff.contrib.django"]


def main(folder: Path) -> None:
    """Writes a page for each module, and one that lists them."""
    loader = griffe.GriffeLoader(search_paths=[SOURCES], docstring_parser=griffe.Parser.google)
    package = loader.load("puff")
    loader.resolve_aliases()
    folder.mkdir(parents=True, exist_ok=True)
    contents = ["# The Python package puff", ""]
    for name in MODULES:
        module = package[name.removeprefix("puff.")] if name != "puff" else package
        (folder / f"{name}.md").write_text("\n".join(module_page(name, module)))
        contents.append(f"- [`{name}`]({name}.md): {summary(module)}")
    (folder / "README.md").write_text("\n".join([*contents, ""]))


def module_page(name: str, module: griffe.Object) -> Iterator[str]:
    """The lines of a module's page: its docstring, then each of its public names."""
    yield from [f"# {name}", "", *docstring(module)]
    for exported in sorted(module.exports or [], key=str):
        yield from entry(module[str(exported)], level=2)


def entry(item: griffe.Object, *, level: int) -> Iterator[str]:
    """The lines of one name: how it is called, what it does, and its own public members."""
    yield from [f"{'#' * level} {item.name}", "", "```python", *declaration(item), "```", "", *docstring(item)]
    if item.is_class:
        for member in item.all_members.values():
            if member.has_docstring and not member.name.startswith("_"):
                yield from entry(member, level=level + 1)


def declaration(item: griffe.Object) -> Iterator[str]:
    """The item as it is declared, without its body."""
    target = item.final_target if item.is_alias else item
    if isinstance(target, griffe.Function):
        yield from [f"@{decorator.value}" for decorator in target.decorators]
        returns = f" -> {target.returns}" if target.returns is not None else ""
        keyword = "async def" if "async" in target.labels else "def"
        yield f"{keyword} {target.name}({parameters(target.parameters)}){returns}"
    elif isinstance(target, griffe.Class):
        bases = ", ".join(str(base) for base in target.bases)
        yield f"class {target.name}({bases})" if bases else f"class {target.name}"
        if target.parameters and len(list(target.parameters)) > 1:
            yield f"{target.name}({parameters(target.parameters, skip_first=True)})"
    elif isinstance(target, griffe.Attribute):
        annotation = f": {target.annotation}" if target.annotation is not None else ""
        yield f"{target.name}{annotation}"
    else:
        yield target.path


def parameters(given: Iterable[griffe.Parameter], *, skip_first: bool = False) -> str:
    """The parameters between the parentheses of a declaration."""
    parts: list[str] = []
    kind = None
    for parameter in list(given)[1 if skip_first else 0 :]:
        positional_only = griffe.ParameterKind.positional_only
        if kind is positional_only and parameter.kind is not positional_only:
            parts.append("/")
        if parameter.kind is griffe.ParameterKind.keyword_only and kind not in (
            griffe.ParameterKind.keyword_only,
            griffe.ParameterKind.var_positional,
        ):
            parts.append("*")
        kind = parameter.kind
        stars = {griffe.ParameterKind.var_positional: "*", griffe.ParameterKind.var_keyword: "**"}.get(kind, "")
        annotation = f": {parameter.annotation}" if parameter.annotation is not None else ""
        equals = " = " if annotation else "="
        default = f"{equals}{parameter.default}" if parameter.default is not None and not stars else ""
        parts.append(f"{stars}{parameter.name}{annotation}{default}")
    if kind is griffe.ParameterKind.positional_only:
        parts.append("/")
    return ", ".join(parts)


def docstring(item: griffe.Object) -> Iterator[str]:
    """The docstring's sections as Markdown."""
    for section in item.docstring.parsed if item.docstring is not None else []:
        match section:
            case griffe.DocstringSectionText():
                yield from [section.value, ""]
            case griffe.DocstringSectionExamples():
                yield from ["**Example:**", ""]
                for kind, text in section.value:
                    is_code = kind is griffe.DocstringSectionKind.examples
                    yield from ["```python", text, "```", ""] if is_code else [text, ""]
            case griffe.DocstringSectionAdmonition():
                code = section.value.contents.replace("  # doctest: +SKIP", "")
                yield from [f"**{section.title or section.value.kind}:**", "", "```python", code, "```", ""]
            case (
                griffe.DocstringSectionParameters()
                | griffe.DocstringSectionReturns()
                | griffe.DocstringSectionYields()
                | griffe.DocstringSectionRaises()
                | griffe.DocstringSectionAttributes()
            ):
                yield from [f"**{section.kind.value.capitalize()}:**", ""]
                yield from [f"- {described(element)}" for element in section.value]
                yield ""
            case _:
                message = f"{item.path}: a section of kind {section.kind.value} has no form here"
                raise NotImplementedError(message)


def described(element: griffe.DocstringElement) -> str:
    """A parameter, an exception or a returned value, in one line."""
    text = " ".join(element.description.split())
    name = getattr(element, "name", "") or (element.annotation if isinstance(element, griffe.DocstringRaise) else "")
    return f"`{name}`: {text}" if name else text


def summary(item: griffe.Object) -> str:
    """The first line of a docstring."""
    return item.docstring.value.splitlines()[0] if item.docstring is not None else ""


if __name__ == "__main__":
    main(Path(sys.argv[1]))
