"""A file while it is lowered: what was found so far, and where in the program we stand."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

from tree_sitter import Node

from redhanded.source.flow.form import Constant, Expression, Managed, Other, Statement, With
from redhanded.source.flow.module import Class, Export, Function, Import, Type

DEPTH_MAX = 160
"""Nested nodes that are followed. The deepest of 1,300 published files has 48; what is deeper was
generated, or made to hurt: it is named as not read, so that nothing that walks the form runs out of
stack.
"""
FRAMES_MAX = 4_000
"""Python's own limit while a file is read; each node takes up to five frames."""
TEXT_MAX = 200

TYPES_ONLY = frozenset(
    ["type_annotation", "type_arguments", "type_parameters", "comment", "decorator", "ERROR"]
)


@dataclass(slots=True)
class Writing:
    """What the lowering of one file has found so far."""

    source: bytes
    expressions: dict[str, Handler]
    statements: dict[str, StatementHandler]
    functions: list[Function | None] = field(default_factory=list)
    """None while the function is being read."""
    classes: list[Class | None] = field(default_factory=list)
    imports: list[Import] = field(default_factory=list)
    exports: list[Export] = field(default_factory=list)
    types: list[Type] = field(default_factory=list)
    function: int = 0
    """The one that is being read."""
    owner: int = -1
    """The class whose fields are being read."""
    out: list[Statement] = field(default_factory=list)
    """Statements of the block that is being read."""
    hoisted: list[Statement] = field(default_factory=list)
    """Function declarations of that block: they are bound before its first statement."""
    breaks: list[str] = field(default_factory=list)
    """What a ``break`` leaves: ``loop`` or ``switch``, innermost last."""
    labels: list[str] = field(default_factory=list)
    """Labels of blocks that are no loops."""
    using: tuple[tuple[Managed, ...], bool] | None = None
    """A ``using`` that was just read: the rest of the block is its body; whether it awaits."""
    depth: int = 0
    damaged_at: int = 0
    is_ascii: bool = True
    awaits: frozenset[int] = frozenset()
    """Where ``void`` in the tree is ``await`` in the file."""

    def text(self, node: Node) -> str:
        """The source text of a node."""
        return self.source[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def flat(self, node: Node) -> str:
        """The source text on one line, at most `TEXT_MAX` characters."""
        text = self.source[node.start_byte : min(node.end_byte, node.start_byte + 4 * TEXT_MAX)]
        return " ".join(text.decode("utf-8", "replace").split())[:TEXT_MAX]

    def column(self, node: Node) -> int:
        """From 1, in units of UTF-16, as stack traces and source maps have it."""
        column = node.start_point.column
        if not self.is_ascii and column < 10_000:
            start = node.start_byte
            text = self.source[start - column : start].decode("utf-8", "replace")
            column = len(text.encode("utf-16-le")) // 2
        return column + 1

    def damaged(self, node: Node) -> None:
        """The part that begins here is not read."""
        line = node.start_point.row + 1
        if self.damaged_at == 0 or line < self.damaged_at:
            self.damaged_at = line

    def expression(self, node: Node | None) -> Expression:
        """The expression of a node."""
        if node is None:
            return Constant(None)
        self.depth += 1
        try:
            if self.depth > DEPTH_MAX:
                self.damaged(node)
                return Other(self.flat(node))
            handler = self.expressions.get(node.type)
            return handler(self, node) if handler else self.other(node)
        finally:
            self.depth -= 1

    def other(self, node: Node) -> Other:
        """What has no form of its own: its text and the expressions in it."""
        return Other(self.flat(node), self.parts(node))

    def parts(self, node: Node) -> tuple[Expression, ...]:
        """The expressions directly in a node."""
        return tuple(
            [self.expression(one) for one in node.named_children if one.type not in TYPES_ONLY]
        )

    def statement(self, node: Node) -> None:
        """Appends what a statement says to the block."""
        self.depth += 1
        try:
            if self.depth > DEPTH_MAX:
                self.damaged(node)
                return
            handler = self.statements.get(node.type)
            if handler is not None:
                handler(self, node)
        finally:
            self.depth -= 1

    def block(self, nodes: Iterable[Node]) -> tuple[Statement, ...]:
        """The statements of some nodes, function declarations first."""
        out, hoisted = self.out, self.hoisted
        self.out, self.hoisted = [], []
        try:
            listed = list(nodes)
            for index, one in enumerate(listed):
                self.statement(one)
                if self.using is not None:
                    (items, waits), self.using = self.using, None
                    body = self._rest(listed[index + 1 :])
                    self.out.append(With(items, body, line_of(one), waits))
                    break
            return (*self.hoisted, *self.out)
        finally:
            self.out, self.hoisted = out, hoisted

    def _rest(self, nodes: list[Node]) -> tuple[Statement, ...]:
        self.depth += 1
        try:
            if self.depth > DEPTH_MAX:
                for one in nodes[:1]:
                    self.damaged(one)
                return ()
            return self.block(nodes)
        finally:
            self.depth -= 1


Handler: TypeAlias = Callable[[Writing, Node], Expression]
StatementHandler: TypeAlias = Callable[[Writing, Node], None]


def line_of(node: Node) -> int:
    """Counted from 1."""
    return node.start_point.row + 1


def end_line_of(node: Node) -> int:
    """Counted from 1."""
    return node.end_point.row + 1


def written(node: Node) -> list[Node]:
    """The named children without comments and what could not be parsed."""
    return [one for one in node.named_children if one.type not in ("comment", "ERROR")]
