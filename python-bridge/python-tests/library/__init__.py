"""A Django app whose models collections are made of."""
