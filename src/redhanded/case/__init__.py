"""Values: frozen, typed, JSON both ways; this package imports nothing else of ours."""
