"""From annotations to GraphQL types."""
