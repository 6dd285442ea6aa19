"""An example of what a schema or a type of a JavaScript or TypeScript program describes.

Schemas of zod, Joi, yup and TypeBox are read by the words that they share, types as TypeScript
writes them. What may be left out is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

import tree_sitter
import tree_sitter_typescript
from tree_sitter import Node, Parser

Shape = object
"""What JSON holds."""

LEFT_OUT = frozenset({"optional", "nullish", "default", "catch", "notrequired", "forbidden"})
TEXTS = frozenset({"string", "email", "uuid", "url", "guid", "cuid", "ulid"})
NUMBERS = frozenset({"number", "int", "integer", "bigint", "float"})
OF_TEXT: Mapping[str, str] = {
    "email": "{unique}@example.com",
    "url": "https://example.com/{unique}",
    "datetime": "2025-01-01T00:00:00.000Z",
    "date": "2025-01-01T00:00:00.000Z",
}
"""Word of a schema, or end of a name, to an example."""
DEPTH_MAX = 8


@dataclass(frozen=True, slots=True)
class _Absent:
    """What may be left out."""


ABSENT = _Absent()


def example(sources: Mapping[str, str], name: str) -> dict[str, Shape] | None:
    """An object that fits the schema or type called ``name``; None where none can be read."""
    found = _named(tuple(sources.items()), name, 0)
    return found if isinstance(found, dict) and found else None


def _named(sources: tuple[tuple[str, str], ...], name: str, depth: int) -> Shape:
    for path, text in sources:
        if depth > DEPTH_MAX or not path.endswith((".ts", ".mts", ".cts", ".js", ".mjs", ".cjs")):
            continue
        if name in text and (node := _declaration(text, name)) is not None:
            return _Reading(sources, depth + 1).of(node)
    return None


@dataclass(frozen=True, slots=True)
class _Reading:
    """Where names are looked up, and how many have been."""

    sources: tuple[tuple[str, str], ...]
    depth: int

    def of(self, node: Node, name: str = "") -> Shape:
        """The example for a schema's expression or a type; None: it is not known."""
        kind = node.type
        if kind == "call_expression":
            return self._called(node, name)
        if kind in ("identifier", "type_identifier"):
            return self._looked_up(_text(node), name)
        if kind in ("object_type", "interface_body", "class_body"):
            return dict(self._members(node))
        if kind == "array_type":
            return [self.of(node.named_children[0], name)]
        if kind == "union_type":
            return next(
                (found for one in node.named_children if (found := self.of(one, name))), None
            )
        if kind == "intersection_type":
            return self._merged(self.of(one) for one in node.named_children)
        if kind == "generic_type":
            return self._generic(node, name)
        if kind in ("literal_type", "parenthesized_type", "type_annotation"):
            return self.of(node.named_children[0], name) if node.named_children else None
        return _plain(node, name)

    def _called(self, node: Node, name: str) -> Shape:
        """``z.object({…}).strict()``: the first call says what it is, the others what may be."""
        words, call = [], node
        while True:
            function = call.child_by_field_name("function")
            if function is None or function.type != "member_expression":
                return None
            word = function.child_by_field_name("property")
            subject = function.child_by_field_name("object")
            if word is None or subject is None:
                return None
            words.append(_text(word).lower())
            if subject.type != "call_expression":
                break
            call = subject
        if LEFT_OUT.intersection(words):
            return ABSENT
        given = call.child_by_field_name("arguments")
        arguments = [one for one in given.named_children if one.type != "comment"] if given else []
        made = words[-1]
        if made in ("extend", "merge", "and", "concat", "keys") and subject.type == "identifier":
            parts = (self._looked_up(_text(subject), ""), *map(self._fields, arguments[:1]))
            return self._merged(parts)
        return self._made(made, words, arguments, name)

    def _made(self, made: str, words: list[str], arguments: list[Node], name: str) -> Shape:
        if made in ("object", "strictobject", "looseobject", "shape", "interface"):
            return self._fields(arguments[0]) if arguments else {}
        if made in ("discriminatedunion", "union", "alternatives", "enum", "valid", "tuple"):
            options = arguments[-1] if arguments else None
            first = next(iter(options.named_children), None) if options is not None else None
            return self.of(first, name) if first is not None else None
        if made in ("array", "set"):
            return [self.of(arguments[0], name)] if arguments else []
        if made == "literal":
            return _plain(arguments[0], name) if arguments else None
        if made in ("record", "map", "unknown", "any"):
            return {}
        return _scalar(made, words, name)

    def _fields(self, node: Node) -> Shape:
        """The pairs of an object literal of schemas."""
        if node.type != "object":
            return self.of(node)
        found: dict[str, Shape] = {}
        for one in node.named_children:
            if one.type == "shorthand_property_identifier":
                name, value = _text(one), self._looked_up(_text(one), _text(one))
            elif one.type == "pair" and (held := one.child_by_field_name("value")) is not None:
                name = _text(one.named_children[0]).strip("'\"")
                value = self.of(held, name)
            elif one.type == "spread_element" and isinstance(
                more := self.of(one.named_children[0]), dict
            ):
                found |= more
                continue
            else:
                continue
            if not isinstance(value, _Absent):
                found[name] = _by_name(name) if value is None else value
        return found

    def _members(self, node: Node) -> Iterator[tuple[str, Shape]]:
        """Properties of a type or class that must be there."""
        for one in node.named_children:
            if one.type not in ("property_signature", "public_field_definition"):
                continue
            name, kind = one.child_by_field_name("name"), one.child_by_field_name("type")
            if name is None or any(each.type == "?" for each in one.children):
                continue
            word = _text(name).strip("'\"")
            value = self.of(kind, word) if kind is not None else None
            yield word, _by_name(word) if value is None else value

    def _looked_up(self, wanted: str, name: str) -> Shape:
        if wanted == "Date":
            return OF_TEXT["date"]
        found = _named(self.sources, wanted, self.depth)
        return _by_name(name) if found is None and name else found

    def _generic(self, node: Node, name: str) -> Shape:
        called, given = _text(node.named_children[0]), node.named_children[-1].named_children
        if called in ("Array", "ReadonlyArray", "Set") and given:
            return [self.of(given[0], name)]
        if called in ("Readonly", "Required", "Promise") and given:
            return self.of(given[0], name)
        return {}

    @staticmethod
    def _merged(parts: Iterator[Shape] | tuple[Shape, ...]) -> Shape:
        found: dict[str, Shape] = {}
        for one in parts:
            found |= one if isinstance(one, dict) else {}
        return found


def _plain(node: Node, name: str) -> Shape:
    """A literal or a type that is built in."""
    text = _text(node)
    if node.type == "string":
        return text[1:-1]
    if node.type == "number":
        return int(text) if text.isdigit() else 1
    if node.type in ("true", "false"):
        return text == "true"
    if node.type == "predefined_type":
        return {"number": 1, "boolean": True, "object": {}}.get(text) or _by_name(name)
    return None


def _scalar(made: str, words: list[str], name: str) -> Shape:
    for word in words:
        if word in OF_TEXT:
            return OF_TEXT[word]
    if made in NUMBERS:
        return 1
    if made in ("boolean", "bool"):
        return True
    return _by_name(name) if made in TEXTS else None


def _by_name(name: str) -> str:
    """A text for a property of that name: new in each trial, and another one for each property, so
    that it can be told where a value went."""
    if name.lower().endswith("email"):
        return OF_TEXT["email"]
    return "{unique}" if re.search(r"(?:id|^)$", name, re.IGNORECASE) else f"{name}-{{unique}}"


def _declaration(text: str, name: str) -> Node | None:
    """What a type, class or constant of that name is declared as."""
    for node in _walk(_tree(text)):
        named = node.child_by_field_name("name")
        if named is None or _text(named) != name:
            continue
        if node.type in ("interface_declaration", "class_declaration"):
            return node.child_by_field_name("body")
        if node.type in ("type_alias_declaration", "variable_declarator"):
            return node.child_by_field_name("value")
    return None


@cache
def _tree(text: str) -> Node:
    language = tree_sitter.Language(tree_sitter_typescript.language_typescript())
    return Parser(language).parse(text.encode()).root_node


def _walk(node: Node) -> Iterator[Node]:
    """Declarations at the top of a file, exported or not."""
    for child in node.named_children:
        yield child
        if child.type in ("export_statement", "lexical_declaration", "variable_declaration"):
            yield from _walk(child)


def _text(node: Node) -> str:
    return (node.text or b"").decode("utf-8", "replace")
