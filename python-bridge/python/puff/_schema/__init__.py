"""From a schema class to its description."""
