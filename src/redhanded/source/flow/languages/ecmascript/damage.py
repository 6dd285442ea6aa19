"""Files that cannot be parsed as they are: newer syntax, a broken statement, a merge's marks.

The parser recovers by itself from most; where an error swallows what follows (a brace that is never
closed), the part from one line without indentation to the next is blanked, if more of the rest can
be read then.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from tree_sitter import Node, Tree

from redhanded.source.flow.languages.ecmascript.newer import blank, without_newer

ROUNDS_MAX = 6
BYTES_MAX = 500_000
"""Larger files are parsed once."""

STARTS = re.compile(rb"^[^\s})\].,*?:|&{`=>]", re.MULTILINE)
"""A line that may begin a statement at the top of a file."""

Parse = Callable[[bytes], Tree]


@dataclass(frozen=True, slots=True)
class Parsed:
    """A tree, the text that it is of (as long as the file, parts blanked), and the damage."""

    tree: Tree
    source: bytes
    damaged_at: int = 0


def mended(tree: Tree, source: bytes, parse: Parse) -> Parsed:
    """The best that can be read of a file whose tree has errors."""
    if len(source) > BYTES_MAX:
        return Parsed(tree, source, first_error(tree.root_node))
    newer = without_newer(source)
    if newer != source:
        second = parse(newer)
        if not second.root_node.has_error:
            return Parsed(second, newer)
        if _whole(second.root_node) > _whole(tree.root_node):
            tree, source = second, newer
    damaged_at = first_error(tree.root_node)
    best = Parsed(tree, source, damaged_at)
    for _ in range(ROUNDS_MAX):
        found = _without_one_part(best, parse)
        if found is None:
            break
        best = found
        if not best.tree.root_node.has_error:
            break
    return best


def _without_one_part(parsed: Parsed, parse: Parse) -> Parsed | None:
    root = parsed.tree.root_node
    whole = _whole(root)
    lines = [first_error(root)]
    lines += [one.start_point.row + 1 for one in root.children if one.has_error][:2]
    for line in dict.fromkeys(lines):
        start, end = _part(parsed.source, line)
        blanked = blank(parsed.source[start:end])
        if blanked == parsed.source[start:end]:
            continue
        source = parsed.source[:start] + blanked + parsed.source[end:]
        tree = parse(source)
        if _whole(tree.root_node) > whole:
            begin = parsed.source.count(b"\n", 0, start) + 1
            return Parsed(tree, source, min(parsed.damaged_at, begin))
    return None


def _part(source: bytes, line: int) -> tuple[int, int]:
    """From the line without indentation at or before a line, up to the next one."""
    at = 0
    for _ in range(line - 1):
        at = source.find(b"\n", at) + 1
    end_of_line = source.find(b"\n", at)
    end_of_line = len(source) if end_of_line < 0 else end_of_line
    starts = [one.start() for one in STARTS.finditer(source)]
    before = [one for one in starts if one <= end_of_line]
    after = [one for one in starts if one > end_of_line]
    return (before[-1] if before else 0, after[0] if after else len(source))


def _whole(root: Node) -> int:
    """Bytes of the statements at the top that have no error."""
    return sum(
        one.end_byte - one.start_byte
        for one in root.named_children
        if not one.has_error and one.type != "comment"
    )


def first_error(root: Node) -> int:
    """The line where the first error begins; 0: there is none."""
    if not root.has_error:
        return 0
    node = root
    while node.type != "ERROR" and not node.is_missing:
        inner = next((one for one in node.children if one.has_error or one.is_missing), None)
        if inner is None:
            break
        node = inner
    if node.type == "ERROR":
        # After the whole statements that the parser took into it.
        node = next((one for one in node.children if not _is_whole(one)), node)
    return node.start_point.row + 1


def _is_whole(node: Node) -> bool:
    return node.type.endswith(("_statement", "_declaration", "comment")) and not node.has_error
