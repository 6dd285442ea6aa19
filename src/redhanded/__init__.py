"""Catch intermittent failures of distributed services in the act."""
