"""Which names may be called in a file: a look at its text, cheaper than one at its form."""

from __future__ import annotations

import re

_CALLED = re.compile(rb"(?<![\w$])([A-Za-z_$][\w$]*+)\s*+(?:\?\.)?[(<`]")
_WORDS = frozenset(
    b"and assert await catch class def elif else except for function if in is lambda not or "
    b"return super switch typeof while with yield".split()
)


def called(source: bytes) -> tuple[str, ...]:
    """Names that stand before a parenthesis, type arguments or a template, sorted, once each.

    There may be more of them than are called; with names in ASCII none is missing.
    """
    names = set(_CALLED.findall(source)) - _WORDS
    return tuple(sorted(one.decode("ascii", "replace") for one in names))
