"""Asks the real drivers, each in a process of its own: psycopg2's name is the shim's here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

_HERE = Path(__file__).parent
_TOOLS = Path(pytest.__file__).parent.parent
"""Where `scripts/python-tools.sh` has installed them."""


def ask(script: str, cases: object) -> Any:
    """Gives what a script beside this file answers: JSON in, JSON out."""
    env = {**os.environ, "PYTHONPATH": str(_TOOLS)}
    command = [sys.executable, str(_HERE / script)]
    run = subprocess.run(command, input=json.dumps(cases), capture_output=True, text=True, env=env, check=False)  # noqa: S603
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)
