"""From a shape to a mask: the general kinds of values that hold no digit become ``VARIES`` too.

Paths, addresses, query strings, hexadecimal words and groups of them, names of months and days
beside numbers, units of numbers, empty brackets, lists of values. Nothing here knows whose log it
is.
"""

from __future__ import annotations

import re

VARIES = "\x01"
WILDCARD = "<*>"
TOKENS_MAX = 200
"""Tokens of a line that are looked at; the rest counts as one value."""

_DAY_OR_MONTH = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_DATE = re.compile(
    rf"\b{_DAY_OR_MONTH}\b(?=[ ,]+(?:{_DAY_OR_MONTH}\b|\x01))|(?<=\x01 ){_DAY_OR_MONTH}\b"
)
_ADDRESS = re.compile(
    r"""(?:\b[a-zA-Z][\w+.-]*://|(?<![\w)/\x01])/(?=[\w\x01]))[^\s"'<>()\[\]{},;]*
      | [^\s"'<>()\[\]{},;]*[?&][\w.%-]+=[^\s"'<>()\[\]{},;]*""",
    re.VERBOSE,
)
_HEX_GROUPS = re.compile(
    r"(?<![\w:.])(?:(?:[0-9a-fA-F]{1,4}|\x01)?:){3,}(?:[0-9a-fA-F]{1,4}|\x01)?\b"
)
_COMPARED = re.compile(r"(?<![\w>\x01])[<>]\x01(?!>)")
_UNIT = re.compile(
    r"(?<=\x01) ?(?:[kKMGTP]?i?B|[kKMG]?[bB]ytes?|[nmuµ]?s|secs?|seconds?|minutes?|hours?)\b"
)
_TOKEN = re.compile(r"([.\-_#*~+])\1+|(?:[^\s=:,;()\[\]{}\"'<>|.]|\.(?!\.))+|\s+|.", re.DOTALL)
_PATH = re.compile(r"^(?:~|\.{1,2})?/.|/.*/|^[A-Za-z]:\\|\\.*\\")
_LONG_HEX = re.compile(r"[0-9a-f]{8,}|[0-9A-F]{8,}")
_EMPTY = re.compile(r"(?<=\s)(?:\(\)|\[\])")
_LIST = re.compile(r"\x01(?:(?:[\s,:;|\-]*|=)\x01)+")
_FILLERS = ".!?-*&#"


def mask(shape: str) -> str:
    """``shape`` with ``VARIES`` for every value, and lists of values as one."""
    text = _DATE.sub(VARIES, shape.strip())
    text = _ADDRESS.sub(VARIES, text)
    text = _HEX_GROUPS.sub(lambda found: VARIES if VARIES in found[0] else found[0], text)
    text = _COMPARED.sub(VARIES, _UNIT.sub("", text))
    tokens = [match[0] for match in _TOKEN.finditer(text)]
    if len(tokens) > TOKENS_MAX:
        tokens[TOKENS_MAX:] = [VARIES]
    return joined("".join(" " if token.isspace() else _masked(token) for token in tokens))


def joined(text: str) -> str:
    """Quoted values as values, lists of values as one; brackets that stand alone and empty as if
    they held one."""
    filled = text.replace(f'"{VARIES}"', VARIES)
    filled = _EMPTY.sub(lambda found: f"{found[0][0]}{VARIES}{found[0][1]}", filled)
    return _LIST.sub(VARIES, filled)


def shown(text: str) -> str:
    """A mask as people read it."""
    return text.replace(VARIES, WILDCARD)


def _masked(token: str) -> str:
    if VARIES in token:
        return VARIES
    core = token.strip(_FILLERS)
    if core and ("@" in core or _PATH.search(core) or _LONG_HEX.fullmatch(core)):
        return VARIES
    return token
