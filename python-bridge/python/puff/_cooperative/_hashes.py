"""`hashlib.pbkdf2_hmac` and `scrypt`, which Pyodide leaves out: Node's, computed off this thread while others run."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from puff._runtime.services import ServiceError, call

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


def install() -> None:
    """Puts them in place."""
    here: Any = hashlib
    here.pbkdf2_hmac = pbkdf2_hmac
    here.scrypt = scrypt


def pbkdf2_hmac(
    hash_name: str, password: ReadableBuffer, salt: ReadableBuffer, iterations: int, dklen: int | None = None
) -> bytes:
    """Stands in for `hashlib.pbkdf2_hmac`."""
    if iterations < 1:
        raise ValueError("iteration value must be greater than 0.")
    if dklen is not None and dklen < 1:
        raise ValueError("key length must be greater than 0.")
    length = hashlib.new(hash_name).digest_size if dklen is None else dklen
    name = hash_name.lower()
    try:
        _, [key] = call(
            "crypto", "pbkdf2", _NODES.get(name, name.replace("_", "-")), iterations, length,
            buffers=[memoryview(password), memoryview(salt)],
        )  # fmt: skip
    except ServiceError as error:
        raise ValueError(f"unsupported hash type {hash_name}: {error}") from None
    return key


_NODES = {"blake2b": "blake2b512", "blake2s": "blake2s256"}
"""Node's names of hashes, where they differ in more than their hyphens."""


def scrypt(
    password: ReadableBuffer,
    *,
    salt: ReadableBuffer,
    n: int,
    r: int,
    p: int,
    maxmem: int = 0,
    dklen: int = 64,
) -> bytes:
    """Stands in for `hashlib.scrypt`."""
    if n < 2 or n & (n - 1):
        raise ValueError("n must be a power of 2.")
    if dklen < 1:
        raise ValueError("dklen must be greater than 0 and smaller than 2147483647")
    options = {"N": n, "r": r, "p": p, "maxmem": maxmem or 32 * 1024 * 1024}
    try:
        _, [key] = call("crypto", "scrypt", options, dklen, buffers=[memoryview(password), memoryview(salt)])
    except ServiceError as error:
        raise ValueError(f"Invalid parameter combination for n, r, p, maxmem: {error}") from None
    return key
