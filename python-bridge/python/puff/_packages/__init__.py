"""Installed packages with compiled code: which the interpreter can load, and what to do about the others."""
