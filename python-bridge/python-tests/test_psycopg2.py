"""The stand-in for psycopg2 does without a connection what psycopg2 does: the real one is asked."""

from __future__ import annotations

from typing import NamedTuple

import drivers
import psycopg2_table as table
import pytest

CASES = [(name, expression) for name in table.TABLES for expression in table.expressions(name)]
#: What its modules import, and a class of replication, which the stand-in does not have.
LEFT_OUT = {
    "psycopg2.extras.OrderedDict",
    "psycopg2.extras.ReplicationMessage",
    "psycopg2.extras.lru_cache",
    "psycopg2.extras.namedtuple",
    "psycopg2.extras.psycopg2",
    "psycopg2.sql.ext",
}


class Real(NamedTuple):
    """What psycopg2 itself shows."""

    shown: dict[tuple[str, str], list[str]]
    names: list[str]


@pytest.fixture(scope="module")
def psycopg2() -> Real:
    """The real one's answers."""
    answers = drivers.ask("psycopg2_table.py", None)
    shown = (one for name in table.TABLES for one in answers["shown"][name])
    return Real(dict(zip(CASES, shown, strict=True)), answers["names"])


@pytest.mark.parametrize(("name", "expression"), CASES)
def test_it_shows_what_psycopg2_shows(name: str, expression: str, psycopg2: Real) -> None:
    ours = table.adapted(expression) if name == "adapters" else table.shown(expression)
    assert ours == psycopg2.shown[name, expression]


def test_it_has_the_names_that_psycopg2_has(psycopg2: Real) -> None:
    assert set(psycopg2.names) - set(table.names()) - LEFT_OUT == set()
