"""Creating, changing and deleting rows of Django models."""
