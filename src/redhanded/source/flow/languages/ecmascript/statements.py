"""Statements, one function for each kind of node."""

from __future__ import annotations

from tree_sitter import Node

from redhanded.source.flow.form import (
    Assigning,
    Constant,
    Define,
    Do,
    Expression,
    Handler,
    If,
    Jump,
    Let,
    Loop,
    Managed,
    Name,
    Operation,
    Other,
    Raise,
    Return,
    Statement,
    Try,
    With,
)
from redhanded.source.flow.languages.ecmascript import (
    classes,
    functions,
    imports,
    requiring,
    switching,
    types,
)
from redhanded.source.flow.languages.ecmascript.expressions import last_name, named_value
from redhanded.source.flow.languages.ecmascript.targets import target
from redhanded.source.flow.languages.ecmascript.types import annotation
from redhanded.source.flow.languages.ecmascript.writing import (
    StatementHandler,
    Writing,
    line_of,
    written,
)

LOOPS = frozenset(("for_statement", "for_in_statement", "while_statement", "do_statement"))


def body_of(writing: Writing, node: Node | None) -> tuple[Statement, ...]:
    """A block, or the one statement that stands in its place."""
    if node is None:
        return ()
    return writing.block(node.named_children if node.type == "statement_block" else (node,))


def expression_statement(writing: Writing, node: Node) -> None:
    for one in written(node):
        if used := _used(one):
            # TypeScript's grammar takes ``using x = y`` for an assignment.
            aim = target(writing, used.child_by_field_name("left"))
            managed = writing.expression(used.child_by_field_name("right"))
            writing.using = (Managed(managed, aim),), used is not one
        elif one.type in ("internal_module", "module"):
            imports.namespace(writing, one)
        elif one.type == "yield_expression":
            inner = written(one)
            value = writing.expression(inner[0]) if inner else None
            writing.out.append(Return(value, line_of(node), True))
        else:
            dropped(writing, writing.expression(one), line_of(one))


def _used(node: Node) -> Node | None:
    """The assignment of ``using x = y``."""
    if node.type == "await_expression":
        node = next(iter(written(node)), node)
    is_it = node.type == "assignment_expression" and node.children[0].type == "using"
    return node if is_it else None


def using_declaration(writing: Writing, node: Node) -> None:
    """What follows in the block is the body; `Writing.block` puts it there."""
    items = []
    for one in node.named_children:
        if one.type == "variable_declarator":
            aim = target(writing, one.child_by_field_name("name"))
            items.append(Managed(writing.expression(one.child_by_field_name("value")), aim))
    waits = any(one.type == "await" for one in node.children)
    writing.using = tuple(items), waits


def dropped(writing: Writing, value: Expression, line: int) -> None:
    """An expression as a statement."""
    if isinstance(value, Operation) and value.operator == ",":
        for one in value.operands:
            dropped(writing, one, line)
    elif isinstance(value, Assigning):
        writing.out.append(Let(value.target, value.value, line, value.operator))
    else:
        writing.out.append(Do(value, line))


def declaration(writing: Writing, node: Node) -> None:
    kind = node.children[0].type if node.children else "var"
    for one in node.named_children:
        if one.type == "variable_declarator":
            _declarator(writing, one, kind)


def _declarator(writing: Writing, node: Node, kind: str) -> None:
    line = line_of(node)
    aim = target(writing, node.child_by_field_name("name"))
    given = node.child_by_field_name("value")
    if given is None:
        value: Expression = Constant(None)
    else:
        count = len(writing.imports)
        value = named_value(writing, given, last_name(aim))
        if requiring.bound(writing, aim, value, line):
            del writing.imports[count : count + 1]  # the same ``require`` without a name
            return
        if isinstance(value, Name) and isinstance(aim, Name) and value.name == aim.name:
            return  # const X = class { … }
    typed = annotation(writing, node.child_by_field_name("type"))
    writing.out.append(Let(aim, value, line, "", kind, typed))


def function_declaration(writing: Writing, node: Node) -> None:
    named = node.child_by_field_name("name")
    name = writing.text(named) if named is not None else ""
    index = functions.define(writing, node, name)
    writing.hoisted.append(Define(index, line_of(node)))


def class_declaration(writing: Writing, node: Node) -> None:
    named = node.child_by_field_name("name")
    classes.define(writing, node, writing.text(named) if named is not None else "")


def block(writing: Writing, node: Node) -> None:
    writing.out += writing.block(node.named_children)


def if_statement(writing: Writing, node: Node) -> None:
    test = writing.expression(node.child_by_field_name("condition"))
    then = body_of(writing, node.child_by_field_name("consequence"))
    clause = node.child_by_field_name("alternative")
    inner = written(clause) if clause is not None else []
    other = body_of(writing, inner[0] if inner else None)
    writing.out.append(If(test, then, other, line_of(node)))


def _looped(writing: Writing, node: Node | None) -> tuple[Statement, ...]:
    writing.breaks.append("loop")
    try:
        return body_of(writing, node)
    finally:
        writing.breaks.pop()


def for_statement(writing: Writing, node: Node) -> None:
    first = node.child_by_field_name("initializer")
    if first is not None:
        if first.type.endswith(("_declaration", "_statement")):
            writing.statement(first)
        else:
            dropped(writing, writing.expression(first), line_of(first))
    condition = node.child_by_field_name("condition")
    over: Expression = Constant(True)
    if condition is not None and condition.type != "empty_statement":
        over = writing.expression(condition)
    body = _looped(writing, node.child_by_field_name("body"))
    last = node.child_by_field_name("increment")
    if last is not None:
        outside, writing.out = writing.out, []
        dropped(writing, writing.expression(last), line_of(last))
        body += tuple(writing.out)
        writing.out = outside
    writing.out.append(Loop("while", None, over, body, line_of(node)))


def for_in_statement(writing: Writing, node: Node) -> None:
    aim = target(writing, node.child_by_field_name("left"))
    over = writing.expression(node.child_by_field_name("right"))
    sign = node.child_by_field_name("operator")
    if sign is not None and sign.type == "in":
        over = Operation("keys", (over,))
    waits = any(one.type == "await" for one in node.children)
    body = _looped(writing, node.child_by_field_name("body"))
    writing.out.append(Loop("each", aim, over, body, line_of(node), waits))


def while_statement(writing: Writing, node: Node) -> None:
    test = writing.expression(node.child_by_field_name("condition"))
    body = _looped(writing, node.child_by_field_name("body"))
    writing.out.append(Loop("while", None, test, body, line_of(node)))


def labeled_statement(writing: Writing, node: Node) -> None:
    inner = node.child_by_field_name("body")
    if inner is None:
        return
    if inner.type in LOOPS:
        writing.statement(inner)
        return
    label = node.child_by_field_name("label")
    writing.labels.append(writing.text(label) if label is not None else "")
    writing.statement(inner)
    writing.labels.pop()


def jump(writing: Writing, node: Node) -> None:
    """A jump to a label leaves the innermost loop, as far as this form can say."""
    line = line_of(node)
    label = node.child_by_field_name("label")
    if node.type == "continue_statement" and label is None:
        writing.out.append(Jump("continue", line))
    elif label is not None and writing.text(label) in writing.labels:
        writing.out.append(Do(Other(writing.flat(node)), line))
    elif label is None and writing.breaks and writing.breaks[-1] == "switch":
        writing.out.append(switching.leaving(line))
    else:
        writing.out.append(Jump("break", line))


def try_statement(writing: Writing, node: Node) -> None:
    body = body_of(writing, node.child_by_field_name("body"))
    handlers: tuple[Handler, ...] = ()
    caught = node.child_by_field_name("handler")
    if caught is not None:
        parameter = caught.child_by_field_name("parameter")
        aim = target(writing, parameter) if parameter is not None else None
        inner = body_of(writing, caught.child_by_field_name("body"))
        handlers = (Handler((), aim, inner, line_of(caught)),)
    final = node.child_by_field_name("finalizer")
    last = body_of(writing, final.child_by_field_name("body")) if final is not None else ()
    writing.out.append(Try(body, handlers, (), last, line_of(node)))


def return_statement(writing: Writing, node: Node) -> None:
    children = written(node)
    value = writing.expression(children[0]) if children else None
    writing.out.append(Return(value, line_of(node)))


def throw_statement(writing: Writing, node: Node) -> None:
    children = written(node)
    value = writing.expression(children[0]) if children else None
    writing.out.append(Raise(value, line_of(node)))


def with_statement(writing: Writing, node: Node) -> None:
    value = writing.expression(node.child_by_field_name("object"))
    body = body_of(writing, node.child_by_field_name("body"))
    writing.out.append(With((Managed(value),), body, line_of(node)))


def error(writing: Writing, node: Node) -> None:
    """What could not be parsed: the whole statements in it are read, nothing else is known."""
    for one in node.named_children:
        if one.type in STATEMENTS and one.type != "expression_statement":
            writing.statement(one)


STATEMENTS: dict[str, StatementHandler] = {
    "expression_statement": expression_statement,
    "lexical_declaration": declaration,
    "variable_declaration": declaration,
    "using_declaration": using_declaration,
    "function_declaration": function_declaration,
    "generator_function_declaration": function_declaration,
    "class_declaration": class_declaration,
    "abstract_class_declaration": class_declaration,
    "statement_block": block,
    "if_statement": if_statement,
    "for_statement": for_statement,
    "for_in_statement": for_in_statement,
    "while_statement": while_statement,
    "do_statement": while_statement,
    "labeled_statement": labeled_statement,
    "break_statement": jump,
    "continue_statement": jump,
    "switch_statement": switching.switch,
    "try_statement": try_statement,
    "return_statement": return_statement,
    "throw_statement": throw_statement,
    "with_statement": with_statement,
    "import_statement": imports.import_statement,
    "import_alias": imports.import_alias,
    "export_statement": imports.export_statement,
    "enum_declaration": imports.enumeration,
    "interface_declaration": types.interface,
    "type_alias_declaration": types.alias,
    "internal_module": imports.namespace,
    "module": imports.namespace,
    "ERROR": error,
}
