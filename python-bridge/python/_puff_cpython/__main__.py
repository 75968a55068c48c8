"""Begins the child process: `python …/_puff_cpython`."""

from __future__ import annotations

import os
import sys

# The folder of this file comes first there; what is imported is the package.
sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

from _puff_cpython.serve import main  # noqa: E402

main()
