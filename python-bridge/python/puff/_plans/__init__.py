"""What resolvers return, and what it is made of."""
