"""Strings, numbers and templates."""

from __future__ import annotations

import re

from tree_sitter import Node

from redhanded.source.flow.form import Constant, Expression, Text
from redhanded.source.flow.languages.ecmascript.writing import Writing, written

ESCAPE = re.compile(
    r"\\(?:u\{([0-9a-fA-F]+)\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(\r\n|[\s\S]))", re.ASCII
)
ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0"}
ESCAPED |= dict.fromkeys(("\n", "\r", "\r\n", "\u2028", "\u2029"), "")


def unescaped(text: str) -> str:
    """The string that is meant by one as it is written between the quotes."""
    return ESCAPE.sub(_character, text) if "\\" in text else text


def _character(found: re.Match[str]) -> str:
    code = found[1] or found[2] or found[3]
    if code is None:
        return ESCAPED.get(found[4], found[4])
    number = int(code, 16)
    # A lone half of a pair cannot be written down in UTF-8.
    return chr(number) if number <= 0x10FFFF and not 0xD800 <= number < 0xE000 else "\ufffd"


def string(writing: Writing, node: Node) -> Constant:
    return Constant(unescaped(writing.text(node)[1:-1]))


def number(writing: Writing, node: Node) -> Constant:
    return Constant(numeral(writing.text(node)))


def numeral(text: str) -> int | float | str:
    """The value of a number as it is written; the text where Python cannot hold it."""
    bare = text.replace("_", "").removesuffix("n")
    try:
        if bare[:2].lower() in ("0x", "0o", "0b"):
            found: int | float = int(bare, 0)
        elif bare.isdigit():
            found = int(bare[:400], 8 if re.fullmatch("0[0-7]+", bare) else 10)
        else:
            found = float(bare)
            if found.is_integer() and abs(found) < 2**53:
                found = int(found)
    except ValueError:
        return text
    # What is written down by MessagePack holds 64 bits.
    return found if -(2**63) <= found < 2**64 or isinstance(found, float) else text


def template(writing: Writing, node: Node) -> Expression:
    """A template; one without parts that are computed is a string."""
    found = template_text(writing, node)
    if not found.parts:
        return Constant("")
    if len(found.parts) == 1 and isinstance(found.parts[0], Constant):
        return found.parts[0] if isinstance(found.parts[0].value, str) else found
    return found


def template_text(writing: Writing, node: Node) -> Text:
    """A template with its parts in order, as a tag gets it."""
    parts: list[Expression] = []
    at = node.start_byte + 1
    for one in node.named_children:
        if one.type == "template_substitution":
            _piece(writing, parts, at, one.start_byte)
            inner = written(one)
            parts.append(writing.expression(inner[0] if inner else None))
            at = one.end_byte
    _piece(writing, parts, at, node.end_byte - 1)
    return Text(tuple(parts))


def _piece(writing: Writing, parts: list[Expression], start: int, end: int) -> None:
    if end > start:
        text = writing.source[start:end].decode("utf-8", "replace").replace("\r\n", "\n")
        parts.append(Constant(unescaped(text)))
