"""JSON that is printed over several lines, one object at a time."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from redhanded.logs.envelopes import Bare

_LINES_MAX = 20_000
_CHARACTERS_MAX = 16 * 1024 * 1024
_OPENS = re.compile(r"(?P<indent>\s*)\{$")
_LIST = re.compile(r"\s*\"(?:events|logEvents|data|logs|entries|results)\": \[$")


class Documents:
    """Puts the lines of pretty-printed objects together; other lines pass as they are.

    The brackets of an array around them are left out. What turns out to be no JSON is given back
    line by line.
    """

    def __init__(self, is_json: Callable[[str], bool]) -> None:
        self._is_json = is_json
        self._lines: list[Bare] = []
        self._length = 0
        self._indent = ""
        self._inside = False
        self._after = False

    def feed(self, bare: Bare, *, may_begin: bool) -> list[Bare]:
        """What is complete with this line. ``may_begin`` is False within an entry that takes any
        line."""
        text = bare.text
        if self._lines:
            return self._go_on(bare)
        if self._after:
            self._after = text[:1].isspace()
            if self._after or text.rstrip() == "}":
                return []
        if not may_begin or not text or text[-1] not in "{[]}," or len(text) > 200:
            return [bare]
        stripped = text.strip()
        if stripped == "[" and not self._inside:
            self._inside = True
            return []
        if self._inside and stripped in ("]", "],"):
            self._inside = False
            self._after = text[:1].isspace()
            return []
        match = _OPENS.match(text)
        if match is None or (match["indent"] and not self._inside):
            return [bare]
        self._indent, self._lines, self._length = match["indent"], [bare], len(text)
        return []

    def rest(self) -> list[Bare]:
        """The lines of an object whose end never came."""
        lines, self._lines = self._lines, []
        return lines

    def _go_on(self, bare: Bare) -> list[Bare]:
        if len(self._lines) == 1 and _LIST.match(bare.text):
            self._lines, self._inside = [], True
            return []
        self._lines.append(bare)
        self._length += len(bare.text)
        if bare.text.rstrip() not in (f"{self._indent}}}", f"{self._indent}}},"):
            too_long = len(self._lines) > _LINES_MAX or self._length > _CHARACTERS_MAX
            return self.rest() if too_long else []
        lines = self.rest()
        text = "\n".join(line.text for line in lines).strip().removesuffix(",")
        return [replace(lines[0], text=text, row=True)] if self._is_json(text) else lines
