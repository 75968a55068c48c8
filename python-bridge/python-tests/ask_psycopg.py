"""What psycopg 3 makes of values: reads cases as JSON, writes its answers as JSON."""

from __future__ import annotations

import json
import sys

import values
from psycopg.adapt import PyFormat, Transformer
from psycopg.pq import Escaping, Format

BYTEA = 17


def dump(expression: str) -> object:
    """Gives [oid, text], or the name of the error's class."""
    transformer = Transformer()
    try:
        (text,) = transformer.dump_sequence([eval(expression, vars(values))], [PyFormat.TEXT])
    except Exception as error:
        return type(error).__name__
    (oid,) = transformer.types
    if oid == BYTEA:  # without a connection psycopg prints the older escape format, escaped for a literal
        unescape = Escaping().unescape_bytea
        return [oid, "\\x" + bytes(unescape(bytes(unescape(bytes(text))))).hex()]
    return [oid, None if text is None else bytes(text).decode()]


def load(oid: int, text: str) -> str:
    """Shows the value."""
    return values.show(Transformer().get_loader(oid, Format.TEXT).load(text.encode()))


cases = json.load(sys.stdin)
answers = {
    "dumps": [dump(expression) for expression in cases["dumps"]],
    "loads": [load(oid, text) for oid, text in cases["loads"]],
}
json.dump(answers, sys.stdout)
