"""SQL as text: statements and their words, of any dialect, whole or damaged.

A parser for one dialect refuses a file for one statement that it does not know; of a migration the
statements that are known must be read all the same. So a file is cut into statements, and only
those that change tables are cut into words.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

UNKNOWN_WORD = "unknown_part_"
"""Stands in a statement for a part that a program computes."""

_LEAPS = re.compile(
    r"""(?P<comment>--[^\n]*|/\*.*?(?:\*/|\Z))
      |(?P<text>(?i:\bE)'(?:[^'\\]|''|\\.)*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`)
      |(?P<dollar>\$(?P<tag>\w*)\$.*?\$(?P=tag)\$)
      |(?P<end>;|^\s*(?i:go)\s*$)""",
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)
_WORDS = re.compile(
    r"""(?:\s+|--[^\n]*|/\*.*?(?:\*/|\Z))
      |(?P<text>(?i:\bE)'(?:[^'\\]|''|\\.)*'|'(?:[^']|'')*'|\$(?P<tag>\w*)\$.*?\$(?P=tag)\$)
      |(?P<quoted>"(?:[^"]|"")*"|`[^`]*`|(?<![\w\]")])\[[A-Za-z_][^\]\n]*\])
      |(?P<word>[^\W\d][\w$]*)
      |(?P<number>\d[\d.]*)
      |(?P<sign>::|[-+*/<>=~!@\#%^&|?]+|.)""",
    re.VERBOSE | re.DOTALL,
)
_COPIED = re.compile(r"^COPY\s[^;]*\sFROM\s+stdin[^;]*;\n.*?^\\\.$", re.M | re.S | re.I)
_METACOMMAND = re.compile(r"^\\[^\n]*|^[ \t]*DELIMITER\b[^\n]*", re.MULTILINE | re.IGNORECASE)


WordKind = Literal["word", "quoted", "text", "number", "sign"]
_KINDS: tuple[WordKind, ...] = ("word", "sign", "quoted", "number", "text")


@dataclass(frozen=True, slots=True)
class Word:
    """One word or sign. ``text`` of a quoted name is the name; a word keeps its case."""

    kind: WordKind
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement; ``line`` of its first word, from 1."""

    text: str
    line: int


def cut(text: str) -> Iterator[Statement]:
    """The statements of a file; rows that a dump copies, and commands to a client, are none."""
    text = _COPIED.sub(lambda match: "\n" * match[0].count("\n"), text)
    text = _METACOMMAND.sub("", text)
    breaks = [match.start() for match in re.finditer("\n", text)]
    start = 0
    for leap in _LEAPS.finditer(text):
        if leap.lastgroup == "end" or leap["end"] is not None:
            yield from _statement(text, start, leap.start(), breaks)
            start = leap.end()
    yield from _statement(text, start, len(text), breaks)


_LEADING = re.compile(r"(?:\s+|--[^\n]*|/\*.*?\*/)*", re.DOTALL)


def _statement(text: str, start: int, end: int, breaks: list[int]) -> Iterator[Statement]:
    leading = _LEADING.match(text, start, end)
    first = leading.end() if leading else start
    if first < end:
        yield Statement(text[first:end], bisect_right(breaks, first - 1) + 1)


def words(text: str) -> list[Word]:
    """The words of a statement, without space and comments."""
    found: list[Word] = []
    for match in _WORDS.finditer(text):
        for kind in _KINDS:
            said = match[kind]
            if said is not None:
                plain = _unquoted(said) if kind == "quoted" else said
                found.append(Word(kind, plain, match.start(), match.end()))
                break
    return found


def _unquoted(name: str) -> str:
    return name[1:-1].replace('""', '"')


class Cursor:
    """Reads words one after the other."""

    def __init__(self, source: str, said: list[Word]) -> None:
        self.source = source
        self.words = said
        self.at = 0

    @property
    def is_done(self) -> bool:
        return self.at >= len(self.words)

    def peek(self, ahead: int = 0) -> Word | None:
        place = self.at + ahead
        return self.words[place] if place < len(self.words) else None

    def sees(self, *wanted: str, ahead: int = 0) -> bool:
        """Whether these keywords or signs come next (given in capitals)."""
        for offset, one in enumerate(wanted):
            word = self.peek(ahead + offset)
            if word is None or word.kind in ("quoted", "text") or word.text.upper() != one:
                return False
        return True

    def take(self, *wanted: str) -> bool:
        """Goes past these keywords if they come next."""
        if not self.sees(*wanted):
            return False
        self.at += len(wanted)
        return True

    def take_any(self, *wanted: str) -> str:
        """Goes past one of these keywords; gives it, or nothing."""
        return next((one for one in wanted if self.take(one)), "")

    def name(self) -> str:
        """One name: folded to lower case where it is not quoted, as PostgreSQL does it."""
        word = self.peek()
        if word is None or word.kind not in ("word", "quoted"):
            return ""
        self.at += 1
        return word.text if word.kind == "quoted" else word.text.lower()

    def qualified(self) -> tuple[str, str]:
        """``schema.name``; the database in front of it is left out."""
        parts = [self.name()]
        while parts[-1] and self.take("."):
            parts.append(self.name())
        return (parts[-2] if len(parts) > 1 else "", parts[-1])

    def group(self) -> list[Word] | None:
        """The words between the parentheses that come next."""
        if not self.take("("):
            return None
        start, depth = self.at, 1
        while (word := self.peek()) is not None:
            if word.kind == "sign":
                depth += (word.text == "(") - (word.text == ")")
                if depth == 0:
                    self.at += 1
                    return self.words[start : self.at - 1]
            self.at += 1
        return self.words[start:]

    def rest(self) -> list[Word]:
        found = self.words[self.at :]
        self.at = len(self.words)
        return found

    def said(self, some: list[Word]) -> str:
        """These words as they are written, in one line."""
        if not some:
            return ""
        return " ".join(self.source[some[0].start : some[-1].end].split())


def listed(some: list[Word]) -> list[list[Word]]:
    """Cut at the commas that stand outside of parentheses and brackets."""
    parts: list[list[Word]] = [[]]
    depth = 0
    for word in some:
        if word.kind == "sign" and word.text in "([":
            depth += 1
        elif word.kind == "sign" and word.text in ")]":
            depth -= 1
        if word.kind == "sign" and word.text == "," and depth == 0:
            parts.append([])
        else:
            parts[-1].append(word)
    return [part for part in parts if part]
