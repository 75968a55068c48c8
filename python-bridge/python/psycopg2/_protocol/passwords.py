"""Encrypted passwords for ALTER ROLE."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from typing import Any

from psycopg2._protocol.exceptions import NotSupportedError, ProgrammingError

_ITERATIONS = 4096


def encrypt_password(password: str, user: str, scope: Any = None, algorithm: str | None = None) -> str:
    """The form in which the server keeps a password.

    Args:
        password: The password.
        user: Its user.
        scope: A connection or cursor, asked for the server's algorithm where none is given.
        algorithm: `md5` or `scram-sha-256`.
    """
    for value, name in ((password, "password"), (user, "user"), (algorithm, "algorithm")):
        if not isinstance(value, str) and (value is not None or name != "algorithm"):
            raise TypeError(f"{name} must be str, not {type(value).__name__}")
    if scope is None and algorithm != "md5":
        raise ProgrammingError("password encryption (other than 'md5' algorithm) requires a connection or cursor")
    if algorithm is None:
        algorithm = _server_algorithm(scope)
    if algorithm == "md5":
        return "md5" + hashlib.md5((password + user).encode()).hexdigest()  # noqa: S324 - Postgres's own
    if algorithm == "scram-sha-256":
        return _scram(password)
    raise ProgrammingError(f'password encryption failed: unrecognized password encryption algorithm "{algorithm}"\n')


def _server_algorithm(scope: Any) -> str:
    conn = getattr(scope, "connection", scope)
    result = conn._query(b"SHOW password_encryption", None, begin=False)
    algorithm = result.cells.decode()
    return "md5" if algorithm in {"on", "off"} else algorithm


def _scram(password: str) -> str:
    salt = os.urandom(16)
    pbkdf2 = getattr(hashlib, "pbkdf2_hmac", None)
    if pbkdf2 is None:
        raise NotSupportedError("this Python has no pbkdf2_hmac")
    salted = pbkdf2("sha256", password.encode(), salt, _ITERATIONS)
    client = hmac.digest(salted, b"Client Key", "sha256")
    stored = hashlib.sha256(client).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    text = [base64.b64encode(part).decode() for part in (salt, stored, server)]
    return f"SCRAM-SHA-256${_ITERATIONS}:{text[0]}${text[1]}:{text[2]}"
