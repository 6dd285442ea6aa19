"""Python files in the one form.

A file is parsed by this interpreter's own parser; what that does not take (Python 2, templates,
newer syntax, a broken statement) is mended or cut out (``python_damage``), and the rest is kept.
"""

from __future__ import annotations

import io
import re
import tokenize
from dataclasses import dataclass

from redhanded.source.flow.languages.called import called
from redhanded.source.flow.languages.python_damage import mended, parsed
from redhanded.source.flow.languages.python_scope import Scope, Writing
from redhanded.source.flow.languages.python_statements import block
from redhanded.source.flow.module import Function, Module, Note

NOTED = "redhanded-ignore"


@dataclass(frozen=True, slots=True)
class Python:
    """Python 3, and of Python 2 what reads the same."""

    name: str = "python"
    suffixes: tuple[str, ...] = (".py", ".pyi")

    def lower(self, path: str, source: bytes) -> Module:
        """A file in the one form; it never raises for what stands in it."""
        text = decoded(source)
        tree = parsed(text)
        damaged_at = 0
        if tree is None:
            tree, damaged_at = mended(text)
        lines = text.encode("utf-8", "replace").split(b"\n")
        writing = Writing(lines=lines, functions=[None])
        body = block(tree.body, Scope(writing=writing))
        top = Function(name="", parameters=(), body=body, line=1, end_line=len(lines))
        functions = (top, *writing.functions[1:])
        return Module(
            path=path,
            language="python",
            functions=tuple(one for one in functions if one is not None),
            classes=tuple(one for one in writing.classes if one is not None),
            imports=tuple(writing.imports),
            exports=(),
            notes=notes(text) if NOTED in text else (),
            damaged_at=damaged_at,
            called=called(source),
        )


def decoded(source: bytes) -> str:
    """The text of a file, by its coding line if it has one; line ends as ``\\n``."""
    try:
        coding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
        text = source.decode(coding, "replace")
    except (SyntaxError, LookupError, UnicodeError):
        text = source.decode("utf-8-sig", "replace")
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", " ")
    return text.replace("\f", " ")


def notes(text: str) -> tuple[Note, ...]:
    """Comments that speak to redhanded."""
    found = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT and NOTED in token.string:
                found.append(Note(token.start[0], token.string.lstrip("# ").rstrip()))
        return tuple(found)
    except (tokenize.TokenError, SyntaxError, ValueError):
        pattern = re.compile(rf"#\s*({NOTED}.*)$")
        return tuple(
            Note(number, match[1].rstrip())
            for number, line in enumerate(text.split("\n"), 1)
            if (match := pattern.search(line))
        )


LANGUAGE = Python()
