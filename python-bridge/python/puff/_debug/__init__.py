"""Breakpoints, the debugger, and tracing."""
