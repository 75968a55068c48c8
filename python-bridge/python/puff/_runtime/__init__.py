"""Greenlets, and what the host does for them."""
