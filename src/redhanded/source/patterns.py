"""Names that declarations, imports and parameters give."""

from __future__ import annotations

from tree_sitter import Node

from redhanded.source.syntax import key_of, literal, text_of


def names_in(
    pattern: Node, path: tuple[str, ...] = ()
) -> list[tuple[str, tuple[str, ...], Node | None]]:
    """Names that a pattern declares: name, the properties it is taken from, default value."""
    kind = pattern.type
    if kind in ("identifier", "shorthand_property_identifier_pattern"):
        own = (text_of(pattern),) if kind.startswith("shorthand") else ()
        return [(text_of(pattern), path + own, None)]
    if kind in ("required_parameter", "optional_parameter"):
        inner, value = pattern.child_by_field_name("pattern"), pattern.child_by_field_name("value")
        return [(n, p, d or value) for n, p, d in names_in(inner, path)] if inner else []
    if kind in ("assignment_pattern", "object_assignment_pattern"):
        left, right = pattern.child_by_field_name("left"), pattern.child_by_field_name("right")
        return [(n, p, d or right) for n, p, d in names_in(left, path)] if left else []
    if kind == "pair_pattern":
        key, value = pattern.child_by_field_name("key"), pattern.child_by_field_name("value")
        name = key_of(key) if key is not None else None
        return names_in(value, (*path, name or "*")) if value is not None else []
    if kind == "rest_pattern":
        inner = pattern.named_children[0] if pattern.named_children else None
        return names_in(inner, (*path, "...")) if inner is not None else []
    found = []
    if kind == "object_pattern":
        for one in pattern.named_children:
            found += names_in(one, path)
    elif kind == "array_pattern":
        position = 0
        for one in pattern.children:
            if one.type == ",":
                position += 1
            elif one.is_named:
                found += names_in(one, (*path, str(position)))
    return found


def imported_names(clause: Node) -> list[tuple[str, str]]:
    found = []
    for one in clause.named_children:
        if one.type == "identifier":
            found.append((text_of(one), "default"))
        elif one.type == "namespace_import":
            found.append((text_of(one.named_children[0]), "*"))
        elif one.type == "named_imports":
            for part in one.named_children:
                name, alias = part.child_by_field_name("name"), part.child_by_field_name("alias")
                if name is not None:
                    found.append((text_of(alias or name), text_of(name)))
    return found


def declared_names(declaration: Node) -> list[tuple[str, Node]]:
    name = declaration.child_by_field_name("name")
    if name is not None:
        return [(text_of(name), name)]
    found = []
    for one in declaration.named_children:
        pattern = one.child_by_field_name("name") if one.type == "variable_declarator" else None
        if pattern is not None and pattern.type == "identifier":
            found.append((text_of(pattern), pattern))
        elif pattern is not None:
            found += [(n, node) for n, node in _pattern_identifiers(pattern)]
    return found


def _pattern_identifiers(pattern: Node) -> list[tuple[str, Node]]:
    if pattern.type in ("identifier", "shorthand_property_identifier_pattern"):
        return [(text_of(pattern), pattern)]
    return [found for one in pattern.named_children for found in _pattern_identifiers(one)]


def given_name(node: Node) -> str | None:
    """The name that the engine gives to an anonymous function."""
    parent = node.parent
    if parent is None:
        return None
    for kind, part in _NAMING.items():
        if parent.type == kind:
            name = parent.child_by_field_name(part)
            if name is None:
                return None
            return text_of(name) if name.type != "member_expression" else _last(name)
    return None


def _last(member: Node) -> str | None:
    name = member.child_by_field_name("property")
    found = text_of(name) if name is not None else None
    return None if found == "exports" else found


def type_name(parameter: Node) -> str | None:
    annotation = parameter.child_by_field_name("type")
    if annotation is None or not annotation.named_children:
        return None
    inner = annotation.named_children[0]
    if inner.type == "generic_type":
        inner = inner.named_children[0]
    return text_of(inner) if inner.type == "type_identifier" else None


def member_name(node: Node) -> str | None:
    if node.type == "subscript_expression":
        index = node.child_by_field_name("index")
        found = literal(index) if index is not None else None
        return found.value if found else None
    name = node.child_by_field_name("property")
    return text_of(name) if name is not None else None


_NAMING = {
    "variable_declarator": "name",
    "pair": "key",
    "assignment_expression": "left",
    "field_definition": "property",
    "public_field_definition": "name",
}
