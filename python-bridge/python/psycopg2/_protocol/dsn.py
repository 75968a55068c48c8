"""Connection strings, as libpq reads and psycopg2 writes them."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

from psycopg2._protocol.exceptions import ProgrammingError

#: The keywords that libpq knows, in its order.
_KEYWORDS = [
    "service",
    "user",
    "password",
    "passfile",
    "channel_binding",
    "connect_timeout",
    "dbname",
    "host",
    "hostaddr",
    "port",
    "client_encoding",
    "options",
    "application_name",
    "fallback_application_name",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_count",
    "tcp_user_timeout",
    "sslmode",
    "sslnegotiation",
    "sslcompression",
    "sslcert",
    "sslkey",
    "sslcertmode",
    "sslpassword",
    "sslrootcert",
    "sslcrl",
    "sslcrldir",
    "sslsni",
    "requirepeer",
    "require_auth",
    "min_protocol_version",
    "max_protocol_version",
    "ssl_min_protocol_version",
    "ssl_max_protocol_version",
    "gssencmode",
    "krbsrvname",
    "gsslib",
    "gssdelegation",
    "replication",
    "target_session_attrs",
    "load_balance_hosts",
    "scram_client_key",
    "scram_server_key",
    "oauth_issuer",
    "oauth_client_id",
    "oauth_client_secret",
    "oauth_scope",
    "sslkeylogfile",
]
_SCHEMES = ("postgresql://", "postgres://")
_PAIR = re.compile(r"\s*([^\s=]+)\s*=\s*(?:'((?:[^'\\]|\\.)*)'|((?:[^\s'\\]|\\.)*(?:[^\s\\]|\\.)*))", re.DOTALL)
_NEEDS_QUOTES = re.compile(r"\s|^$")


def parse_dsn(dsn: str | bytes) -> dict[str, str]:
    """The keywords of a connection string, be it of `key=value` pairs or a URI.

    Raises:
        ProgrammingError: It is wrong, or has a keyword that there isn't.

    Example:
        >>> parse_dsn("dbname=blog user='the writer'")
        {'dbname': 'blog', 'user': 'the writer'}
    """
    if isinstance(dsn, bytes):
        dsn = dsn.decode()
    if not isinstance(dsn, str):
        raise TypeError(f"Expected bytes or unicode string, got {type(dsn).__name__} instead")
    parsed = _parse_uri(dsn) if dsn.startswith(_SCHEMES) else _parse_pairs(dsn)
    for keyword in parsed:
        if keyword not in _KEYWORDS:
            raise ProgrammingError(f'invalid dsn: invalid connection option "{keyword}"\n')
    return {keyword: parsed[keyword] for keyword in _KEYWORDS if keyword in parsed}


def make_dsn(dsn: str | None = None, **kwargs: Any) -> str:
    """A connection string of another one and of keywords, which come first.

    Raises:
        ProgrammingError: There is no such keyword.

    Example:
        >>> make_dsn("dbname=blog", user="writer")
        'dbname=blog user=writer'
    """
    if dsn is None and not kwargs:
        return ""
    if not kwargs and dsn is not None:
        parse_dsn(dsn)
        return dsn
    if "database" in kwargs:
        if "dbname" in kwargs:
            raise TypeError("you can't specify both 'database' and 'dbname' arguments")
        kwargs["dbname"] = kwargs.pop("database")
    keywords = {key: value for key, value in kwargs.items() if value is not None}
    if dsn is not None:
        keywords = {**parse_dsn(dsn), **keywords}
    text = " ".join(f"{key}={escape_value(value)}" for key, value in keywords.items())
    parse_dsn(text)
    return text


def escape_value(value: Any) -> str:
    """A value for a connection string."""
    text = re.sub(r"(['\\])", r"\\\1", str(value))
    return f"'{text}'" if _NEEDS_QUOTES.search(text) else text


def _parse_pairs(dsn: str) -> dict[str, str]:
    parsed: dict[str, str] = {}
    at = 0
    while dsn[at:].strip():
        match = _PAIR.match(dsn, at)
        if match is None or (match.group(2) is None and match.group(3).startswith("'")):
            word = dsn[at:].split(maxsplit=1)[0]
            if match is None:
                raise ProgrammingError(f'invalid dsn: missing "=" after "{word}" in connection info string\n')
            raise ProgrammingError("invalid dsn: unterminated quoted string in connection info string\n")
        key, quoted, bare = match.groups()
        value = quoted if quoted is not None else bare
        parsed[key] = re.sub(r"\\(.)", r"\1", value)
        at = match.end()
    return parsed


def _parse_uri(uri: str) -> dict[str, str]:
    rest = uri.split("://", 1)[1]
    rest, _, query = rest.partition("?")
    authority, slash, path = rest.partition("/")
    credentials, at, hosts = authority.rpartition("@")
    parsed: dict[str, str] = {}
    if at:
        user, colon, password = credentials.partition(":")
        if user:
            parsed["user"] = _decode(user)
        if colon and password:
            parsed["password"] = _decode(password)
    names: list[str] = []
    ports: list[str] = []
    for one in hosts.split(","):
        match = re.fullmatch(r"(\[[^\]]*\]|[^:\[\]]*)(?::(.*))?", one)
        if match is None and one.startswith("[") and "]" not in one:
            what = 'end of string reached when looking for matching "]" in IPv6 host address'
            raise ProgrammingError(f'invalid dsn: {what} in URI: "{uri}"\n')
        if match is None:
            raise ProgrammingError(f'invalid dsn: unexpected character in URI: "{uri}"\n')
        names.append(_decode(match.group(1).strip("[]")))
        ports.append(match.group(2) or "")
    # As libpq joins them: several hosts without a port are a port of commas.
    if host := ",".join(names):
        parsed["host"] = host
    if port := ",".join(ports):
        parsed["port"] = port
    if slash and path:
        parsed["dbname"] = _decode(path)
    for pair in query.split("&") if query else ():
        key, equals, value = pair.partition("=")
        if not equals or "=" in value:
            what = "extra" if equals else "missing"
            raise ProgrammingError(f'invalid dsn: {what} key/value separator "=" in URI query parameter: "{key}"\n')
        if key not in _KEYWORDS and key != "ssl":
            raise ProgrammingError(f'invalid dsn: invalid URI query parameter: "{key}"\n')
        if key == "ssl":
            key, value = "sslmode", "require"
        parsed[_decode(key)] = _decode(value)
    return parsed


def _decode(text: str) -> str:
    if re.search(r"%(?![0-9a-fA-F]{2})", text):
        raise ProgrammingError(f'invalid dsn: invalid percent-encoded token: "{text}"\n')
    return unquote(text)
