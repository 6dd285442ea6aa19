"""Expressions, one function for each kind of node."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from tree_sitter import Node

from redhanded.source.flow.form import (
    Argument,
    Assigning,
    Attribute,
    Await,
    Call,
    Choice,
    Constant,
    Expression,
    Item,
    Mapping,
    Name,
    Operation,
    Other,
    Pair,
    Sequence,
    Spread,
)
from redhanded.source.flow.languages.ecmascript import (
    classes,
    compiled,
    functions,
    literals,
    requiring,
)
from redhanded.source.flow.languages.ecmascript.targets import elements, key, target
from redhanded.source.flow.languages.ecmascript.types import PLAIN
from redhanded.source.flow.languages.ecmascript.types import arguments as arguments_of_type
from redhanded.source.flow.languages.ecmascript.writing import (
    DEPTH_MAX,
    Handler,
    Writing,
    end_line_of,
    line_of,
    written,
)

OPERATORS = {"===": "==", "!==": "!=", "&&": "and", "||": "or", "!": "not"}
CHAINED = frozenset(("+", "and", "or", "??"))
"""``a + b + c`` is one operation on three: so a text of a thousand pieces is not a thousand
levels deep."""
CALLABLE = frozenset(["identifier", "property_identifier", "private_property_identifier"])


def name(writing: Writing, node: Node) -> Expression:
    text = writing.text(node)
    return Constant(None) if text == "undefined" else Name(text)


def keyword(writing: Writing, node: Node) -> Expression:
    return Name(node.type)


def constant(value: bool | None) -> Handler:
    return lambda writing, node: Constant(value)


def inner(writing: Writing, node: Node) -> Expression:
    """Parentheses and assertions of types leave what is in them."""
    children = written(node)
    if not children:
        return writing.other(node)
    return writing.expression(children[-1] if node.type == "type_assertion" else children[0])


def member(writing: Writing, node: Node) -> Expression:
    base = writing.expression(node.child_by_field_name("object"))
    named = node.child_by_field_name("property")
    return Attribute(base, writing.text(named) if named is not None else "")


def subscript(writing: Writing, node: Node) -> Expression:
    base = writing.expression(node.child_by_field_name("object"))
    index = writing.expression(node.child_by_field_name("index"))
    if isinstance(index, Constant) and isinstance(index.value, str):
        return Attribute(base, index.value)
    return Item(base, index)


def meta(writing: Writing, node: Node) -> Expression:
    first, _, second = writing.flat(node).partition(".")
    return Attribute(Name(first.strip()), second.strip())


def call(writing: Writing, node: Node) -> Expression:
    """A call, with the line that a stack trace shows: V8 takes the last name before the
    parenthesis, the parenthesis itself where there is no name, and ``new``."""
    is_new = node.type == "new_expression"
    callee = node.child_by_field_name("constructor" if is_new else "function")
    listed = node.child_by_field_name("arguments")
    if callee is not None and callee.type == "non_null_expression" and not is_new:
        # ``new Made!(x)`` is read as a call of what ``new Made`` gives.
        made = callee.named_children[0]
        if made.type == "new_expression" and made.child_by_field_name("arguments") is None:
            is_new, node, callee = True, made, made.child_by_field_name("constructor")
    function = writing.expression(callee)
    if isinstance(function, Operation) and function.operator == ",":
        *others, last = function.operands
        if all(isinstance(one, Constant) for one in others):
            function = last  # (0, library.method)(…), as compilers write it
    tagged = listed is not None and listed.type == "template_string"
    if listed is None:
        arguments: tuple[Argument, ...] = ()
    elif tagged:
        arguments = (Argument(literals.template_text(writing, listed)),)
    else:
        arguments = given(writing, listed)
    if not arguments:
        arguments = _of_type(writing, node)
    at = node if is_new else _position(callee, listed) or node
    found = Call(
        function,
        arguments,
        line_of(at),
        writing.column(at),
        end_line_of(node),
        is_new,
        tagged,
    )
    requiring.note(writing, found)
    return compiled.awaited(writing, found)


def _of_type(writing: Writing, node: Node) -> tuple[Argument, ...]:
    """``context<Context>()``: the type is all that a call is given, an argument named ``<>``."""
    listed = node.child_by_field_name("type_arguments")
    types = arguments_of_type(writing, listed) if listed is not None else ()
    if len(types) != 1 or (isinstance(types[0], Name) and types[0].name in PLAIN):
        return ()
    return (Argument(Operation("type", types), "<>"),)


def _position(callee: Node | None, listed: Node | None) -> Node | None:
    if callee is None:
        return listed
    if callee.type == "member_expression":
        return callee.child_by_field_name("property") or callee
    return callee if callee.type in CALLABLE or callee.type in ("super", "import") else listed


def given(writing: Writing, listed: Node) -> tuple[Argument, ...]:
    """The arguments of a call."""
    found = []
    for one in written(listed):
        if one.type == "spread_element":
            children = written(one)
            value = writing.expression(children[0] if children else None)
            found.append(Argument(value, None, True))
        else:
            found.append(Argument(writing.expression(one)))
    return tuple(found)


def binary(writing: Writing, node: Node) -> Expression:
    """An operator; the left side, which may be a thousand deep, without recursion."""
    spine = [node]
    left = node.child_by_field_name("left")
    while left is not None and left.type == "binary_expression":
        spine.append(left)
        left = left.child_by_field_name("left")
    found = writing.expression(left)
    chain: list[Expression] = []
    chained = ""
    levels = 0
    for one in reversed(spine):
        sign = one.child_by_field_name("operator")
        operator = writing.text(sign) if sign is not None else ""
        operator = OPERATORS.get(operator, operator)
        right = writing.expression(one.child_by_field_name("right"))
        if operator == chained and operator in CHAINED:
            chain.append(right)
            continue
        if chained:
            found = Operation(chained, tuple(chain))
        chained, chain = operator, [found, right]
        levels += 1
        if levels > DEPTH_MAX:
            writing.damaged(node)
            return Other(writing.flat(node))
    return Operation(chained, tuple(chain))


def unary(writing: Writing, node: Node) -> Expression:
    sign = node.child_by_field_name("operator")
    operator = writing.text(sign) if sign is not None else ""
    operand = writing.expression(node.child_by_field_name("argument"))
    if node.start_byte in writing.awaits and node.children[0].type == "void":
        return Await(operand)
    number = isinstance(operand, Constant) and type(operand.value) in (int, float)
    if operator == "-" and number and isinstance(operand, Constant):
        value = operand.value
        if isinstance(value, int | float) and -(2**63) < value < 2**63:
            return Constant(-value)
    operator = "neg" if operator == "-" else OPERATORS.get(operator, operator)
    return Operation(operator, (operand,))


def update(writing: Writing, node: Node) -> Expression:
    sign = node.child_by_field_name("operator")
    operator = "-" if sign is not None and sign.type == "--" else "+"
    return Assigning(
        target(writing, node.child_by_field_name("argument")), Constant(1), operator=operator
    )


def assignment(writing: Writing, node: Node) -> Expression:
    left = target(writing, node.child_by_field_name("left"))
    operator = ""
    if node.type == "augmented_assignment_expression":
        sign = node.child_by_field_name("operator")
        operator = writing.text(sign)[:-1] if sign is not None else ""
        operator = OPERATORS.get(operator, operator)
    right = node.child_by_field_name("right")
    value = named_value(writing, right, last_name(left))
    if not operator:
        requiring.assigned(writing, left, value, line_of(node))
    return Assigning(left, value, operator)


def last_name(left: Expression) -> str:
    """The name that a function gets that is assigned there."""
    return left.name if isinstance(left, Name | Attribute) else ""


def named_value(writing: Writing, node: Node | None, named: str) -> Expression:
    """A value; a function or class without a name takes the one it is given to."""
    while node is not None and node.type == "parenthesized_expression":
        node = next(iter(written(node)), None)
    if node is not None and named:
        if node.type in functions.EXPRESSIONS:
            return functions.function(writing, node, named)
        if node.type == "class":
            return classes.value(writing, node, named)
    return writing.expression(node)


def mapping(writing: Writing, node: Node) -> Expression:
    pairs = []
    for one in written(node):
        if one.type == "pair":
            named = key(writing, one.child_by_field_name("key"))
            text = str(named.value) if isinstance(named, Constant) else ""
            value = named_value(writing, one.child_by_field_name("value"), text)
            pairs.append(Pair(named, value))
        elif one.type == "method_definition":
            named = key(writing, one.child_by_field_name("name"))
            text = str(named.value) if isinstance(named, Constant) else ""
            pairs.append(Pair(named, functions.function(writing, one, text)))
        elif one.type == "spread_element":
            children = written(one)
            pairs.append(Pair(None, writing.expression(children[0] if children else None)))
        else:
            text = writing.text(one)
            pairs.append(Pair(Constant(text), Name(text)))
    return Mapping(tuple(pairs))


def array(writing: Writing, node: Node) -> Expression:
    return Sequence(tuple(elements(writing, node, Writing.expression)))


def spread(writing: Writing, node: Node) -> Expression:
    children = written(node)
    return Spread(writing.expression(children[0] if children else None))


def ternary(writing: Writing, node: Node) -> Expression:
    test = writing.expression(node.child_by_field_name("condition"))
    then = writing.expression(node.child_by_field_name("consequence"))
    return Choice(test, then, writing.expression(node.child_by_field_name("alternative")))


def awaiting(writing: Writing, node: Node) -> Expression:
    """``await``, and ``yield`` inside an expression: what runs generators (co, redux-saga) gives
    back what was yielded when it is done."""
    children = written(node)
    return Await(writing.expression(children[0] if children else None))


def comma(writing: Writing, node: Node) -> Expression:
    """``(a, b)``: all happen, the last is the value."""
    operands: list[Expression] = []
    stack = [node]
    while stack:
        one = stack.pop()
        if one.type == "sequence_expression":
            stack += reversed(written(one))
        else:
            operands.append(writing.expression(one))
    return Operation(",", tuple(operands))


def jsx(writing: Writing, node: Node) -> Expression:
    """An element: the expressions in it and below it."""
    parts: list[Expression] = []
    stack = [node]
    while stack:
        one = stack.pop()
        if one.type in ("jsx_expression", "spread_element"):
            parts += writing.parts(one)
        elif one.type not in ("jsx_text", "string"):
            stack += reversed(one.named_children)
    return Other(writing.flat(node), tuple(parts))


def as_written(writing: Writing, node: Node) -> Expression:
    return Other(writing.flat(node))


Named = Callable[[Writing, Node, str], Expression]


def _unnamed(lower: Named) -> Handler:
    return partial(_with_no_name, lower)


def _with_no_name(lower: Named, writing: Writing, node: Node) -> Expression:
    return lower(writing, node, "")


EXPRESSIONS: dict[str, Handler] = {
    "identifier": name,
    "shorthand_property_identifier": name,
    "type_identifier": name,
    "undefined": constant(None),
    "null": constant(None),
    "true": constant(True),
    "false": constant(False),
    "this": keyword,
    "super": keyword,
    "import": keyword,
    "number": literals.number,
    "string": literals.string,
    "template_string": literals.template,
    "regex": as_written,
    "member_expression": member,
    "subscript_expression": subscript,
    "meta_property": meta,
    "call_expression": call,
    "new_expression": call,
    "binary_expression": binary,
    "unary_expression": unary,
    "update_expression": update,
    "assignment_expression": assignment,
    "augmented_assignment_expression": assignment,
    "object": mapping,
    "array": array,
    "spread_element": spread,
    "ternary_expression": ternary,
    "await_expression": awaiting,
    "yield_expression": awaiting,
    "sequence_expression": comma,
    "parenthesized_expression": inner,
    "as_expression": inner,
    "satisfies_expression": inner,
    "non_null_expression": inner,
    "type_assertion": inner,
    "instantiation_expression": inner,
    "jsx_element": jsx,
    "jsx_self_closing_element": jsx,
    "jsx_fragment": jsx,
    "class": _unnamed(classes.value),
    **dict.fromkeys(functions.EXPRESSIONS, _unnamed(functions.function)),
}
