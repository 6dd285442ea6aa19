"""Sections of TOML with comments, which ``tomllib`` cannot write."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

TomlValue = str | int | Sequence[str] | Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """A file to be written and looked over."""

    text: str
    fixtures: dict[str, str]
    """Path relative to the root to content; not written over a file that is there."""
    notes: tuple[str, ...]


@dataclass(slots=True, kw_only=True)
class Section:
    """One table."""

    header: str
    guessed: str = ""
    lines: list[str] = field(default_factory=list)

    def add(self, key: str, value: TomlValue, *, guessed: str = "") -> None:
        """``key = value``, with what a guess rests on."""
        line = f"{key} = {written(value)}"
        self.lines.append(f"{line}  # guessed: {guessed}" if guessed else line)

    def comment(self, line: str) -> None:
        self.lines.append(f"# {line}")


@dataclass(slots=True, kw_only=True)
class Part:
    """What one family of guesses adds."""

    sections: list[Section] = field(default_factory=list)
    fixtures: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    variables: set[str] = field(default_factory=set)
    """Environment variables that are spoken for."""


def document(
    sections: Sequence[Section], *, fixtures: dict[str, str], notes: Sequence[str]
) -> Guess:
    """The whole file."""
    written_sections = []
    for section in sections:
        header = section.header
        if section.guessed:
            header += f"  # guessed: {section.guessed}"
        written_sections.append("\n".join([header, *section.lines]))
    head = "# How redhanded runs this system. Lines marked `guessed` want a look.\n"
    text = head + "\n" + "\n\n".join(written_sections) + "\n"
    return Guess(text=text, fixtures=fixtures, notes=tuple(notes))


def written(value: TomlValue) -> str:
    """A TOML value on one line."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Mapping):
        pairs = ", ".join(f"{key} = {written(item)}" for key, item in value.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    return "[" + ", ".join(written(item) for item in value) + "]"
