"""The package `puff` can be installed for editors and type checkers, and describes schemas on any Python."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "python-bridge" / "python"
PYRIGHT = ROOT / "node_modules" / ".bin" / "pyright"

SCHEMA = """
from dataclasses import dataclass

from puff import graphql
from puff.graphql import Context, Plan, sql


@dataclass
class Post:
    id: int
    title: str


@dataclass
class Query:
    @classmethod
    @graphql.pure
    def posts(cls, ctx: Context, /, limit: int = 20) -> Plan[list[Post]]:
        return sql("SELECT id, title FROM post ORDER BY id LIMIT $1", limit)


@dataclass
class Schema:
    query: Query
"""

DESCRIBE = """
import importlib.metadata, importlib.util, json
import puff.graphql, puff.host, puff.pubsub, puff.redis, schema
from puff._schema.describe import describe_schema

description, _ = describe_schema(schema.Schema, False, {"schema": 0})
print(json.dumps({
    "fields": [field["name"] for named in description["types"] for field in named["fields"]],
    "version": importlib.metadata.version("puff-gateway-types"),
    "psycopg2": importlib.util.find_spec("psycopg2") is not None,
}))
"""


class Project(NamedTuple):
    """A folder with a virtual environment."""

    folder: Path

    @property
    def python(self) -> str:
        """The environment's interpreter."""
        return str(self.folder / ".venv" / "bin" / "python")

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Runs a command in it, without what else this process can import."""
        env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        return subprocess.run(command, cwd=self.folder, env=env, capture_output=True, text=True, check=False)  # noqa: S603

    def pyright(self) -> list[str]:
        """Gives pyright's messages on it."""
        run = self.run(str(PYRIGHT), "--pythonpath", self.python, "--outputjson")
        return [message["message"].split("\n")[0] for message in json.loads(run.stdout)["generalDiagnostics"]]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project in whose environment the package is installed as its users install it."""
    made = Project(tmp_path_factory.mktemp("project"))
    (made.folder / "schema.py").write_text(SCHEMA, encoding="utf-8")
    (made.folder / "pyrightconfig.json").write_text('{"typeCheckingMode": "strict"}', encoding="utf-8")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "--python", made.python]
    # Debian's Python has no pip for environments unless python3-venv is there.
    for command in (
        [sys.executable, "-m", "venv", "--without-pip", ".venv"],
        [*pip, "install", str(PACKAGE)],
    ):
        run = made.run(*command)
        assert run.returncode == 0, run.stderr
    return made


def test_it_imports_and_describes_a_schema_without_the_stand_in_for_psycopg2(project: Project) -> None:
    run = project.run(project.python, "-c", DESCRIBE)
    assert run.returncode == 0, run.stderr
    version = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))["version"]
    assert json.loads(run.stdout) == {"fields": ["posts", "id", "title"], "version": version, "psycopg2": False}


def test_its_folder_is_left_as_it_was(project: Project) -> None:
    assert project.python
    names = {path.name for path in PACKAGE.iterdir()} - {"__pycache__", ".ruff_cache"}
    assert names == {"_puff_bytecode.py", "_puff_cpython", "_puff_interpreter.py", "psycopg2", "puff", "pyproject.toml"}


def test_pyright_accepts_a_schema_and_sees_mistakes(project: Project) -> None:
    assert project.pyright() == []
    schema = project.folder / "schema.py"
    schema.write_text(SCHEMA.replace("return sql(", "return ctx.nosuch("), encoding="utf-8")
    messages = project.pyright()
    schema.write_text(SCHEMA, encoding="utf-8")
    assert 'Cannot access attribute "nosuch" for class "Context"' in messages
