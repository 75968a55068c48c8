"""The inside of a child process with native CPython: its channel to the gateway, and the one door to Python.

Not a part of the package `puff`: user code never imports it.
"""
