"""Logs as columns of numbers, for counting and comparing many of them.

Times, levels, identifiers and templates of whole blocks at once. What the fast way does not know
the record reader reads (``logs/read.py``), and what both know they read alike.
"""

from redhanded.logs.columns.columns import Columns, Rows, concatenated
from redhanded.logs.columns.values import LEVELS, value_hash
from redhanded.logs.columns.whole import ColumnReader, read_columns, stream

__all__ = [
    "LEVELS",
    "ColumnReader",
    "Columns",
    "Rows",
    "concatenated",
    "read_columns",
    "stream",
    "value_hash",
]
