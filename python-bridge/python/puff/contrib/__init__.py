"""What Puff has for other packages."""
