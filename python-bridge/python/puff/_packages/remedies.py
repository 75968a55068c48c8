"""What to do about a package with compiled code, by what PyPI has of it."""

from __future__ import annotations

import sys

from puff._runtime.suspending import IN_PYODIDE

_BUILT = {
    "charset-normalizer": "charset-normalizer",
    "jiter": "jiter",
    "msgspec": "msgspec",
    "pydantic-core": "pydantic",
}
"""Packages that PyPI has for Pyodide, and what to install for them."""

_INSTEAD = {
    "argon2-cffi-bindings": "use PBKDF2 or scrypt, which Django and hashlib have",
    "bcrypt": "use PBKDF2 or scrypt, which Django and hashlib have",
    "cffi": "",
    "cryptography": "",
    "lxml": "use xml.etree.ElementTree",
    "numpy": "",
    "orjson": "use json or msgspec",
    "pandas": "",
    "pillow": "",
    "psycopg-binary": "use psycopg2, which the gateway brings",
    "psycopg-c": "use psycopg2, which the gateway brings",
}
"""Packages that PyPI has only for other Pythons, and what else does their work."""


def remedy_for(package: str) -> str:
    """Gives a sentence.

    Args:
        package: Its name on PyPI, in lower case, with hyphens.

    Returns:
        The remedy that fits.
    """
    if not IN_PYODIDE:
        return (
            f"It is built for another Python: install it for this one with {sys.executable} -m pip install {package}."
        )
    if package in _BUILT:
        return f"PyPI has a build for it: run puff-gateway pip install {_BUILT[package]}."
    if package in _INSTEAD:
        instead = _INSTEAD[package] or "do its work in SQL or in a host function"
        return f"PyPI has no build of it for Pyodide: run the gateway with --engine cpython, or {instead}."
    return (
        f"Run puff-gateway pip install {package}, which takes a build for it or a pure one if PyPI has either. "
        "Else run the gateway with --engine cpython."
    )
