"""Remedies, the wrong fix and the regression test where the program is Python."""
