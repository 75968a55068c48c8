"""Django's own tests as one test of pytest, which runs natively and in the gateway."""

import contextlib
import os
import runpy
import sys


def test_suite() -> None:
    """Runs the labels that the environment names, in the folder of the suite."""
    sys.argv = ["runtests.py", "--settings=suite_settings", "--parallel=1", *os.environ["SUITE_LABELS"].split()]
    sys.path[:0] = [os.getcwd()]
    with contextlib.suppress(SystemExit):
        runpy.run_path("runtests.py", run_name="__main__")
