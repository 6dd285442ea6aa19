"""A file of the ECMAScript family in the one form."""

from __future__ import annotations

import re
import sys

from redhanded.source.flow.languages.called import called
from redhanded.source.flow.languages.ecmascript import compiled
from redhanded.source.flow.languages.ecmascript.expressions import EXPRESSIONS
from redhanded.source.flow.languages.ecmascript.parsing import Parsed, parsed
from redhanded.source.flow.languages.ecmascript.statements import STATEMENTS
from redhanded.source.flow.languages.ecmascript.writing import FRAMES_MAX, Writing, end_line_of
from redhanded.source.flow.module import Function, Module, Note

NOTED = b"redhanded-ignore"


def lower(path: str, source: bytes) -> Module:
    """The file in the one form. Never fails: what cannot be parsed is `Module.damaged_at`."""
    found = parsed(path, source, wants_comments=NOTED in source)
    writing = Writing(
        source=found.source,
        expressions=EXPRESSIONS,
        statements=STATEMENTS,
        is_ascii=source.isascii(),
        damaged_at=found.damaged_at,
        awaits=found.awaits,
    )
    frames = sys.getrecursionlimit()
    try:
        sys.setrecursionlimit(max(frames, FRAMES_MAX))
        _top(writing, found)
        compiled.decorated(writing)
    finally:
        sys.setrecursionlimit(frames)
    return Module(
        path,
        found.language,
        tuple([one for one in writing.functions if one is not None]),
        tuple([one for one in writing.classes if one is not None]),
        tuple(writing.imports),
        tuple(writing.exports),
        _notes(found),
        writing.damaged_at,
        called(source),
        tuple(writing.types),
    )


def _top(writing: Writing, found: Parsed) -> None:
    root = found.tree.root_node
    writing.functions.append(None)
    body = writing.block(root.named_children)
    writing.functions[0] = Function("", (), body, 1, end_line_of(root))


def _notes(parsed: Parsed) -> tuple[Note, ...]:
    found = []
    for node in sorted(parsed.comments, key=lambda one: one.start_byte):
        text = parsed.source[node.start_byte : node.end_byte].decode("utf-8", "replace")
        for offset, line in enumerate(text.split("\n")):
            if "redhanded-ignore" in line:
                bare = re.sub(r"^\s*(?://+|/\*+|\*+)?\s*|\s*(?:\*/)?\s*$", "", line)
                found.append(Note(node.start_point.row + 1 + offset, bare))
    return tuple(found)
