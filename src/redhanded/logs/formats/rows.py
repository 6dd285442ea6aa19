"""Rows of comma-separated values."""

from __future__ import annotations

import csv


def cells(row: str) -> list[str]:
    """The values of one row, which may hold newlines in quotes; none if it cannot be read (a value
    over 128 KiB, say)."""
    try:
        return next(csv.reader(row.splitlines(keepends=True)), [])
    except csv.Error:
        return []
