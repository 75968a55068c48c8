"""The names that psycopg2 has in its C module, for who takes them from there."""

from __future__ import annotations

import psycopg2
from psycopg2 import extensions
from psycopg2._client.connection import connect as _connect
from psycopg2._protocol import exceptions
from psycopg2._read import typecasters
from psycopg2._write import adapters, moments
from psycopg2.errors import sqlstate_errors

__all__ = ["_connect", "sqlstate_errors"]

for _module in (psycopg2, adapters, exceptions, moments, typecasters, extensions):
    for _name, _value in vars(_module).items():
        if not _name.startswith("_") and not hasattr(_value, "__path__"):
            globals().setdefault(_name, _value)
__version__ = psycopg2.__version__
__libpq_version__ = psycopg2.__libpq_version__
