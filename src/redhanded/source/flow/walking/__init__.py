"""Running the one form on abstract values: what happens, in order, under which conditions."""
