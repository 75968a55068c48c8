"""Where classes and their members are written, and the docstrings written with them."""

from __future__ import annotations

import ast
import inspect
import os
import sys
from dataclasses import dataclass, field
from typing import Any


@dataclass
class ClassSource:
    """A class as its file has it."""

    line: int
    doc: str | None
    lines: dict[str, int] = field(default_factory=dict[str, int])
    """By member."""
    docs: dict[str, str] = field(default_factory=dict[str, str])
    """Texts that stand alone below an attribute, by attribute."""


_files: dict[str, dict[str, ClassSource]] = {}


def class_source(cls: type) -> ClassSource | None:
    """Gives what a class's file says of it; None if there is no file, as for a class made by a call."""
    file = _file_of(cls)
    if file is None:
        return None
    if file not in _files:
        _files[file] = _read(file)
    return _files[file].get(cls.__qualname__)


def class_doc(cls: type) -> str | None:
    """Gives a class's own docstring, and not the signature that `@dataclass` puts in its place."""
    doc: str | None = vars(cls).get("__doc__")
    source = class_source(cls)
    if doc is None or (source is not None and source.doc is None):
        return None
    if source is None and doc.startswith(f"{cls.__name__}("):
        return None
    return inspect.cleandoc(doc) or None


def place_of(cls: type, member: str | None = None) -> str | None:
    """Gives `file:line` of a class or of the class in its MRO that has the member; only the file where that is all."""
    for owner in cls.__mro__ if member is not None else (cls,):
        source = class_source(owner)
        if source is not None and (member is None or member in source.lines):
            return show_place(_file_of(owner), source.line if member is None else source.lines[member])
    return show_place(_file_of(cls), None)


def member_doc(owner: type, member: str) -> str | None:
    """Gives the text below an attribute."""
    source = class_source(owner)
    return None if source is None else source.docs.get(member)


def show_place(file: str | None, line: int | None) -> str | None:
    """Gives `file:line`, the file relative to the working folder where it is below it."""
    if file is None:
        return None
    relative = os.path.relpath(file) if os.path.isabs(file) else file
    shown = file if relative.startswith("..") else relative
    return shown if line is None else f"{shown}:{line}"


def forget_sources() -> None:
    """Forgets what was read, which is needed only while schemas are described."""
    _files.clear()


def _file_of(cls: type) -> str | None:
    file: Any = getattr(sys.modules.get(cls.__module__), "__file__", None)
    return file if isinstance(file, str) and file.endswith(".py") else None


def _read(file: str) -> dict[str, ClassSource]:
    try:
        with open(file, encoding="utf-8") as opened:
            tree = ast.parse(opened.read())
    except (OSError, SyntaxError, ValueError):
        return {}
    found: dict[str, ClassSource] = {}
    _read_body(tree.body, "", found)
    return found


def _read_body(body: list[ast.stmt], prefix: str, found: dict[str, ClassSource]) -> None:
    for node in body:
        if isinstance(node, ast.ClassDef):
            found[prefix + node.name] = _read_class(node)
            _read_body(node.body, f"{prefix}{node.name}.", found)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            _read_body(node.body, f"{prefix}{node.name}.<locals>.", found)
        else:
            for inner in ("body", "orelse"):  # if, try, with
                _read_body(getattr(node, inner, []), prefix, found)


def _read_class(node: ast.ClassDef) -> ClassSource:
    source = ClassSource(node.lineno, ast.get_docstring(node))
    attribute: str | None = None
    for item in node.body:
        name: str | None = None
        if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            source.lines.setdefault(item.name, item.lineno)
        elif isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name):
            name = item.target.id
        elif isinstance(item, ast.Assign) and isinstance(item.targets[0], ast.Name):
            name = item.targets[0].id
        elif attribute is not None and isinstance(item, ast.Expr):
            text = item.value.value if isinstance(item.value, ast.Constant) else None
            if isinstance(text, str):
                source.docs[attribute] = inspect.cleandoc(text)
        if name is not None:
            source.lines.setdefault(name, item.lineno)
        attribute = name
    return source
