"""Which lines belong together: identifiers found in the data, joined across processes."""
