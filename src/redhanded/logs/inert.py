"""Text from logs that can do nothing where it is printed."""

from __future__ import annotations

import re

_ACTIVE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
"""Control characters but tab and newline, marks that turn or hide text, halves of surrogates."""


def inert(text: str) -> str:
    """``text`` with every character that steers a terminal, hides or turns text, or cannot be
    encoded written out (``\\x1b``, ``\\u202e``).

    What is special in HTML or Markdown stays; the reports escape it.
    """
    return _ACTIVE.sub(_written_out, text)


def _written_out(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"
