"""What psycopg 3 makes of values: reads cases as JSON, writes its answers as JSON."""

import json
import sys

from psycopg.adapt import PyFormat, Transformer
from psycopg.pq import Escaping, Format

BYTEA = 17


def dump(expression: str, scope: dict) -> object:
    """Gives [oid, text], or the name of the error's class."""
    transformer = Transformer()
    try:
        (text,) = transformer.dump_sequence([eval(expression, scope)], [PyFormat.TEXT])
    except Exception as error:
        return type(error).__name__
    (oid,) = transformer.types
    if oid == BYTEA:  # without a connection psycopg prints the older escape format, escaped for a literal
        unescape = Escaping().unescape_bytea
        return [oid, "\\x" + bytes(unescape(bytes(unescape(bytes(text))))).hex()]
    return [oid, None if text is None else bytes(text).decode()]


def load(oid: int, text: str) -> str:
    """Gives the value's repr, a moment's in ISO format."""
    value = Transformer().get_loader(oid, Format.TEXT).load(text.encode())
    return show(value)


def show(value: object) -> str:
    """Gives a repr that is the same whatever class a zone is of."""
    if isinstance(value, list):
        return "[" + ", ".join(show(item) for item in value) + "]"
    return f"{type(value).__name__} {value.isoformat() if hasattr(value, 'isoformat') else repr(value)}"


cases = json.load(sys.stdin)
scope: dict = {}
exec(cases["prelude"], scope)
answers = {
    "dumps": [dump(expression, scope) for expression in cases["dumps"]],
    "loads": [load(oid, text) for oid, text in cases["loads"]],
}
json.dump(answers, sys.stdout)
