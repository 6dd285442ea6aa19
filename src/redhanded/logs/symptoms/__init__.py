"""What fails, how often, since when, and what ran at the same time."""
