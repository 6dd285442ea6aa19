"""Terminal escapes in lines: colours, links, titles, cursor moves."""

from __future__ import annotations

import re

_ESCAPES = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[PX^_][^\x1b]*\x1b\\|[ -/]*[0-~])"
)


def without_escapes(text: str) -> str:
    """``text`` without terminal escapes (ECMA-48 control sequences and strings)."""
    return _ESCAPES.sub("", text) if "\x1b" in text else text
