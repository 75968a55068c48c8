"""Pip inside the gateway: it chooses among a package's builds the one for the interpreter that it runs in."""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import ssl
import sys
import urllib.parse
import urllib.request
from typing import Any

from puff._runtime import terminal

_NAME = "pip-26.3-py3-none-any.whl"
_SHA256 = "f3b60b20ffaadd4415ed7957212a38ac63fa4c5fa375bd0f4a797777940fad13"
# There are no processes to build a package in, the host has the certificates, and the user id is always 0.
_ALWAYS = {
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_NO_CACHE_DIR": "1",
    "PIP_PROGRESS_BAR": "off",
    "PIP_ROOT_USER_ACTION": "ignore",
    "PIP_USE_DEPRECATED": "legacy-certs",
}


def run(folder: str, argv: list[str]) -> int:
    """Runs pip on the terminal.

    Args:
        folder: Where packages are installed: `.puff/site-packages`.
        argv: Pip's arguments.

    Returns:
        The exit status.
    """
    terminal.install()
    command = argv[0] if argv else "help"
    if command in _ELSEWHERE:
        sys.stderr.write(f"pip {command}: {_ELSEWHERE[command]}\n")
        return 1
    os.environ.update(_ALWAYS)
    try:
        sys.path.insert(0, _fetch(os.path.dirname(folder)))
    except OSError as error:
        sys.stderr.write(f"✗ pip can't be downloaded from {_index()}: {error}. PIP_INDEX_URL names another index.\n")
        return 1
    main: Any = importlib.import_module("pip._internal.cli.main").main
    try:
        status = _status(main, [*argv, *_options(command, folder)])
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    if status and command in ("install", "download"):
        sys.stderr.write(_ADVICE)
    return status


_ELSEWHERE = {
    "uninstall": "delete the package's folder in .puff/site-packages, or the whole of it and install again.",
    "wheel": "the gateway's Python starts no programs that build packages. Run pip of CPython.",
}
_ADVICE = (
    "\nThe gateway's Python takes packages without compiled code, and those that were built for Pyodide. A package "
    "that has only a source distribution can be installed into .venv by CPython's pip. See docs/python-packages.md.\n"
)


def _options(command: str, folder: str) -> list[str]:
    if command == "install":
        return ["--only-binary=:all:", "--upgrade", "--target", folder]
    return ["--path", folder] if command in ("freeze", "inspect", "list") else []


def _status(main: Any, argv: list[str]) -> int:
    try:
        return int(main(argv))
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1


def _fetch(folder: str) -> str:
    """Gives pip's own file, which Python imports from; it is downloaded where it is not there."""
    file = os.path.join(folder, _NAME)
    if not os.path.exists(file):
        page = urllib.request.Request(f"{_index()}/pip/", headers={"accept": "application/vnd.pypi.simple.v1+json"})  # noqa: S310  # the index that the user chose
        trusted = ssl.create_default_context(cafile=os.environ.get("PIP_CERT") or None)
        with urllib.request.urlopen(page, context=trusted) as answer:  # noqa: S310
            found = next((each for each in json.load(answer)["files"] if each["filename"] == _NAME), None)
        if found is None:
            raise FileNotFoundError(f"it has no {_NAME}")
        address = urllib.parse.urljoin(page.full_url, found["url"])
        with urllib.request.urlopen(address, context=trusted) as answer:  # noqa: S310
            content: bytes = answer.read()
        if hashlib.sha256(content).hexdigest() != _SHA256:
            raise OSError(f"its {_NAME} is not the one that was published")
        with open(f"{file}.new", "wb") as new:
            new.write(content)
        os.replace(f"{file}.new", file)
    return file


def _index() -> str:
    return os.environ.get("PIP_INDEX_URL", "https://pypi.org/simple").rstrip("/")
