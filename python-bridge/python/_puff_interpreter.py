"""What the bridge does inside an interpreter around the user's code: before it is imported, while, and after a restore.

Not a part of the package `puff`: user code never imports it.
"""

from __future__ import annotations

import gc
import importlib
import importlib.util
import json
import operator
import os
import random
import sys
import tempfile
import time
import types
import uuid
import zoneinfo
from collections.abc import Iterator
from typing import Any

from puff._debug import breakpoints, tracing
from puff._runtime import javascript

# Modules that users' schemas commonly import: they are in the base image, so that a changed schema loads quickly.
_COMMON = (
    "argparse asyncio base64 bisect calendar collections.abc concurrent.futures configparser contextlib contextvars "
    "copy csv dataclasses datetime decimal difflib email.message email.utils enum fnmatch fractions functools glob "
    "hashlib heapq hmac html http.client http.cookies importlib.metadata importlib.resources inspect io ipaddress "
    "itertools json logging logging.config math mimetypes numbers operator pathlib pickle pkgutil platform pprint "
    "queue random re secrets shutil signal socket statistics string struct subprocess tempfile textwrap threading "
    "time traceback types typing unicodedata urllib.error urllib.parse urllib.request uuid warnings weakref "
    "xml.etree.ElementTree zipfile zoneinfo"
)

_environment_type: Any = type(os.environ)  # its methods are replaced
_plain_getitem = _environment_type.__getitem__
_plain_iter = _environment_type.__iter__
_plain_seed = random.Random.seed
_plain_global_seed = random.seed
# Generators to be seeded anew in each interpreter: their state is in the image, and two must not draw the same numbers.
_shared: random.Random = random._inst  # pyright: ignore[reportPrivateUsage]  # that of random.random()
_unseeded = [_shared]
_environment_reads: set[Any] = set()
_tempfile: Any = tempfile
_uuid: Any = uuid


# Garbage-collected objects made since the last collection that make the next one worth its time.
_COLLECT_AFTER = 20_000

_collect = gc.collect
_plain_set_recursion_limit = sys.setrecursionlimit
_DEEPEST = 10_000


def prepare() -> None:
    """Imports what the base image holds besides `puff`."""
    _hide_pyodide()
    javascript.install()
    # Python 3.14's incremental collection walks the frames of all greenlets, and in Pyodide those of suspended ones
    # may have been moved away: it corrupts memory (mended in Pyodide after 314.0.7). Full and young collections do not.
    gc.disable()
    gc.enable = _enable_collection
    gc.collect = _collect_safely
    operator.methodcaller = _methodcaller_of_python()  # type: ignore[misc]
    sys.setrecursionlimit = _set_recursion_limit
    tracing.install()
    sys.dont_write_bytecode = True
    for name in _COMMON.split():
        importlib.import_module(name)


def _hide_pyodide() -> None:
    """Leaves of `pyodide_js` what Pyodide's Python asks it for. By the rest it could mount any folder of the host."""
    pyodide_js, interface = (importlib.import_module(name) for name in ("pyodide_js", "pyodide_js._api"))
    runs: bool = interface.config.enableRunUntilComplete
    for finder in sys.meta_path:
        getattr(finder, "jsproxies", {}).pop("pyodide_js", None)
    left: Any = types.ModuleType("pyodide_js", "What is left of Pyodide's own interface.")
    left.version = pyodide_js.version
    left.loadedPackages = {}
    inner: Any = types.ModuleType("pyodide_js._api")
    inner.config = types.SimpleNamespace(enableRunUntilComplete=runs)
    left._api = inner
    sys.modules |= {"pyodide_js": left, "pyodide_js._api": inner}


def _methodcaller_of_python() -> Any:
    """The one that `operator` falls back to: a collection that ends C's calls it in a way that WebAssembly refuses."""
    spec: Any = operator.__spec__
    fallback = importlib.util.module_from_spec(spec)
    compiled = sys.modules["_operator"]
    sys.modules["_operator"] = None  # type: ignore[assignment]  # it is not to be found
    try:
        spec.loader.exec_module(fallback)
    finally:
        sys.modules["_operator"] = compiled
    return fallback.methodcaller


def tidy() -> None:
    """Collects garbage where there is enough of it: called between greenlets, since no collection is automatic."""
    if gc.get_count()[0] > _COLLECT_AFTER:
        _collect()


def _set_recursion_limit(limit: int) -> None:
    """Stands in for `sys.setrecursionlimit`: past this depth the interpreter's stack would not suffice."""
    _plain_set_recursion_limit(min(limit, _DEEPEST))


def _enable_collection() -> None:
    """Stands in for `gc.enable`, which must not have its effect; collections happen all the same."""


def _collect_safely(generation: int = 2) -> int:
    return _collect(2 if generation == 1 else generation)


class _Changes:
    """What the user's import changed of the process, as `load_dotenv()` does: it is changed again after a restore."""

    def __init__(self) -> None:
        self._set: dict[str, str] = {}
        self._deleted: set[str] = set()
        self.path: list[str] | None = None
        self.folder: str | None = None
        self.umask: int | None = None
        self._before: tuple[dict[str, str], list[str], str, int] = ({}, [], "", 0)

    def begin(self) -> None:
        """Notes what there is."""
        self._before = (dict(os.environ), list(sys.path), os.getcwd(), _umask())

    def end(self) -> None:
        """Notes what has become of it."""
        environment, path, folder, umask = self._before
        self._set = {name: value for name, value in os.environ.items() if environment.get(name) != value}
        self._deleted = environment.keys() - os.environ.keys()
        self.path = list(sys.path) if sys.path != path else None
        self.folder = os.getcwd() if os.getcwd() != folder else None
        self.umask = _umask() if _umask() != umask else None
        self._before = ({}, [], "", 0)

    def made(self, environment: dict[str, str]) -> dict[str, str]:
        """Gives an environment as the import would leave it."""
        return {name: value for name, value in (environment | self._set).items() if name not in self._deleted}


def _umask() -> int:
    umask = os.umask(0)
    os.umask(umask)
    return umask


_changes = _Changes()


def adopt(settings_json: str) -> None:
    """Makes this interpreter one for these settings, whether it is new or restored from an image."""
    settings = json.loads(settings_json)
    # A variable that the import has read, too, is in the image as it was, or the image would not fit.
    environment = _changes.made(settings["environment"])
    for name in [name for name in os.environ if name not in environment]:
        del os.environ[name]
    os.environ.update(environment)
    zoneinfo.reset_tzpath(to=settings["timeZones"])
    sys.path[:] = _changes.path or settings["path"]
    importlib.invalidate_caches()
    time.tzset()  # once zones are found, be it on the host or in a package
    folder = _changes.folder or settings["cwd"]
    if folder is not None:
        os.chdir(folder)
    if _changes.umask is not None:
        os.umask(_changes.umask)
    breakpoints.allow_stepping(settings["debugger"])
    renew()


def renew() -> None:
    """Gives up what must not be the same in two interpreters."""
    for generator in _unseeded:
        _plain_seed(generator)
    _tempfile._name_sequence = None
    _tempfile.tempdir = None
    _uuid._last_timestamp = None
    _uuid._node = None


def begin_import() -> None:
    """Watches what the user's imports read of the environment, and which random generators they make."""
    _environment_reads.clear()
    _changes.begin()

    def getitem(self: Any, key: Any) -> str:
        _environment_reads.add(key)
        return _plain_getitem(self, key)

    def iterate(self: Any) -> Iterator[str]:
        _environment_reads.update(_plain_iter(self))
        _environment_reads.add("*")
        return _plain_iter(self)

    def seed(self: random.Random, a: Any = None, version: int = 2) -> None:
        # One that is given a seed is meant to draw the same numbers always.
        _unseeded[:] = [generator for generator in _unseeded if generator is not self]
        if a is None:
            _unseeded.append(self)
        _plain_seed(self, a, version)

    _environment_type.__getitem__ = getitem
    _environment_type.__iter__ = iterate
    random.Random.seed = seed
    random.seed = _shared.seed


def end_import() -> str:
    """Ends what :func:`begin_import` began; the names read, as JSON."""
    _environment_type.__getitem__ = _plain_getitem
    _environment_type.__iter__ = _plain_iter
    random.Random.seed = _plain_seed
    random.seed = _plain_global_seed
    _changes.end()
    # SystemRandom keeps no state and takes no seed.
    _unseeded[:] = [generator for generator in _unseeded if not isinstance(generator, random.SystemRandom)]
    importlib.invalidate_caches()  # importlib.metadata keeps the archives open that it has looked into
    # What can go goes before the image; what stays is spared from later collections.
    _collect()
    gc.freeze()
    return json.dumps(sorted(name for name in _environment_reads if isinstance(name, str)))
