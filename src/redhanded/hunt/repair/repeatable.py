"""JavaScript: whether a piece of a program may be run twice, as far as it is seen."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from redhanded.hunt.repair.creation import SEQUELIZE
from redhanded.hunt.repair.region import ANSWERS
from redhanded.hunt.repair.remedy import Ground
from redhanded.source import edit
from redhanded.source.edit import Source

_CHANGES = frozenset({"push", "unshift", "splice", "shift", "pop"})
_INSTANCE = frozenset({"save", "destroy", "update", "increment", "decrement", "restore"})
_BESIDE = frozenset({"emit", "sendMail", "sendEmail", "ack", "nack", "publish", "fetch", "inc"})
_OUTSIDE = re.compile(r"(?:axios|got|fetch|superagent|mailer|transporter)\b", re.IGNORECASE)
_HARMLESS_CATCH = re.compile(r"\bROLLBACK\b|\.(?:rollback\w*|release|end)\(")


def is_repeatable(
    ground: Ground, source: Source, node: Node, library: str | None, *, until: int
) -> bool:
    """Whether nothing is seen in a node, up to a byte, that another run would do once more."""
    last = source.data.count(b"\n", 0, until) + 1
    if any(
        each.location.path == source.path and node.start_point.row < each.location.line <= last
        for each in ground.code.enqueues
    ):
        return False
    bound = _bound_in(source, node)
    changed = {name for name in _changed_in(source, node, library) if name not in bound}
    beside = any(_is_beside(source, each) for each in _calls(node) if each.start_byte < until)
    return not changed and not beside and _answers_last(source, node, until)


def lets_errors_through(source: Source, node: Node) -> bool:
    """Whether what is caught in a node is thrown again as it came."""
    for each in edit.walk(node):
        if each.type == "catch_clause" and not _throws_again(source, each):
            return False
        of, called = edit.callee(source, each) if each.type == "call_expression" else ("", "")
        if called == "catch" and not _HARMLESS_CATCH.search(of):
            return False
    return True


def _throws_again(source: Source, clause: Node) -> bool:
    given, body = (clause.child_by_field_name(name) for name in ("parameter", "body"))
    last = body.named_children[-1] if body is not None and body.named_children else None
    if given is None or body is None or last is None or last.type != "throw_statement":
        return False
    ends = [
        each for each in edit.walk(body) if each.type in ("throw_statement", "return_statement")
    ]
    return all(
        each.type == "throw_statement" and source.of(each.named_children[0]) == source.of(given)
        for each in ends
    )


def _answers_last(source: Source, node: Node, until: int) -> bool:
    """Whether no answer is sent before the end, but where the function is left with it."""
    for call in _calls(node):
        if edit.callee(source, call)[1] not in ANSWERS or call.start_byte > until:
            continue
        branch = edit.enclosing(call, ("if_statement",))
        left = (
            branch is not None
            and branch.start_byte >= node.start_byte
            and any(
                each.type in ("return_statement", "throw_statement") for each in edit.walk(branch)
            )
        )
        if not left:
            return False
    return True


def _is_beside(source: Source, call: Node) -> bool:
    """Whether a call has an effect outside of the database, as far as its name says."""
    of, called = edit.callee(source, call)
    return called in _BESIDE or _OUTSIDE.match(of or called) is not None


def _calls(node: Node) -> Iterator[Node]:
    return (each for each in edit.walk(node) if each.type == "call_expression")


def _bound_in(source: Source, node: Node) -> set[str]:
    """Names that are declared within a node, by functions inside of it too."""
    found: set[str] = set()
    for each in edit.walk(node):
        if each.type == "variable_declarator" or each.type in edit.FUNCTIONS:
            for field in ("name", "parameters", "parameter"):
                part = each.child_by_field_name(field)
                found |= edit.identifiers(source, part) if part is not None else set()
        elif each.type == "for_in_statement":
            left = each.child_by_field_name("left")
            found |= edit.identifiers(source, left) if left is not None else set()
    return found


def _changed_in(source: Source, node: Node, library: str | None) -> Iterator[str]:
    """The names of what another run would change once more: ``n += 1``, ``n = n + 1``, ``n++``,
    ``list.push``, ``delete n.key``, a row of Sequelize that is saved."""
    for each in edit.walk(node):
        target = _changed_by(source, each, library)
        while target is not None and target.type in _PARTS:
            target = target.child_by_field_name("object") or next(iter(target.named_children), None)
        if target is not None and target.type in ("identifier", "this"):
            yield source.of(target)


_PARTS = frozenset({"member_expression", "subscript_expression", "non_null_expression"})


def _changed_by(source: Source, node: Node, library: str | None) -> Node | None:
    if node.type == "augmented_assignment_expression":
        return node.child_by_field_name("left")
    if node.type == "assignment_expression":
        left, right = (node.child_by_field_name(name) for name in ("left", "right"))
        if left is None or right is None:
            return None
        again = re.search(rf"(?<![\w.$]){re.escape(source.of(left))}(?![\w$])", source.of(right))
        return left if again else None
    deletes = node.type == "unary_expression" and source.of(node).startswith("delete ")
    if node.type == "update_expression" or deletes:
        return node.child_by_field_name("argument")
    if node.type != "call_expression":
        return None
    function, method = edit.called(node), edit.callee(source, node)[1]
    of = function.child_by_field_name("object") if function is not None else None
    row = library in SEQUELIZE and method in _INSTANCE and of is not None
    if method in _CHANGES or (row and of is not None and source.of(of)[:1].islower()):
        return of
    return None
