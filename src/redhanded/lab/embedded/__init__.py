"""Real PostgreSQL, Redis and Node from wheels, and the processes that run on them."""
