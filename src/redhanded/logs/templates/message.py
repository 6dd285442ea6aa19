"""The fixed part of a message: everything that varies becomes ``<*>``."""

from __future__ import annotations

import re

WILDCARD = "<*>"

_VARIABLE = re.compile(
    r"""
      (?P<stamp>\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)
    | (?P<uuid>\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b)
    | (?P<mark><(?:email|secret|token|key|card):[0-9a-f]{4}>(?:@[\w.-]+)?)
    | (?P<email>[\w.%+-]+@[\w-]+(?:\.[\w-]+)+)
    | (?P<url>\b[a-z][a-z0-9+.-]*://[^\s"'<>]+)
    | (?P<named>\b(?:constraint|relation|table|column|index|type|schema|database|role|function)
        \s+["'][\w.]+["'])
    | (?P<quoted>"(?:[^"\\]|\\.)*"|(?<!\w)'(?:[^'\\]|\\.)*')
    | (?P<key>(?<=\)=\()[^)]*(?=\)))
    | (?P<path>(?<![\w<])(?:~|\.{1,2})?(?:/[\w.@%+-]+){2,}/?(?::\d+)*)
    | (?P<id>(?<![\w.])[A-Za-z]{1,12}(?:[_-][A-Za-z]{1,12})*[_-](?=[A-Za-z0-9_-]*\d)[A-Za-z0-9_-]+)
    | (?P<hex>\b(?:0x[0-9a-fA-F]+|(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{6,}|(?=[A-F]*\d)[0-9A-F]{8,})\b)
    | (?P<mixed>\b(?=[A-Za-z]*\d)(?=\w*[A-Za-z])\w{10,}\b)
    | (?P<number>(?<![A-Za-z_])[-+]?\d+(?:[.,:]\d+)*)
    """,
    re.VERBOSE,
)
_IDENTIFIER = re.compile(r"^[\"'][A-Za-z_][A-Za-z_.]*[\"']$")


def template(text: str) -> str:
    """``text`` with numbers, hexadecimal and prefixed ids, UUIDs, times, addresses, paths, quoted
    values and e-mail addresses as ``<*>``.

    Quoted names of database objects stay (``constraint "a_b_key"``), as do quoted plain words:
    they tell messages apart. One pass, no learning: the same text always gives the same template.
    """
    return _VARIABLE.sub(_mask, text)


def _mask(match: re.Match[str]) -> str:
    kind = match.lastgroup
    text = match[0]
    if kind == "named":
        return text
    if kind == "quoted":
        return text if _IDENTIFIER.match(text) else text[0] + WILDCARD + text[-1]
    return WILDCARD


def similarity(words: frozenset[str], other: str) -> float:
    """Share of ``words`` that occur in ``other``, 0 to 1; for finding the nearest message."""
    if not words:
        return 0.0
    theirs = words_of(other)
    close = sum(1 for word in words if word in theirs)
    near = sum(
        0.5 for word in words - theirs if any(word in their or their in word for their in theirs)
    )
    return (close + near) / len(words)


def words_of(text: str) -> frozenset[str]:
    """The words of ``text`` in lower case, of three letters and more."""
    return frozenset(word.lower() for word in re.findall(r"[A-Za-z]{3,}", text))
