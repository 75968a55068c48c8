"""Types of the database that Python does not have by itself."""
