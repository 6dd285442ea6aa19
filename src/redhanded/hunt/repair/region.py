"""The statements from one line to another that stand in one block of one function."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tree_sitter import Node

from redhanded.case.evidence import Location
from redhanded.hunt.repair.remedy import Ground
from redhanded.source import edit
from redhanded.source.edit import Edit, Source

BLOCKS = frozenset({"statement_block", "block"})
FUNCTIONS = edit.FUNCTIONS | {"function_definition", "lambda"}
ANSWERS = frozenset(
    {"json", "send", "status", "end", "sendStatus", "redirect", "render", "code", "write"}
)
"""Methods that send an answer to who asked."""
_TEXTS = ("template_string", "string")


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """A function that runs a transaction, or that is run in one: its first and its last line."""

    path: str
    line: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """Some statements of a block, one after the other."""

    source: Source
    function: Node
    block: Node
    statements: tuple[Node, ...]

    @property
    def start(self) -> int:
        """The byte at which the first begins."""
        return self.statements[0].start_byte

    @property
    def end(self) -> int:
        """The byte after the last."""
        return self.statements[-1].end_byte

    @property
    def rest(self) -> tuple[Node, ...]:
        """What follows in the block, comments left out."""
        return tuple(
            each
            for each in self.block.named_children
            if each.start_byte >= self.end and each.type != "comment"
        )

    def nodes(self, *types: str) -> Iterator[Node]:
        """Nodes of ``types`` in it, those of functions inside of it too."""
        for statement in self.statements:
            yield from (node for node in edit.walk(statement) if node.type in types)

    def to_the_end(self) -> Region:
        """With all that follows in the block."""
        last = (*self.statements, *self.rest)
        return Region(source=self.source, function=self.function, block=self.block, statements=last)

    def holds(self, place: Location) -> bool:
        """Whether a line of the same file is one of its lines."""
        first, last = self.statements[0].start_point.row + 1, self.statements[-1].end_point.row + 1
        return place.path == self.source.path and first <= place.line <= last


def between(source: Source, first: int, last: int) -> Region | None:
    """From the statement at line ``first`` to the one at line ``last``; None where they are not of
    one function."""
    one, other = _around(source, first), _around(source, last)
    function = edit.enclosing(one[0], FUNCTIONS) if one else None
    if function is None or not other or edit.enclosing(other[0], FUNCTIONS) != function:
        return None
    ends = {each.parent.id: each for each in other if each.parent is not None}
    for begins in one:
        block = begins.parent
        if block is None or block.id not in ends:
            continue
        end = ends[block.id]
        statements = tuple(
            each
            for each in block.named_children
            if begins.start_byte <= each.start_byte and each.end_byte <= end.end_byte
        )
        if not statements:
            return None
        return Region(source=source, function=function, block=block, statements=statements)
    return None


def merged(
    source: Source, pairs: Iterable[tuple[int, int]]
) -> list[tuple[tuple[int, ...], Region]] | None:
    """A region for each pair of a first and a last line, those that overlap in one, with the first
    lines of its pairs; None where one of them cannot be told."""
    found: list[tuple[tuple[int, ...], Region]] = []
    for first, last in sorted(pairs):
        region = between(source, first, last)
        if region is None:
            return None
        reads, other = found[-1] if found else ((), None)
        if other is None or region.start >= other.end:
            found.append(((first,), region))
        elif other.block.id != region.block.id:
            return None
        else:
            statements = {each.id: each for each in (*other.statements, *region.statements)}
            both = Region(
                source=source,
                function=other.function,
                block=other.block,
                statements=tuple(sorted(statements.values(), key=lambda each: each.start_byte)),
            )
            found[-1] = (tuple(dict.fromkeys((*reads, first))), both)
    return found


def statement_at(source: Source, line: int) -> Node | None:
    """The innermost statement of a block at a line."""
    return next(iter(_around(source, line)), None)


def queues(ground: Ground, region: Region) -> bool:
    """Whether a job is queued there: a worker may start on it before a COMMIT that comes later."""
    return any(region.holds(each.location) for each in ground.code.enqueues)


def further_in(region: Region) -> list[Edit]:
    """Its lines but the first, one step further in; empty ones and those of a text stay."""
    source, more = region.source, region.source.indent_unit
    found = []
    at = source.data.find(b"\n", region.start) + 1
    while 0 < at < region.end:
        if source.data[at : at + 1] not in (b"\n", b"\r") and not in_text(region, at):
            found.append(Edit(start=at, end=at, text=more))
        at = source.data.find(b"\n", at) + 1
    return found


def in_text(region: Region, at: int) -> bool:
    """Whether a byte stands inside a text that is written out."""
    return any(each.start_byte < at < each.end_byte for each in region.nodes(*_TEXTS))


def moved_after(source: Source, statement: Node, other: Node) -> str:
    """The file with a statement, on lines of its own, after another one."""
    start = source.line_start(statement.start_byte)
    newline = source.data.find(b"\n", statement.end_byte)
    text = f"\n{source.indent(statement.start_byte)}{source.of(statement)}"
    return edit.apply(
        source,
        (
            Edit(start=start, end=newline + 1, text=""),
            Edit(start=other.end_byte, end=other.end_byte, text=text),
        ),
    )


def _around(source: Source, line: int) -> list[Node]:
    """The statements at a line, innermost first."""
    found: list[Node] = []
    node: Node | None = source.tree
    while node is not None:
        inner = next((each for each in node.named_children if edit.covers(each, line)), None)
        if inner is not None and node.type in BLOCKS:
            found.append(inner)
        node = inner
    return found[::-1]
