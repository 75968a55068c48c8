"""How values cross between Python, Postgres and clients."""
