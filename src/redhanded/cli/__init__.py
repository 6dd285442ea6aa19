"""The command line: one file per command; nothing is decided here."""
