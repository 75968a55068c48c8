"""Cursors for special needs."""
