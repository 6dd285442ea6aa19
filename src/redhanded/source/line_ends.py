"""Files whose lines do not end by a line feed alone: read, and written as they were."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from pathlib import Path

from redhanded.case.errors import InputError

_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_ENDED, _END = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+"), re.compile(r"\r\n|\r|\n")


def contents(path: Path) -> str:
    """A file with the line ends that it has; raises InputError where it is not UTF-8."""
    try:
        return path.read_bytes().decode()
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path.name} is not UTF-8 at byte {error.start}; it has to be edited by hand"
        ) from error


def with_line_feeds(text: str) -> str:
    """``text`` with each of its lines ended by a line feed alone."""
    return _END.sub("\n", text)


def with_ends_of(before: str, text: str) -> str:
    """``text``, whose lines end with a line feed alone, with the ends that its lines have in
    ``before``; new ones end as most of those do."""
    if "\r" not in before:
        return text
    old = _ENDED.findall(before)
    bare, ends = [with_line_feeds(each) for each in old], [_END.search(each) for each in old]
    usual = Counter(each[0] for each in ends if each).most_common(1)[0][0]
    new = lines(text)
    matcher = difflib.SequenceMatcher(None, bare, new, autojunk=False)
    found: list[str] = []
    for tag, start, end, low, high in matcher.get_opcodes():
        found += (
            old[start:end]
            if tag == "equal"
            else (each.replace("\n", usual) for each in new[low:high])
        )
    return "".join(found)


def lines(text: str) -> list[str]:
    """The lines of a text with their line feeds, as git counts them: ``splitlines`` also ends one
    at a form feed."""
    return _LINE.findall(text)
