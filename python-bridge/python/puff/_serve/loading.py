"""Imports users' schema classes and WSGI applications."""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from puff._django import project as django_project
from puff._errors import SchemaProblem
from puff._packages.compiled import CompiledPackageError, compiled_package
from puff._types.source import show_place
from puff._wire.values import user_frame

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from types import ModuleType


def load_class(spec: str) -> tuple[type, str]:
    """Imports the class that a spec names.

    Args:
        spec: `schema.py`, `schema.py:Name`, `package.module`, `package.module:Name` or Puff's `package.module.Name`;
            the class defaults to `Schema`.

    Returns:
        The class, and the name of the module in which it was looked for.

    Raises:
        SchemaProblem: The file or module is missing, its import fails, or it has no such class.
    """
    module, name = _import_source(spec)
    name = name or "Schema"
    cls = getattr(module, name, None)
    if not isinstance(cls, type):
        raise _no_class(module, name)
    return cls, module.__name__


def load_application(spec: str) -> Any:
    """Imports the WSGI application that a spec names.

    Args:
        spec: `package.module:name` or `file.py:name`; the name defaults to `application`. `name()` calls a function
            that makes the application.

    Returns:
        The application.

    Raises:
        SchemaProblem: The file or module is missing, its import fails, or what it has by that name can't be called.
    """
    with _as_problem_of("PUFF_WSGI_APPLICATION"):
        module, name = _import_source(spec)
        name = name or "application"
        shown = show_place(module.__file__ or module.__name__, None)
        found = getattr(module, name.removesuffix("()"), None)
        if callable(found) and name.endswith("()"):
            found = _guarded(name, found, shown)
    if not callable(found):
        wrong = f"{name} can't be called, being of type {type(found).__name__},"
        what = f"there is no {name}" if found is None else wrong
        others = [key for key in ("application", "app", "create_app") if callable(getattr(module, key, None))]
        remedy = f"Name another: {shown}:{others[0]}." if others else "Name the application: module:name."
        raise SchemaProblem(f"{what} in {shown}", shown, remedy, "PUFF_WSGI_APPLICATION")
    return found


def load_django() -> None:
    """Sets up the Django project that `DJANGO_SETTINGS_MODULE` names.

    Raises:
        SchemaProblem: Django, the settings or one of the apps does not import.
    """
    with _as_problem_of("PUFF_DJANGO_SETTINGS"):
        _guarded(f"the Django project of {os.environ['DJANGO_SETTINGS_MODULE']}", django_project.setup, None)


def load_django_application() -> Any:
    """Gives the WSGI application of that project.

    Raises:
        SchemaProblem: It does not import.
    """
    with _as_problem_of("PUFF_WSGI_APPLICATION"):
        return _guarded("the WSGI application of the Django project", django_project.application, None)


def load_django_urls() -> None:
    """Imports the URLs of that project, where there is one, and with them its views.

    Raises:
        SchemaProblem: They do not import.
    """
    with _as_problem_of("PUFF_WSGI_APPLICATION"):
        _guarded("the URLs of the Django project", django_project.load_urls, None)


@contextmanager
def _as_problem_of(code: str) -> Generator[None]:
    """Gives an import that failed the code of what was to be imported."""
    try:
        yield
    except SchemaProblem as problem:
        if problem.code in ("PUFF_SCHEMA_NOT_FOUND", "PUFF_SCHEMA_IMPORT"):
            problem.code = code
        raise


def _import_source(spec: str) -> tuple[ModuleType, str]:
    """Imports a file or module, and gives it with the name in it that the spec has, or an empty one."""
    source, separator, name = spec.rpartition(":")
    if not separator or "/" in name or "\\" in name:  # a drive's colon
        source, name = spec, ""
    if source.endswith(".py") or "/" in source or "\\" in source:
        return _import_file(source), name
    module, rest = _import_module(source)
    return module, name or rest


def _no_class(module: ModuleType, name: str) -> SchemaProblem:
    others = [
        key
        for key, value in vars(module).items()
        if isinstance(value, type)
        and value.__module__ == module.__name__
        and "query" in getattr(value, "__annotations__", {})
    ]
    file = module.__file__ or module.__name__
    shown = show_place(file, None)
    remedy = (
        f"Name the class: {shown}:{others[0]}."
        if others
        else f"Write `@dataclass` and `class {name}:` with `query: Query`, or name another class: {shown}:Name."
    )
    return SchemaProblem(f"there is no class {name} in {shown}", shown, remedy)


def _import_file(path: str) -> ModuleType:
    file = os.path.abspath(path)
    if not os.path.isfile(file):
        raise SchemaProblem(
            f"the file {path} does not exist", show_place(file, None),
            "Give the path of a Python file, or a module's name.", "PUFF_SCHEMA_NOT_FOUND",
        )  # fmt: skip
    name, folder = _dotted_name(file)
    if "." in name:
        if folder not in sys.path:
            sys.path.insert(0, folder)
        return _guarded(name, lambda: importlib.import_module(name), show_place(file, None))
    loaded = sys.modules.get(name)
    if loaded is not None:
        if os.path.abspath(getattr(loaded, "__file__", None) or "") == file:
            return loaded
        name = f"puff_schema_{len(sys.modules)}_{name}"
    return _guarded(name, lambda: _execute(name, file), show_place(file, None))


def _dotted_name(file: str) -> tuple[str, str]:
    """Gives a file's module name, its packages before it, and the folder they are in."""
    folder, base = os.path.split(file)
    parts = [re.sub(r"\W", "_", os.path.splitext(base)[0])]
    if parts[0] == "__init__" or os.path.isfile(os.path.join(folder, "__init__.py")):
        parts = [] if parts[0] == "__init__" else parts
        while os.path.isfile(os.path.join(folder, "__init__.py")):
            folder, package = os.path.split(folder)
            parts.insert(0, package)
    return ".".join(parts), folder


def _execute(name: str, file: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        sys.modules.pop(name, None)
        raise
    return module


def _import_module(source: str) -> tuple[ModuleType, str]:
    """Imports `package.module`, or `package.module.Name` in Puff's way: then the name is what is left."""
    importlib.invalidate_caches()
    found = _guarded(source, lambda: _import_if_there(source), source)
    if found is not None:
        return found, ""
    parent, _, name = source.rpartition(".")
    if parent:
        found = _guarded(parent, lambda: _import_if_there(parent), parent)
        if found is not None and (hasattr(found, name) or name[:1].isupper()):
            return found, name
    raise SchemaProblem(
        f"there is no module {source}", None,
        "Give the path of a Python file or a module's name; --python-path adds folders to search for modules.",
        "PUFF_SCHEMA_NOT_FOUND",
    )  # fmt: skip


def _import_if_there(name: str) -> ModuleType | None:
    try:
        return importlib.import_module(name)
    except CompiledPackageError:
        raise
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
            return None
        raise


def _guarded(name: str, imported: Any, where: str | None) -> Any:
    try:
        return imported()
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise _import_problem(error, name, where) from error


def _import_problem(error: BaseException, name: str, where: str | None) -> SchemaProblem:
    frame = user_frame(error)
    place = where if frame is None else show_place(frame.filename, frame.lineno)
    if isinstance(error, SchemaProblem):
        return SchemaProblem(error.message, error.place or place, error.remedy, error.code)
    if isinstance(error, SyntaxError) and error.filename:
        line = "" if not error.text else f": {error.text.strip()}"
        return SchemaProblem(
            f"{error.msg}{line}", show_place(error.filename, error.lineno), "Correct the line.", "PUFF_SCHEMA_SYNTAX"
        )
    compiled = next((found for cause in _causes(error) if (found := compiled_package(cause)) is not None), None)
    if compiled is not None:
        return SchemaProblem(compiled.sentence, place, compiled.remedy, "PUFF_COMPILED_PACKAGE")
    remedy = "Correct what the traceback shows."
    if isinstance(error, ModuleNotFoundError) and error.name:
        package = error.name.partition(".")[0]
        remedy = f"Install {package} into the project's .venv, or add its folder with --python-path."
    message = f"importing {where or name} raised {type(error).__name__}: {error}".rstrip(": ")
    return SchemaProblem(message, place, remedy, "PUFF_SCHEMA_IMPORT")


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        yield current
        seen.add(id(current))
        current = current.__cause__ or current.__context__
