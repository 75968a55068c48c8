"""Creating, changing and deleting rows of Django's models."""
