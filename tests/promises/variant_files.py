"""The files of a variant: the example's in other words, laid out otherwise, with lines shifted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from variant_words import Vocabulary

LOCK_FILE = "package-lock.json"


class Derived(NamedTuple):
    """A file of the variant."""

    path: str
    text: str
    lines: dict[int, int]
    """Line in the example to line here, from 1."""
    original: list[str]


def derive(vocabulary: Vocabulary, path: str, text: str) -> Derived:
    """A file of the example in the words and in the style of the variant."""
    new_path = vocabulary.path(path)
    if path == LOCK_FILE:
        text = text.replace('"name": "orders"', f'"name": "{vocabulary.name}"')
        return Derived(new_path, text, {}, [])
    if not path.endswith(".js"):
        return Derived(new_path, vocabulary.text(text), {}, [])
    written: list[str] = []
    numbers: dict[int, int] = {}
    for number, line in _arranged(vocabulary, path, text.splitlines()):
        written.append(styled(vocabulary, vocabulary.text(line)))
        if number:
            numbers[number] = len(written)
    return Derived(new_path, "\n".join(written) + "\n", numbers, text.splitlines())


def _arranged(vocabulary: Vocabulary, path: str, lines: list[str]) -> Iterator[tuple[int, str]]:
    """Lines with their number in the example, 0 for those that are new here."""
    style = vocabulary.settings["style"]
    waiting = [one for one in vocabulary.settings["insert"] if one["file"] == path]
    directive = lines[0] == "'use strict';"
    if directive and style["directive"]:
        yield 1, lines[0]
        yield 0, ""
    for line in style["header"]:
        yield 0, line
    for number, line in enumerate(lines, start=1):
        if number == 1 and directive:
            continue
        for one in [one for one in waiting if line.startswith(one["before"])]:
            waiting.remove(one)
            for new in one["text"].removesuffix("\n").split("\n"):
                yield 0, new
        following = lines[number] if number < len(lines) else ""
        if line == "" and following.startswith(" "):
            if style["blank_lines"]:
                yield number, line
            continue
        yield number, line
        for _ in range(style["blank_lines"] - 1 if line == "" else 0):
            yield 0, ""
    if waiting:
        raise ValueError(f"{path} has no line that starts with {waiting[0]['before']!r}")


def styled(vocabulary: Vocabulary, line: str) -> str:
    """A line with the indent and the quotes of the variant."""
    style = vocabulary.settings["style"]
    bare = line.lstrip(" ")
    spaces = len(line) - len(bare)
    indent = str(style["indent"]) * (spaces // 2) + " " * (spaces % 2)
    return indent + _quoted(bare, style["quote"])


def _quoted(code: str, quote: str) -> str:
    """``code`` with its strings in ``quote``; comments, templates and other strings stay."""
    if quote == "'" or code.startswith(("*", "/*", "//")):
        return code
    parts = re.compile(r"\"(?:[^\"\\]|\\.)*\"|`(?:[^`\\]|\\.)*`|'((?:[^'\\]|\\.)*)'")

    def requoted(match: re.Match[str]) -> str:
        inside = match.group(1)
        return match.group() if inside is None or quote in inside else f"{quote}{inside}{quote}"

    return parts.sub(requoted, code)
