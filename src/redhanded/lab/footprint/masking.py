"""Takes the literals out of SQL text, so that statements of one shape share one text.

PostgreSQL's lexical rules (manual, section 4.1): quoted strings, escape strings, dollar quotes,
quoted identifiers, nested comments, numbers, ``$n`` parameters. Nothing here understands SQL.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True, kw_only=True)
class Masked:
    """One statement with its literals taken out."""

    text: str
    """Strings are ``'~n~'`` and numbers ``90000000n`` (see ``slot``): still SQL of the same kind
    of tokens. No comments; white space is one blank."""
    literals: tuple[str, ...]
    """The n-th literal's value, unescaped."""


NUMBER_BASE = 900_000_000
"""The n-th literal, if it is a number, stands in the masked text as this plus n."""


@lru_cache(maxsize=4096)
def mask(sql: str) -> tuple[Masked, ...]:
    """The statements of ``sql``, split at ``;``, without empty ones. Never fails: an unclosed
    quote reaches to the end."""
    statements: list[Masked] = []
    pieces: list[str] = []
    literals: list[str] = []
    position = 0
    while found := _TOKEN.match(sql, position):
        position = found.end()
        plain, token = found.group("plain", "token")
        if token == "'" or token == "$":
            position = _string(sql, found.start("token"), plain, pieces, literals)
            continue
        pieces.append(plain)
        if token == ";":
            _finish(statements, pieces, literals)
        elif token == "/*":
            position = _comment_end(sql, found.start("token"))
            pieces.append(" ")
        elif token.startswith("--"):
            pieces.append(" ")
        else:
            if plain.endswith("."):
                pieces[-1], token = plain[:-1], "." + token
            pieces.append(str(NUMBER_BASE + len(literals)))
            literals.append(token)
    pieces.append(sql[position:])
    _finish(statements, pieces, literals)
    return tuple(statements)


def slot(literal: str, is_string: bool) -> int | None:
    """Which literal a token of the masked text stands for; None if it is not one of ours."""
    if is_string:
        return int(literal[1:-1]) if _STRING_SLOT.fullmatch(literal) else None
    return int(literal) - NUMBER_BASE if literal.isdigit() and len(literal) == 9 else None


@lru_cache(maxsize=4096)
def unmask(text: str) -> str:
    """The masked text as a fingerprint: literals and parameters as ``?``, no blanks at the ends."""
    return _PLACEHOLDER.sub("?", text)


_STRING_SLOT = re.compile(r"~\d+~")
_PLACEHOLDER = re.compile(r"'~\d+~'|(?<![\w$])9\d{8}(?![\w])|\$\d+")
_BLANKS = re.compile(r"\s+")
_ESCAPE = re.compile(r"\\(?:([0-7]{1,3})|x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_NAMED_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}

# What needs no look (words, quoted identifiers, parameters, digits of a word), then what does.
_TOKEN = re.compile(
    r"""
    (?P<plain>(?:
        [^;'"$/\-\d\w]+
      | [^\W\d][\w$]*
      | "[^"]*(?:"|\Z)
      | \$\d+
      | /(?!\*)
      | -(?!-)
    )*+)
    (?P<token> ; | ' | \$ | /\* | --[^\n]* | (?:\d+(?:\.\d*)?)(?:[eE][+-]?\d+)?\w* )
    """,
    re.VERBOSE,
)
_ESCAPED_STRING = re.compile(r"'((?:[^'\\]|\\.|'')*+)(?:'|\Z)", re.DOTALL)
_STRING = re.compile(r"'((?:[^']|'')*+)(?:'|\Z)")
_DOLLAR = re.compile(r"\$((?:[^\W\d]\w*)?)\$(.*?)(?:\$\1\$|\Z)", re.DOTALL)
_STRING_PREFIX = re.compile(r"(?<![\w$\"])(?:[eEbBxXnN]|[uU]&)\Z")


def _string(sql: str, start: int, plain: str, pieces: list[str], literals: list[str]) -> int:
    """Takes out the string at ``start``; gives the position after it."""
    prefix = ""
    if sql[start] == "$":
        found = _DOLLAR.match(sql, start)
        if found is None:
            pieces.append(plain + "$")
            return start + 1
        value = found[2]
    else:
        if start and sql[start - 1] in _PREFIX_ENDS and (marked := _STRING_PREFIX.search(plain)):
            prefix, plain = marked.group(), plain[: marked.start()]
        escaped = prefix in ("e", "E")
        found = (_ESCAPED_STRING if escaped else _STRING).match(sql, start)
        assert found is not None, "both patterns accept an unclosed string"
        value = found[1].replace("''", "'")
        value = _ESCAPE.sub(_escape, value) if escaped else value
    pieces.append(f"{plain}'~{len(literals)}~'")
    literals.append(value)
    return found.end()


_PREFIX_ENDS = "eEbBxXnN&"


def _finish(statements: list[Masked], pieces: list[str], literals: list[str]) -> None:
    text = _BLANKS.sub(" ", "".join(pieces)).strip()
    if text:
        statements.append(Masked(text=text, literals=tuple(literals)))
    pieces.clear()
    literals.clear()


def _escape(found: re.Match[str]) -> str:
    octal, hexadecimal, code, other = found.groups()
    if other is not None:
        return _NAMED_ESCAPES.get(other, str(other))
    return chr(int(octal, 8) if octal else int(hexadecimal or code, 16))


def _comment_end(sql: str, start: int) -> int:
    """The end of the comment at ``start``; PostgreSQL's comments nest."""
    depth = 0
    for found in re.compile(r"/\*|\*/").finditer(sql, start):
        depth += 1 if found.group() == "/*" else -1
        if depth == 0:
            return found.end()
    return len(sql)
