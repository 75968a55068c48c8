"""From Python values to the parameters of statements."""
