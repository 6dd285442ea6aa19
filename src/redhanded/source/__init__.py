"""Instrument: programs read as they stand (syntax, calls, frameworks, schema, history)."""
