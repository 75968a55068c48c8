"""Django's own backend for Postgres, by the name that Puff's projects have as their `ENGINE`."""
