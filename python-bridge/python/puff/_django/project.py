"""Django inside the gateway: its start, its application, its static files, its management commands."""

from __future__ import annotations

import importlib
import logging
import os
import sys
import traceback
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from puff._packages.compiled import CompiledPackageError, compiled_package
from puff._runtime import logs, terminal
from puff._runtime.modules import is_installed

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator

_logger = logging.getLogger("puff.django")


_aliases: dict[str, str] = {}
"""By the names that databases had before tests gave them others."""


def setup() -> None:
    """Loads the settings that `DJANGO_SETTINGS_MODULE` names, and the project's apps."""
    _import("django").setup()
    logs.end_doubles()
    _aliases.update(_find_aliases())


def connection_to(database: str) -> Any:
    """Gives Django's connection to a database of the gateway's; None: it has none."""
    if "django.conf" not in sys.modules or not _settings().configured:
        return None
    alias = (_aliases or _find_aliases()).get(database)
    return None if alias is None else _import("django.db").connections[alias]


@contextmanager
def sparing_transactions() -> Generator[None]:
    """Has a failure within undo what was done within, where Django would have the transaction around it fail."""
    if "django.db" not in sys.modules:
        yield
        return
    transaction = _import("django.db.transaction")
    connections = _import("django.db").connections.all(initialized_only=True)
    saved = [
        (one.alias, transaction.savepoint(one.alias))
        for one in connections
        if one.in_atomic_block and not one.needs_rollback and one.features.uses_savepoints
    ]
    yield
    for alias, savepoint in saved:
        if transaction.get_rollback(alias):
            transaction.set_rollback(False, alias)
            transaction.savepoint_rollback(savepoint, alias)
        else:
            transaction.savepoint_commit(savepoint, alias)


def _find_aliases() -> dict[str, str]:
    databases: dict[str, dict[str, Any]] = _settings().DATABASES
    # The first of a name wins.
    return {str(one.get("NAME")): alias for alias, one in reversed(databases.items()) if not one.get("HOST")}


def application() -> Any:
    """Gives the project's WSGI application: that of `WSGI_APPLICATION`, else Django's own."""
    path = _settings().WSGI_APPLICATION
    if path is None:
        return _import("django.core.wsgi").get_wsgi_application()
    return _import("django.utils.module_loading").import_string(path)


def load_urls() -> None:
    """Imports the project's URLs and with them its views, as `runserver` does: what is wrong there is told at once."""
    logs.end_doubles()  # its application has set logging up once more
    if "django.conf" in sys.modules and _settings().configured and hasattr(_settings(), "ROOT_URLCONF"):
        _ = _import("django.urls").get_resolver().url_patterns


def template_files() -> list[str]:
    """Gives the files in the project's folders of templates, which Django keeps in memory once it has read them."""
    if "django.conf" not in sys.modules or not _settings().configured:
        return []
    folders: Iterable[Any] = _import("django.template.autoreload").get_template_directories()
    own = (str(folder) for folder in folders if not is_installed(str(folder)))
    return [os.path.join(place, name) for folder in own for place, _, names in os.walk(folder) for name in names]


def static_files() -> list[dict[str, Any]]:
    """Tells where static files lie.

    Returns:
        `[{"url", "folders"}]`: in development the folders that Django's finders look in, so that nothing has to be
        collected; then that of `collectstatic`, where there is one.
    """
    settings = _settings()
    url: str | None = settings.STATIC_URL
    if not url or not url.startswith("/") or url == "/":  # on another host, or nowhere
        return []
    folders: dict[str, list[str]] = {}
    if settings.DEBUG and "django.contrib.staticfiles" in settings.INSTALLED_APPS:
        for prefix, folder in _found_folders():
            folders.setdefault(f"{url}{prefix.strip('/')}/" if prefix else url, []).append(folder)
    if settings.STATIC_ROOT:
        folders.setdefault(url, []).append(os.path.abspath(settings.STATIC_ROOT))
    existing = {where: [folder for folder in found if os.path.isdir(folder)] for where, found in folders.items()}
    return [{"url": where, "folders": found} for where, found in existing.items() if found]


def _found_folders() -> Iterator[tuple[str, str]]:
    """Gives the folders of the finders that have some, each with its prefix."""
    for finder in _import("django.contrib.staticfiles.finders").get_finders():
        storages: dict[Any, Any] = getattr(finder, "storages", {})
        for storage in storages.values():
            yield getattr(storage, "prefix", None) or "", os.path.abspath(storage.location)


def watch_failures(note: Callable[[BaseException | None, dict[str, Any]], None]) -> None:
    """Has `note` called with each exception that Django turns into a response, and the environ of its request."""

    def receive(request: Any = None, **_: Any) -> None:
        if request is not None:
            error = sys.exc_info()[1]
            note(error, request.environ)
            if getattr(error and error.__cause__, "pgcode", None) in _UNMIGRATED:
                _logger.warning(
                    "%s Is a migration missing? puff-gateway django migrate applies pending ones.",
                    str(error).partition("\n")[0] + ".",
                )

    _import("django.core.signals").got_request_exception.connect(receive, weak=False, dispatch_uid="puff")


_UNMIGRATED = ("42P01", "42703")
"""Postgres's codes for a table and a column that do not exist."""


def end_transactions(environ: dict[str, Any]) -> bool:
    """Rolls back what a view has left open, and says so, before its connections are used by others.

    Returns:
        Whether Django's connections are good for another request.
    """
    good = True
    for connection in _import("django.db").connections.all(initialized_only=True):
        raw = connection.connection
        good = good and not connection.in_atomic_block
        if connection.vendor != "postgresql" or raw is None or raw.closed or raw.info.transaction_status == 0:
            continue
        where = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']} ({_view(environ['PATH_INFO'])})"
        _logger.warning("%s left a transaction of database %s open: it is rolled back", where, connection.alias)
        raw.rollback()
        good = False
    return good


def _view(path: str) -> str:
    urls = _import("django.urls")
    try:
        return urls.resolve(path)._func_path  # noqa: SLF001  # how Django's error page names it
    except urls.Resolver404:
        return "no view"


def manage(argv: list[str]) -> int:
    """Runs a management command on the terminal.

    Args:
        argv: What follows `manage.py`.

    Returns:
        The exit status.
    """
    terminal.install()
    try:
        return _manage(argv)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


def _manage(argv: list[str]) -> int:
    command = argv[0] if argv else ""
    if command in _ELSEWHERE:
        sys.stderr.write(f"{command}: {_ELSEWHERE[command]}\n")
        return 1
    if command == "test" and any(word.partition("=")[0] == "--parallel" for word in argv):
        sys.stderr.write("test: --parallel needs processes, which can't be started here. The tests run one by one.\n")
        argv = [*argv, "--parallel=1"]  # the last one counts
    sys.argv[:] = ["manage.py", *argv]
    try:
        _import("django.core.management").execute_from_command_line(sys.argv)
    except SystemExit as end:
        _tell_compiled(end.__context__)
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        sys.stderr.write(f"{end.code}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\nStopped.\n")
        return 130
    except Exception as error:
        unreachable = None if "--traceback" in argv else _unreachable_database(error)
        if unreachable is not None:
            sys.stderr.write(f"✗ {unreachable}\n")
            return 1
        # From Django's frames on.
        own = error.__traceback__
        traceback.print_exception(error.with_traceback(own and own.tb_next))
        _tell_compiled(error)
        return 1
    return 0


def _tell_compiled(error: BaseException | None) -> None:
    """Says what compiled code an error is about, where it tells it otherwise: Django says that Pillow is missing."""
    compiled = None if error is None or isinstance(error, CompiledPackageError) else compiled_package(error)
    if compiled is not None:
        sys.stderr.write(f"✗ {compiled}\n")


def _unreachable_database(error: Exception) -> str | None:
    """Gives the sentence for a database that can't be connected to; None: it is about something else."""
    cause = " ".join(str(error).split())
    if type(error).__name__ != "OperationalError" or not cause.startswith("connection to server "):
        return None
    return (
        f"DATABASES of {_settings().SETTINGS_MODULE}: {cause}. Correct it there, or start the server; "
        "--traceback shows who asked for it. [PUFF_DATABASE_UNAVAILABLE]"
    )


_ELSEWHERE = {
    "runserver": "the gateway is the server. Run puff-gateway.",
    "testserver": "the gateway is the server. Run puff-gateway.",
    "dbshell": "the gateway's Python starts no programs. Run psql with the URL of the database.",
}
"""Commands that are not here, and what is in their place."""


def _settings() -> Any:
    return _import("django.conf").settings


def _import(name: str) -> Any:
    # Django is the user's own: it is imported when there is a project.
    return importlib.import_module(name)
