"""Log files in; records, templates, error facts and timelines out. Knows nothing of bugs."""
