"""Enough YAML to read what projects say of themselves: compose files, lists of workspaces.

Mappings, sequences, plain and quoted scalars, one-line ``[…]`` and ``{…}``, block scalars, anchors,
aliases and ``<<`` are understood. Scalars stay text. Anything else is passed over: what is read
here is only ever a guess.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

_KEY = re.compile(
    r"""("[^"]*"|'[^']*'|[^\s:#&*!\[{"'-][^:#]*?|-[^\s:][^:#]*?|<<)\s*:(?:\s+(.*))?$"""
)
_ANCHOR = re.compile(r"&([\w-]+)\s*")


def read_yaml(text: str) -> Any:
    """Dicts, lists and strings; None for an empty document. Only the first document is read."""
    lines: list[str] = []
    for raw in text.replace("\t", "    ").splitlines():
        if raw.startswith("---") and lines:
            break
        if raw.startswith(("---", "%")):
            continue
        lines.append(raw)
    return _Reader(lines=lines).block(0)


@dataclass(slots=True, kw_only=True)
class _Reader:
    lines: list[str]
    at: int = 0
    anchors: dict[str, Any] = field(default_factory=dict)

    def block(self, indent_min: int) -> Any:
        """The mapping or sequence that begins at the next line, if that is indented enough."""
        line = self._peek()
        if line is None or line[0] < indent_min:
            return None
        if line[1] == "-" or line[1].startswith("- "):
            return self._sequence(line[0])
        if _KEY.match(line[1]):
            return self._mapping(line[0])
        self.at += 1
        return self._scalar(line[1], line[0])

    def _peek(self) -> tuple[int, str] | None:
        while self.at < len(self.lines):
            content = _without_comment(self.lines[self.at]).rstrip()
            if content.strip():
                return len(content) - len(content.lstrip()), content.strip()
            self.at += 1
        return None

    def _sequence(self, indent: int) -> list[Any]:
        found: list[Any] = []
        while (line := self._peek()) and line[0] == indent and line[1].startswith("-"):
            rest = line[1][1:].lstrip()
            if not rest:
                self.at += 1
                found.append(self.block(indent + 1))
            elif _KEY.match(rest) and rest[0] not in "\"'":
                inner = indent + len(line[1]) - len(rest)
                self.lines[self.at] = " " * inner + rest
                found.append(self._mapping(inner))
            else:
                self.at += 1
                found.append(self._scalar(rest, indent))
        return found

    def _mapping(self, indent: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        while (line := self._peek()) and line[0] == indent:
            match = _KEY.match(line[1])
            if match is None:
                self.at += 1
                continue
            self.at += 1
            key = match[1].strip("\"'")
            value = self._value(match[2] or "", indent)
            if key != "<<":
                found[key] = value
                continue
            for part in value if isinstance(value, list) else [value]:
                merged |= part if isinstance(part, dict) else {}
        return merged | found

    def _value(self, text: str, indent: int) -> Any:
        anchor = _ANCHOR.match(text)
        text = text[anchor.end() :] if anchor else text
        if text.startswith(("|", ">")):
            value: Any = self._block_scalar(indent, folded=text[0] == ">")
        elif text:
            value = self._scalar(text, indent)
        else:
            line = self._peek()
            listed = line is not None and line[0] == indent and line[1].startswith("-")
            value = self.block(indent if listed else indent + 1)
        if anchor:
            self.anchors[anchor[1]] = value
        return value

    def _block_scalar(self, indent: int, *, folded: bool) -> str:
        found = []
        while self.at < len(self.lines):
            raw = self.lines[self.at]
            if raw.strip() and len(raw) - len(raw.lstrip()) <= indent:
                break
            found.append(raw.strip())
            self.at += 1
        return (" " if folded else "\n").join(found).strip()

    def _scalar(self, text: str, indent: int) -> Any:
        while text[0] in "[{" and not _closed(text) and (line := self._peek()):
            text += " " + line[1]
            self.at += 1
        if text[0] in "[{":
            return self._flow(text)
        if text[0] == "*":
            return self.anchors.get(text[1:])
        if text[0] in "\"'" and text[-1:] == text[0] and len(text) > 1:
            return text[1:-1]
        while (line := self._peek()) and line[0] > indent and not _KEY.match(line[1]):
            text += " " + line[1]  # A plain scalar goes on in lines that are indented more.
            self.at += 1
        return text

    def _flow(self, text: str) -> Any:
        parts = [part for part in _split(text[1:-1]) if part]
        if text[0] == "[":
            return [self._flow_value(part) for part in parts]
        pairs = (part.partition(":") for part in parts)
        return {key.strip(" \"'"): self._flow_value(value.strip()) for key, _, value in pairs}

    def _flow_value(self, text: str) -> Any:
        if text[:1] in ("[", "{"):
            return self._flow(text)
        if text[:1] == "*":
            return self.anchors.get(text[1:])
        return text.strip("\"'")


def _without_comment(line: str) -> str:
    quote = ""
    for place, letter in enumerate(line):
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "\"'" and (place == 0 or line[place - 1] in " [{,:"):
            quote = letter
        elif letter == "#" and (place == 0 or line[place - 1] == " "):
            return line[:place]
    return line


def _closed(text: str) -> bool:
    bare = re.sub(r"\"[^\"]*\"|'[^']*'", "", text)
    return all(bare.count(begin) <= bare.count(end) for begin, end in ("[]", "{}"))


def _split(text: str) -> list[str]:
    """At commas outside quotes and brackets."""
    parts, depth, quote = [""], 0, ""
    for letter in text:
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "\"'":
            quote = letter
        depth += 0 if quote else (letter in "[{") - (letter in "]}")
        if letter == "," and not depth and not quote:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts]
