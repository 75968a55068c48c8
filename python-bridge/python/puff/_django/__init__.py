"""Django inside the gateway."""
