"""What a program does to the world, read from its source: files in one form for all languages
(`form`), values followed through calls (`values`), what libraries do (`effects`, `frameworks/`),
and for each entry the events in their order (`events`).
"""
