"""From Python's values to SQL."""
