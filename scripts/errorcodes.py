"""Writes psycopg2's `errorcodes` from Postgres's own list of errors.

The list is `src/backend/utils/errcodes.txt` from the sources of Postgres, which Debian installs with the server:

    python3 scripts/errorcodes.py /usr/share/postgresql/15/errcodes.txt
"""

import re
import sys
from pathlib import Path

TARGET = Path(__file__).parent.parent / "python-bridge/python/psycopg2/errorcodes.py"

# What versions before or after the list's have.
OTHERS = [
    ("10608", "invalid_argument_for_xquery"),
    ("22020", "invalid_limit_value"),
    ("25P04", "transaction_timeout"),
    ("58P03", "file_name_too_long"),
]
OTHER_CLASSES = [("10", "XQUERY_ERROR")]

HEAD = '''"""The names of the error codes in Postgres.

Written by scripts/errorcodes.py from Postgres's errcodes.txt; change that script rather than this file.

Example:
    >>> UNDEFINED_TABLE
    '42P01'
    >>> lookup("42P01")
    'UNDEFINED_TABLE'
"""

from __future__ import annotations

'''

TAIL = '''

_names = {code: name.rstrip("_") for name, code in globals().items() if isinstance(code, str) and name.isupper()}


def lookup(code: str) -> str:
    """The name of a code or of a class of codes.

    Raises:
        KeyError: There is no such code.
    """
    return _names[code]
'''


def main(source: str) -> None:
    """Reads the list and writes the module."""
    text = Path(source).read_text(encoding="utf-8")
    classes = [
        (code, re.sub(r"\W+", "_", re.sub(r" \(.*", "", title)).upper())
        for code, title in re.findall(r"^Section: Class (\w\w) - (.*)$", text, re.MULTILINE)
    ]
    codes = re.findall(r"^(\w{5})\s+[EWS]\s+ERRCODE_\w+\s+(\w+)$", text, re.MULTILINE)
    codes = sorted({*codes, *(one for one in OTHERS if one[0] not in dict(codes))})
    names = [name for _, name in codes]
    lines = [f'CLASS_{name} = "{code}"' for code, name in sorted([*classes, *OTHER_CLASSES])]
    for index, (code, name) in enumerate(codes):
        # Of codes that share a name the last has it as it is.
        suffix = "_" if name in names[index + 1 :] else ""
        note = "  # noqa: S105 - a name, no password" if "password" in name else ""
        lines.append(f'{name.upper()}{suffix} = "{code}"{note}')
    TARGET.write_text(HEAD + "\n".join(lines) + "\n" + TAIL, encoding="utf-8")


main(sys.argv[1])
