"""Symbols: what stands in a plan for a value that is not known yet."""
