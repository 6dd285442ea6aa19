"""The mechanisms as rules over the events of a program: one file each, one line in `RULES`."""
