"""The way to Postgres, and its errors."""
