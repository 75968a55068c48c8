"""Connections and cursors."""
