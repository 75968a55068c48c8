"""From Postgres's texts to Python's values."""
