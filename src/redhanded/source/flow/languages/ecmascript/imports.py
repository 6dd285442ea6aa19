"""``import`` and ``export``."""

from __future__ import annotations

from tree_sitter import Node

from redhanded.source.flow.form import (
    Constant,
    Define,
    Expression,
    Let,
    Mapping,
    Name,
    Pair,
    Sequence,
    Spread,
    Statement,
)
from redhanded.source.flow.languages.ecmascript import classes, functions, types
from redhanded.source.flow.languages.ecmascript.expressions import named_value
from redhanded.source.flow.languages.ecmascript.literals import unescaped
from redhanded.source.flow.languages.ecmascript.writing import Writing, line_of, written
from redhanded.source.flow.module import Export, Import

DEFAULT = "*default*"
"""The variable that ``export default f()`` is bound to; no program can write it."""
FUNCTIONS = frozenset(("function_declaration", "generator_function_declaration"))
CLASSES = frozenset(("class_declaration", "abstract_class_declaration"))


def specifier_of(writing: Writing, node: Node | None) -> str:
    """The text of a string."""
    return unescaped(writing.text(node)[1:-1]) if node is not None else ""


def import_statement(writing: Writing, node: Node) -> None:
    line = line_of(node)
    is_type = any(one.type in ("type", "typeof") for one in node.children)
    source = node.child_by_field_name("source")
    clauses = written(node)
    for clause in clauses:
        if clause.type == "import_require_clause":
            inner = clause.child_by_field_name("source")
            local = next((one for one in written(clause) if one.type == "identifier"), None)
            if local is not None:
                _imported(writing, specifier_of(writing, inner), "=", local, line, is_type)
            return
    specifier = specifier_of(writing, source)
    clause_node = next((one for one in clauses if one.type == "import_clause"), None)
    if clause_node is None:
        writing.imports.append(Import(specifier, "*", "", line, writing.function))
        return
    for one in written(clause_node):
        if one.type == "identifier":
            _imported(writing, specifier, "default", one, line, is_type)
        elif one.type == "namespace_import":
            local = next(iter(written(one)), None)
            if local is not None:
                _imported(writing, specifier, "*", local, line, is_type)
        elif one.type == "named_imports":
            for part in written(one):
                _named(writing, specifier, part, line, is_type)


def _named(writing: Writing, specifier: str, node: Node, line: int, is_type: bool) -> None:
    name = node.child_by_field_name("name")
    if name is None:
        return
    is_type = is_type or any(one.type in ("type", "typeof") for one in node.children)
    local = node.child_by_field_name("alias") or name
    _imported(writing, specifier, module_name(writing, name), local, line, is_type)


def _imported(
    writing: Writing, specifier: str, name: str, local: Node, line: int, is_type: bool
) -> None:
    writing.imports.append(
        Import(specifier, name, writing.text(local), line, writing.function, is_type)
    )


def module_name(writing: Writing, node: Node) -> str:
    """A name in braces, which may be a string."""
    return specifier_of(writing, node) if node.type == "string" else writing.text(node)


def import_alias(writing: Writing, node: Node) -> None:
    """``import a = b.c``."""
    children = written(node)
    if len(children) == 2:
        value = types.dotted(writing.text(children[1]))
        writing.out.append(Let(Name(writing.text(children[0])), value, line_of(node), kind="const"))


def export_statement(writing: Writing, node: Node) -> None:
    line = line_of(node)
    signs = {one.type for one in node.children if not one.is_named}
    source = node.child_by_field_name("source")
    declared = node.child_by_field_name("declaration")
    if declared is not None:
        _declared(writing, node, declared, "default" in signs)
    elif "namespace" in signs or ("type" in signs and source is None):
        return
    elif source is not None:
        _reexported(writing, node, specifier_of(writing, source), line)
    elif "default" in signs or "=" in signs:
        value = node.child_by_field_name("value")
        if value is None:
            value = next(iter(written(node)), None)
        _value(writing, value, "default" if "default" in signs else "=", line)
    else:
        clause = next((one for one in written(node) if one.type == "export_clause"), None)
        for name, exported in _specifiers(writing, clause):
            writing.exports.append(Export(exported, Name(name), line=line))


def _value(writing: Writing, node: Node | None, exported: str, line: int) -> None:
    value = named_value(writing, node, exported)
    if not isinstance(value, Name):
        writing.out.append(Let(Name(DEFAULT), value, line, kind="const"))
        value = Name(DEFAULT)
    writing.exports.append(Export(exported, value, line=line))


def _declared(writing: Writing, node: Node, declared: Node, is_default: bool) -> None:
    line = line_of(declared)
    if declared.type in FUNCTIONS or declared.type in CLASSES:
        named = declared.child_by_field_name("name")
        name = writing.text(named) if named is not None else DEFAULT
        if declared.type in FUNCTIONS:
            index = functions.define(writing, declared, name)
            writing.hoisted.append(Define(index, line))
        else:
            classes.define(writing, declared, name, functions.decorators_of(writing, node))
        writing.exports.append(Export("default" if is_default else name, Name(name), line=line))
        return
    before = len(writing.out)
    writing.statement(declared)
    for name in _bound(writing.out[before:]):
        writing.exports.append(Export(name, Name(name), line=line))
    if declared.type in ("lexical_declaration", "variable_declaration"):
        # ``export const x = require('x')`` left no statement.
        known = {one.exported for one in writing.exports}
        for one in writing.imports[-8:]:
            if one.line >= line and one.local and one.local not in known and not one.is_type:
                writing.exports.append(Export(one.local, Name(one.local), line=line))


def _reexported(writing: Writing, node: Node, specifier: str, line: int) -> None:
    clause = next((one for one in written(node) if one.type == "export_clause"), None)
    if clause is not None:
        for name, exported in _specifiers(writing, clause):
            writing.exports.append(Export(exported, None, specifier, name, line))
        return
    namespace = next((one for one in written(node) if one.type == "namespace_export"), None)
    inner = written(namespace) if namespace is not None else []
    exported = module_name(writing, inner[0]) if inner else "*"
    writing.exports.append(Export(exported, None, specifier, "*", line))


def _specifiers(writing: Writing, clause: Node | None) -> list[tuple[str, str]]:
    found = []
    for one in written(clause) if clause is not None else ():
        name = one.child_by_field_name("name")
        if name is None or any(sign.type == "type" for sign in one.children):
            continue
        alias = one.child_by_field_name("alias") or name
        found.append((module_name(writing, name), module_name(writing, alias)))
    return found


def _bound(statements: list[Statement]) -> list[str]:
    found: list[str] = []
    for one in statements:
        if isinstance(one, Let):
            found += names_in(one.target)
    return found


def names_in(aim: Expression) -> list[str]:
    """The variables that a target binds."""
    found: list[str] = []
    stack: list[object] = [aim]
    while stack:
        one = stack.pop()
        if isinstance(one, Name):
            found.append(one.name)
        elif isinstance(one, Mapping):
            stack += [pair.value for pair in reversed(one.pairs)]
        elif isinstance(one, Sequence):
            stack += reversed(one.items)
        elif isinstance(one, Spread):
            stack.append(one.value)
        elif hasattr(one, "target"):
            stack.append(one.target)
    return found


def namespace(writing: Writing, node: Node) -> None:
    """``namespace N { … }``: its statements, and a record of what it exports."""
    name = node.child_by_field_name("name")
    body = node.child_by_field_name("body")
    if name is None or body is None:
        return
    before = len(writing.exports)
    writing.out += writing.block(body.named_children)
    inside = writing.exports[before:]
    del writing.exports[before:]
    pairs = [Pair(Constant(one.exported), one.value) for one in inside if one.value is not None]
    found: Expression = Mapping(tuple(pairs))
    first, *rest = writing.text(name).split(".")
    for one in reversed(rest):
        found = Mapping((Pair(Constant(one.strip()), found),))
    writing.out.append(Let(Name(first.strip()), found, line_of(node), kind="const"))


def enumeration(writing: Writing, node: Node) -> None:
    """An enum is an object; members without a value count from the one before."""
    name = node.child_by_field_name("name")
    body = node.child_by_field_name("body")
    if name is None:
        return
    pairs: list[Pair] = []
    following: Expression = Constant(0)
    for one in written(body) if body is not None else ():
        value = following
        named = one
        if one.type == "enum_assignment":
            named = one.child_by_field_name("name") or one
            value = writing.expression(one.child_by_field_name("value"))
        text = specifier_of(writing, named) if named.type == "string" else writing.text(named)
        pairs.append(Pair(Constant(text), value))
        number = value.value if isinstance(value, Constant) else None
        following = Constant(number + 1 if isinstance(number, int) else None)
    aim = Name(writing.text(name))
    writing.out.append(Let(aim, Mapping(tuple(pairs)), line_of(node), kind="const"))
