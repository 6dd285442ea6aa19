"""JavaScript, JSX, TypeScript and TSX, as ES modules and CommonJS."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

import tree_sitter
import tree_sitter_javascript
import tree_sitter_typescript
from tree_sitter import Parser, Query, QueryCursor, Tree

from redhanded.source.flow.languages.ecmascript.damage import mended
from redhanded.source.flow.languages.ecmascript.expressions import EXPRESSIONS
from redhanded.source.flow.languages.ecmascript.newer import TYPED, without_typed_templates
from redhanded.source.flow.languages.ecmascript.statements import STATEMENTS
from redhanded.source.flow.languages.ecmascript.writing import FRAMES_MAX, Writing, end_line_of
from redhanded.source.flow.module import Function, Module, Note

SUFFIXES = (".js", ".cjs", ".mjs", ".jsx", ".ts", ".cts", ".mts", ".tsx")
NOTED = b"redhanded-ignore"

_JAVASCRIPT = tree_sitter.Language(tree_sitter_javascript.language())
_TYPESCRIPT = tree_sitter.Language(tree_sitter_typescript.language_typescript())
_TSX = tree_sitter.Language(tree_sitter_typescript.language_tsx())
_COMMENTS = {
    language: Query(language, "(comment) @comment") for language in (_JAVASCRIPT, _TYPESCRIPT, _TSX)
}


def lower(path: str, source: bytes) -> Module:
    """The file in the one form. Never fails: what cannot be parsed is `Module.damaged_at`."""
    suffix = PurePosixPath(path).suffix
    language: Literal["javascript", "typescript"] = (
        "typescript" if suffix in (".ts", ".cts", ".mts", ".tsx") else "javascript"
    )
    grammar = {".ts": _TYPESCRIPT, ".cts": _TYPESCRIPT, ".mts": _TYPESCRIPT, ".tsx": _TSX}.get(
        suffix, _JAVASCRIPT
    )
    tree = Parser(grammar).parse(source)
    if tree.root_node.has_error and grammar is not _TSX:
        # Flow's annotations in .js; JSX, or a newer syntax, that only the other grammar knows.
        second = Parser(_TSX).parse(source)
        if not second.root_node.has_error:
            tree, grammar = second, _TSX
    if TYPED in source and grammar is not _JAVASCRIPT:
        plain = without_typed_templates(source, tree)
        if plain != source:
            source, tree = plain, Parser(grammar).parse(plain)
    damaged_at = 0
    if tree.root_node.has_error:
        parsed = mended(tree, source, Parser(grammar).parse)
        tree, source, damaged_at = parsed.tree, parsed.source, parsed.damaged_at
    writing = Writing(
        source=source,
        expressions=EXPRESSIONS,
        statements=STATEMENTS,
        is_ascii=source.isascii(),
        damaged_at=damaged_at,
    )
    frames = sys.getrecursionlimit()
    try:
        sys.setrecursionlimit(max(frames, FRAMES_MAX))
        _top(writing, tree)
    finally:
        sys.setrecursionlimit(frames)
    return Module(
        path,
        language,
        tuple([one for one in writing.functions if one is not None]),
        tuple([one for one in writing.classes if one is not None]),
        tuple(writing.imports),
        tuple(writing.exports),
        _notes(tree, grammar, source) if NOTED in source else (),
        writing.damaged_at,
    )


def _top(writing: Writing, tree: Tree) -> None:
    root = tree.root_node
    writing.functions.append(None)
    body = writing.block(root.named_children)
    writing.functions[0] = Function("", (), body, 1, end_line_of(root))


def _notes(tree: Tree, grammar: tree_sitter.Language, source: bytes) -> tuple[Note, ...]:
    comments = QueryCursor(_COMMENTS[grammar]).captures(tree.root_node).get("comment", [])
    found = []
    for node in sorted(comments, key=lambda one: one.start_byte):
        text = source[node.start_byte : node.end_byte].decode("utf-8", "replace")
        for offset, line in enumerate(text.split("\n")):
            if "redhanded-ignore" in line:
                bare = re.sub(r"^\s*(?://+|/\*+|\*+)?\s*|\s*(?:\*/)?\s*$", "", line)
                found.append(Note(node.start_point.row + 1 + offset, bare))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class EcmaScript:
    """The family as one language: a file's grammar follows from its ending."""

    name: str = "ecmascript"
    suffixes: tuple[str, ...] = SUFFIXES

    def lower(self, path: str, source: bytes) -> Module:
        return lower(path, source)


LANGUAGE = EcmaScript()
