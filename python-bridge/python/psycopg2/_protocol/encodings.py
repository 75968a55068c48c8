"""Postgres's names of encodings, and Python's codecs for them."""

from __future__ import annotations

import codecs
import re

from psycopg2._protocol.exceptions import OperationalError

_CODECS = {
    "ascii": "SQL_ASCII",
    "big5": "BIG5",
    "cp1250": "WIN1250",
    "cp1251": "WIN WIN1251",
    "cp1252": "WIN1252",
    "cp1253": "WIN1253",
    "cp1254": "WIN1254",
    "cp1255": "WIN1255",
    "cp1256": "WIN1256",
    "cp1257": "WIN1257",
    "cp1258": "ABC TCVN TCVN5712 VSCII WIN1258",
    "cp866": "ALT WIN866",
    "cp874": "WIN874",
    "cp932": "Mskanji ShiftJIS SJIS WIN932 Windows932",
    "cp949": "UHC WIN949 Windows949",
    "cp950": "WIN950 Windows950",
    "euc_jis_2004": "EUC_JIS_2004",
    "euc_jp": "EUC_JP",
    "euc_kr": "EUC_KR",
    "euccn": "EUC_CN",
    "gb18030": "GB18030",
    "gbk": "GBK WIN936 Windows936",
    "iso8859_1": "ISO_8859_1 LATIN1",
    "iso8859_2": "ISO_8859_2 LATIN2",
    "iso8859_3": "ISO_8859_3 LATIN3",
    "iso8859_4": "LATIN4",
    "iso8859_5": "ISO_8859_5",
    "iso8859_6": "ISO_8859_6",
    "iso8859_7": "ISO_8859_7",
    "iso8859_8": "ISO_8859_8",
    "iso8859_9": "ISO_8859_9 LATIN5",
    "iso8859_10": "ISO_8859_10 LATIN6",
    "iso8859_13": "ISO_8859_13 LATIN7",
    "iso8859_14": "ISO_8859_14 LATIN8",
    "iso8859_15": "ISO_8859_15 LATIN9",
    "iso8859_16": "ISO_8859_16 LATIN10",
    "johab": "JOHAB",
    "koi8_r": "KOI8 KOI8R",
    "koi8_u": "KOI8U",
    "shift_jis_2004": "SHIFT_JIS_2004",
    "utf_8": "UNICODE UTF8",
}

#: Codecs by Postgres's names, and by those without punctuation.
encodings = {name: codec for codec, names in _CODECS.items() for name in names.split()}


def clean_name(name: str) -> str:
    """Postgres takes punctuation and case for nothing."""
    return re.sub(r"[^A-Z0-9]", "", name.upper())


encodings.update({clean_name(name): codec for name, codec in list(encodings.items())})


def codec_of(name: str) -> str:
    """The codec for an encoding of Postgres.

    Raises:
        OperationalError: Python has none.
    """
    codec = encodings.get(name) or encodings.get(clean_name(name))
    if codec is None:
        raise OperationalError(f"no Python encoding found for PostgreSQL encoding '{name}'")
    codecs.lookup(codec)
    return codec
