"""Loads and serves applications."""
