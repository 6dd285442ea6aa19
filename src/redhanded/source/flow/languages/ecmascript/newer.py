"""Syntax that the grammars do not know, blanked where it means nothing for what a program does.

Blanks take the place of what was there, so that lines and columns stay.
"""

from __future__ import annotations

import re

from tree_sitter import Tree

WORDS = re.compile(
    rb"(?<=import )(?:defer|source)(?= )|\baccessor(?=[ \t]+[#\w\[])"
    rb"|(?<=[<,])\s*(?:in out|in|out|const)(?= [A-Z$_])"
    rb"|^[ \t]*(?:in out|out)(?= [A-Z$_]\w*(?: extends\b| =|[,>]|$))"
    rb"|\bexport\s+type\s+\*[^;'\"\n]{0,200}\bfrom\s*(?:'[^'\n]*'|\"[^\"\n]*\")"
    rb"|(?<=[:<|&(,=] )import\((?:'[^'\n]*'|\"[^\"\n]*\")\)\.",
    re.MULTILINE,
)
"""Words before a name, and what is only of types."""
USING = re.compile(rb"\busing\b(?!\s+[A-Za-z_$][\w$]*\s*(?:=[^=>]|of\b|:))")
"""``using`` as the name of something; the grammars take it for the declaration."""
TYPED = b">`"
TYPE_BYTES_MAX = 2_000
_NAME = re.compile(rb"[\w$)\]]")


def blank(text: bytes) -> bytes:
    """As long, with its line ends."""
    return re.sub(rb"[^\r\n]", b" ", text)


def without_newer(source: bytes) -> bytes:
    """The source without words that the grammars do not know."""
    return WORDS.sub(lambda found: blank(found[0]), source)


def without_using(source: bytes) -> bytes:
    """The source with another name, as long, for what is called ``using``."""
    return USING.sub(b"us_ng", source)


def without_typed_templates(source: bytes, tree: Tree) -> bytes:
    """``sql<Row>`…``` without its types: the grammar takes them for comparisons."""
    at = source.find(TYPED)
    while at >= 0:
        if _opens(tree, at + 1):
            start = _opening(source, at)
            if start is not None:
                source = source[:start] + blank(source[start : at + 1]) + source[at + 1 :]
        at = source.find(TYPED, at + 1)
    return source


def _opens(tree: Tree, at: int) -> bool:
    """Whether a template begins there, and does not end."""
    node = tree.root_node.descendant_for_byte_range(at, at + 1)
    while node is not None and node.type not in ("template_string", "template_literal_type"):
        node = node.parent
        if node is not None and node.start_byte < at:
            break
    # In a part that could not be parsed the sign stands alone.
    return node is None or node.start_byte == at or node.type == "ERROR"


def _opening(source: bytes, end: int) -> int | None:
    """Where the bracket opens that closes at ``end``; None if that is no list of types."""
    depth = 0
    for at in range(end, max(0, end - TYPE_BYTES_MAX), -1):
        sign = source[at : at + 1]
        if sign == b">" and source[at - 1 : at] != b"=":
            depth += 1
        elif sign == b"<":
            depth -= 1
            if depth == 0:
                return at if _NAME.match(source[at - 1 : at]) else None
        elif sign in b"`\0":
            return None
    return None
