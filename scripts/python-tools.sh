#!/bin/sh
# Runs one of the Python tools that npm does not have, such as `python-tools.sh ruff check .`; installs them on first use.
# `pip install --target` rather than a venv: it works where Debian left out python3-venv, and on managed Pythons.
set -euf
cd "$(dirname "$0")/.."
tools=.puff/python-tools
# The drivers are what the tests compare with; Django and SQLAlchemy are what they run on.
wanted="ruff==0.17.* griffelib==2.4.* import-linter==2.17 pytest==9.* pytest-cov==7.* psycopg[binary]==3.3.9 psycopg2-binary==2.9.11 django==5.2.* sqlalchemy==2.0.*"
if [ "$(cat "$tools/wanted" 2>/dev/null)" != "$wanted" ]; then
  rm -rf "$tools"
  python3 -m pip install --quiet --disable-pip-version-check --target "$tools" $wanted
  echo "$wanted" > "$tools/wanted"
fi
tool=$tools/bin/$1
[ "$1" != python3 ] || tool=python3 # a script that imports one of them
shift
# What the caller puts first stays first: real psycopg2 is among the tools.
PYTHONPATH="${PYTHONPATH:+$PYTHONPATH:}$PWD/$tools" exec "$tool" "$@"
