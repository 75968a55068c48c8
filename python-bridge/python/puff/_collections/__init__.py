"""Collections: plans of which clients may ask a part, described once as fragments of SQL."""
