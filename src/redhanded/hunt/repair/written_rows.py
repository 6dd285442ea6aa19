"""``FOR UPDATE`` in a SELECT that is written out, in any language."""

from __future__ import annotations

import re

_SELECT = re.compile(r"\s*select\b", re.IGNORECASE)
_NOT_OF_ROWS = re.compile(
    r"\b(?:for\s+(?:no\s+key\s+)?(?:update|share|key\s+share)|group\s+by|distinct|having|union"
    r"|intersect|except|join|over|window|exists)\b|--|;\s*\S"
    r"|\b(?:count|sum|avg|min|max|every|bool_and|bool_or|\w+_agg)\s*\(",
    re.IGNORECASE,
)


def reads_rows(sql: str) -> bool:
    """Whether it is a SELECT that can be given the clause, and has none."""
    return bool(_SELECT.match(sql)) and not _NOT_OF_ROWS.search(sql)


def clause(text: str) -> tuple[int, str]:
    """Where the clause stands in the text of a SELECT (in bytes), and how it is put there: on a
    line of its own where the text has several."""
    kept = text.rstrip().removesuffix(";").rstrip()
    last = kept.rpartition("\n")[2]
    broken = "\n" in kept
    put = f"\n{last[: len(last) - len(last.lstrip())]}FOR UPDATE" if broken else " FOR UPDATE"
    return len(kept.encode()), put
