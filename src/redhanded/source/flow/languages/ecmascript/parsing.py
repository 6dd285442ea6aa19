"""A file's bytes to a tree that says what the program says.

The grammars misread some of what people write without calling it an error; each case is told here,
and mended by blanks of the same length before the file is parsed again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import PurePosixPath
from typing import Literal

import tree_sitter
import tree_sitter_javascript
import tree_sitter_typescript
from tree_sitter import Node, Parser, Query, QueryCursor, Tree

from redhanded.source.flow.languages.ecmascript.damage import mended
from redhanded.source.flow.languages.ecmascript.newer import (
    TYPED,
    USING,
    blank,
    without_typed_templates,
    without_using,
)

_JAVASCRIPT = tree_sitter.Language(tree_sitter_javascript.language())
_TYPESCRIPT = tree_sitter.Language(tree_sitter_typescript.language_typescript())
_TSX = tree_sitter.Language(tree_sitter_typescript.language_tsx())
_GRAMMARS = {".ts": _TYPESCRIPT, ".cts": _TYPESCRIPT, ".mts": _TYPESCRIPT, ".tsx": _TSX}
_OPERATORS = (
    "[(await_expression) (unary_expression) (binary_expression) (yield_expression)"
    " (ternary_expression)]"
)
_MISPLACED = (
    f"(call_expression function: {_OPERATORS} type_arguments: (type_arguments) @types)"
    f" (non_null_expression {_OPERATORS}) @sure"
)
"""``await f<T>(x)`` is read as ``(await f)<T>(x)``, and ``await a!.b()`` as ``(await a)!.b()``."""
_AWAITED = re.compile(rb"(?<![.\w$])(?<!\bfor )await(?=\s*[(\[])")
"""``await (a).b()`` is read in JavaScript as a call of a function named await; so is parsed
``void``, which binds in the same way."""
ROUNDS_MAX = 4


@dataclass(frozen=True, slots=True)
class Parsed:
    """A file as a tree."""

    tree: Tree
    source: bytes
    """As long as the file; what the grammar does not know is blank."""
    language: Literal["javascript", "typescript"]
    comments: list[Node]
    damaged_at: int
    awaits: frozenset[int]
    """Where ``void`` in the tree is ``await`` in the file, in bytes."""


@cache
def _query(grammar: tree_sitter.Language, text: str) -> Query:
    """To make one takes as long as to parse many files, so each is made when it is asked first."""
    return Query(grammar, text)


def parsed(path: str, source: bytes, *, wants_comments: bool) -> Parsed:
    """The tree of a file, whatever stands in it."""
    suffix = PurePosixPath(path).suffix
    grammar = _GRAMMARS.get(suffix, _JAVASCRIPT)
    awaits: frozenset[int] = frozenset()
    read = source
    if grammar is _JAVASCRIPT and b"await" in source:
        awaits = frozenset(one.start() for one in _AWAITED.finditer(source))
        read = _AWAITED.sub(b"void ", source) if awaits else source
    tree = Parser(grammar).parse(read)
    if tree.root_node.has_error and grammar is not _TSX:
        # Flow's annotations in .js; JSX, or a newer syntax, that only the other grammar knows.
        second = Parser(_TSX).parse(source)
        if not second.root_node.has_error:
            tree, grammar, awaits, read = second, _TSX, frozenset(), source
    if grammar is not _JAVASCRIPT:
        tree, read = _without_types(tree, read, grammar)
        source = read
    if tree.root_node.has_error and USING.search(read):
        third = Parser(grammar).parse(without_using(read))
        tree = tree if third.root_node.has_error else third
    damaged_at = 0
    if tree.root_node.has_error:
        found = mended(tree, read, Parser(grammar).parse)
        if found.source is not read:
            source = found.source
        tree, damaged_at = found.tree, found.damaged_at
    comments: list[Node] = []
    if wants_comments:
        comments = (
            QueryCursor(_query(grammar, "(comment) @comment"))
            .captures(tree.root_node)
            .get("comment", [])
        )
    language: Literal["javascript", "typescript"] = (
        "typescript" if suffix in _GRAMMARS else "javascript"
    )
    return Parsed(tree, source, language, comments, damaged_at, awaits)


def _without_types(tree: Tree, source: bytes, grammar: tree_sitter.Language) -> tuple[Tree, bytes]:
    """Without types and assertions that the grammar puts in the wrong place."""
    if TYPED in source:
        plain = without_typed_templates(source, tree)
        if plain != source:
            source, tree = plain, Parser(grammar).parse(plain)
    for _ in range(ROUNDS_MAX):
        if b">(" not in source and b"!" not in source:
            break
        found = QueryCursor(_query(grammar, _MISPLACED)).captures(tree.root_node)
        if not found:
            break
        spans = [(one.start_byte, one.end_byte) for one in found.get("types", [])]
        spans += [(one.end_byte - 1, one.end_byte) for one in found.get("sure", [])]
        for start, end in spans:
            source = source[:start] + blank(source[start:end]) + source[end:]
        tree = Parser(grammar).parse(source)
    return tree, source
