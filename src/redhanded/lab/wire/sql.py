"""SQL text cut into statements, and the verb of each (PostgreSQL's lexical rules).

Rules: manual, section 4.1 "Lexical Structure"; bodies of SQL functions (BEGIN ATOMIC … END) and
semicolons inside parentheses as psql's scanner treats them. ``standard_conforming_strings`` is
taken to be on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from redhanded.lab.wire.unit import Bound

EMPTY = "EMPTY"
CACHED_LENGTH_MAX = 8192
"""Longer texts are read each time, so that the caches stay small."""


def read_query(text: str) -> tuple[str, tuple[Bound, ...]]:
    """Kind of the first statement, and all statements, of a simple query's text."""
    if len(text) > CACHED_LENGTH_MAX:
        return _read_query(text)
    return _read_query_cached(text)


def kind_of(sql: str) -> str:
    """The verb of one statement, upper case, synonyms made one; ``EMPTY`` if there is none."""
    if len(sql) > CACHED_LENGTH_MAX:
        return _kind_of(sql)
    return _kind_of_cached(sql)


def split(text: str) -> tuple[str, ...]:
    """Statements without their semicolons; those of only blanks and comments are left out."""
    stripped = text.strip()
    first = stripped.find(";")
    if first < 0 or first == len(stripped) - 1:
        only = stripped[:-1].rstrip() if first >= 0 else stripped
        return (only,) if kind_of(only) != EMPTY else ()
    return tuple(
        part for part in (text[a:b].strip() for a, b in _spans(text)) if kind_of(part) != EMPTY
    )


_SYNONYMS = {
    "START": "BEGIN",
    "END": "COMMIT",
    "ABORT": "ROLLBACK",
    "TABLE": "SELECT",
    "VALUES": "SELECT",
}
_MAIN_VERBS = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "VALUES", "TABLE"})
_FIRST_WORD = re.compile(r"[\s(;]*([A-Za-z_]+)(?![\w$'])")
_TOKEN = re.compile(r"[A-Za-z_\u0080-\U0010ffff][\w$]*|['\"();$]|--|/\*")
_DOLLAR_TAG = re.compile(r"\$(?:[A-Za-z_\u0080-\U0010ffff][\w]*)?\$")
_COMMENT_EDGE = re.compile(r"/\*|\*/")
_ESCAPED_STRING_EDGE = re.compile(r"[\\']")


def _read_query(text: str) -> tuple[str, tuple[Bound, ...]]:
    statements = split(text)
    kind = kind_of(statements[0]) if statements else EMPTY
    return kind, tuple(Bound(sql=statement) for statement in statements)


def _kind_of(sql: str) -> str:
    match = _FIRST_WORD.match(sql)
    word = match[1].upper() if match else _first_word_after_comments(sql)
    if word == "WITH":
        return _main_verb(sql)
    if word == "ROLLBACK" and _goes_back_to_savepoint(sql):
        return "ROLLBACK TO"
    return _SYNONYMS.get(word, word)


_read_query_cached = lru_cache(maxsize=1024)(_read_query)
_kind_of_cached = lru_cache(maxsize=2048)(_kind_of)


def _first_word_after_comments(sql: str) -> str:
    return next((token.upper() for token, _, _ in _tokens(sql) if token[0] not in "();"), EMPTY)


def _main_verb(sql: str) -> str:
    """Of ``WITH … AS (…) verb``: the first verb outside parentheses."""
    depth = 0
    for token, _, _ in _tokens(sql):
        if token == "(":
            depth += 1
        elif token == ")":
            depth -= 1
        elif depth == 0 and token.upper() in _MAIN_VERBS:
            return _SYNONYMS.get(token.upper(), token.upper())
    return "WITH"


def _goes_back_to_savepoint(sql: str) -> bool:
    """``ROLLBACK [WORK | TRANSACTION] TO …``, but not ``ROLLBACK PREPARED 'TO'``."""
    words = (token.upper() for token, _, _ in _tokens(sql))
    return any(word == "TO" for word, _ in zip(words, range(4), strict=False))


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of what stands between the semicolons that end statements."""
    start = parentheses = blocks = 0
    words: list[str] = []
    for token, begin, end in _tokens(text):
        if token == "(":
            parentheses += 1
        elif token == ")":
            parentheses = max(0, parentheses - 1)
        elif token == ";":
            if parentheses == 0 and blocks == 0:
                yield start, begin
                start = end
                words.clear()
        else:
            word = token.lower()
            if len(words) < 4:
                words.append(word)
            if _creates_routine(words):
                blocks = _nested(word, blocks)
    yield start, len(text)


def _creates_routine(words: list[str]) -> bool:
    if not words or words[0] != "create":
        return False
    kind = words[3:4] if words[1:3] == ["or", "replace"] else words[1:2]
    return kind in (["function"], ["procedure"])


def _nested(word: str, blocks: int) -> int:
    """Depth of BEGIN … END after ``word``, in the text of a routine."""
    if word == "begin" or (word == "case" and blocks):
        return blocks + 1
    if word == "end" and blocks:
        return blocks - 1
    return blocks


def _tokens(text: str) -> Iterator[tuple[str, int, int]]:
    """Words, parentheses and semicolons outside quotes and comments, with start and end."""
    position = 0
    while match := _TOKEN.search(text, position):
        token, begin, position = match[0], match.start(), match.end()
        if token == "'":
            position = _quoted_end(text, position, "'")
        elif token == '"':
            position = _quoted_end(text, position, '"')
        elif token == "--":
            line_end = text.find("\n", position)
            position = len(text) if line_end < 0 else line_end + 1
        elif token == "/*":
            position = _comment_end(text, position)
        elif token == "$":
            position = _dollar_quoted_end(text, begin)
        elif token in ("E", "e") and text[position : position + 1] == "'":
            position = _escaped_string_end(text, position + 1)
        else:
            yield token, begin, position


def _quoted_end(text: str, position: int, quote: str) -> int:
    """A doubled quote ends one quoted part and begins the next: the same for our purpose."""
    end = text.find(quote, position)
    return len(text) if end < 0 else end + 1


def _escaped_string_end(text: str, position: int) -> int:
    while match := _ESCAPED_STRING_EDGE.search(text, position):
        position = match.end()
        if match[0] == "\\" or text[position : position + 1] == "'":
            position += 1
        else:
            return position
    return len(text)


def _comment_end(text: str, position: int) -> int:
    depth = 1
    while depth and (match := _COMMENT_EDGE.search(text, position)):
        depth += 1 if match[0] == "/*" else -1
        position = match.end()
    return len(text) if depth else position


def _dollar_quoted_end(text: str, begin: int) -> int:
    """``$1`` is a placeholder, ``$$`` and ``$tag$`` begin a string that ends at the same tag."""
    tag = _DOLLAR_TAG.match(text, begin)
    if tag is None:
        return begin + 1
    end = text.find(tag[0], tag.end())
    return len(text) if end < 0 else end + len(tag[0])
