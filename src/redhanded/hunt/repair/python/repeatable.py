"""Python: whether a function may be run twice, as far as it is seen."""

from __future__ import annotations

import re

from tree_sitter import Node

from redhanded.hunt.repair.remedy import Ground
from redhanded.source import edit, edit_python
from redhanded.source.edit import Source

_CHANGES = frozenset({"append", "extend", "insert", "pop", "remove", "add", "clear", "update"})
_BESIDE = frozenset({"send_mail", "send_email", "send_message", "sendmail", "publish", "emit"})
_OUTSIDE = re.compile(r"(?:requests|httpx|aiohttp|boto3|smtplib|twilio)\b")
_CATCHES = re.compile(
    r"\b(?:Exception|BaseException|Error|DatabaseError|OperationalError|DBAPIError|SQLAlchemyError"
    r"|PostgresError|DeadlockDetected(?:Error)?|SerializationFailure|SerializationError)\b"
)
_ASKS_WHETHER_NEW = re.compile(
    r"\b_state\.adding\b|\bself\.(?:pk|id)\s+is\s|\b(?:not|if)\s+self\.(?:pk|id)\b"
)
"""A row of Django that was added and taken back does not know that it is new again."""


def is_repeatable(ground: Ground, source: Source, function: Node) -> bool:
    """Whether nothing is queued in it, it yields nothing, and errors of the database leave it."""
    queues = any(
        each.location.path == source.path and edit.covers(function, each.location.line)
        for each in ground.code.enqueues
    )
    yields = next(edit_python.own(function, "yield"), None) is not None
    outside = next(edit_python.own(function, "global_statement", "nonlocal_statement"), None)
    listed = function.child_by_field_name("parameters")
    used_up = listed is not None and re.search(r"\b(?:Iterator|Generator)\b", source.of(listed))
    if queues or yields or outside is not None or used_up:
        return False
    if any(_is_beside(source, each) for each in edit_python.own(function, "call")):
        return False
    if _ASKS_WHETHER_NEW.search(source.of(function)):
        return False
    if _changed_in(source, function) - _read_in(source, function):
        return False
    return _lets_errors_through(source, function)


def _is_beside(source: Source, call: Node) -> bool:
    """Whether a call has an effect outside of the database, as far as its name says."""
    of, called = edit.callee(source, call)
    return called in _BESIDE or _OUTSIDE.match(of) is not None


def _changed_in(source: Source, function: Node) -> set[str]:
    """The names of what another run would change once more: ``n += 1``, ``row.n = row.n + 1``,
    ``rows.append``."""
    found: set[str] = set()
    for each in edit_python.own(function, "augmented_assignment", "assignment", "call"):
        left, right = each.child_by_field_name("left"), each.child_by_field_name("right")
        target = left
        if each.type == "assignment" and left is not None:
            again = right is not None and source.of(left) in source.of(right)
            target = left if again and left.type != "identifier" else None
        if each.type == "call" and edit.callee(source, each)[1] in _CHANGES:
            target = each.child_by_field_name("function")
        if target is not None:
            found.add(re.split(r"[.\[(]", source.of(target))[0])
    return found


def _read_in(source: Source, function: Node) -> set[str]:
    """Names that are bound anew in each run: to what a call gives, to a literal, by a loop over a
    call; not to a part of what is there before."""
    found: set[str] = set()
    for each in edit_python.own(function, "assignment", "for_statement", "as_pattern"):
        left, right = each.child_by_field_name("left"), each.child_by_field_name("right")
        if each.type == "as_pattern":
            alias = each.child_by_field_name("alias")
            found |= edit_python.names(source, alias) if alias is not None else set()
        elif left is not None and right is not None and _is_new(source, right, found):
            found |= binds(source, each)
    return found | _classes(source)


def _is_new(source: Source, value: Node, known: set[str]) -> bool:
    inner = value.named_children[0] if value.type == "await" else value
    made = next((each for each in edit.walk(inner) if each.type == "call"), None) is not None
    literal = not edit_python.names(source, inner)
    return made or literal or bool(edit_python.names(source, inner) & known)


def _classes(source: Source) -> set[str]:
    """What is called by the name of a class: its methods change nothing of the program."""
    names = edit_python.names(source, source.tree)
    return {name for name in names if name[:1].isupper() and not name.isupper()}


def _lets_errors_through(source: Source, function: Node) -> bool:
    """Whether what it catches of the database is raised again as it came."""
    for each in edit_python.own(function, "except_clause"):
        head, _, _ = source.of(each).partition(":\n")
        broad = head.strip() == "except" or _CATCHES.search(head) is not None
        body = next((one for one in each.named_children if one.type == "block"), None)
        last = body.named_children[-1] if body is not None and body.named_children else None
        bound = re.search(r"\bas\s+(\w+)", head)
        thrown = source.of(last) if last is not None and last.type == "raise_statement" else ""
        again = thrown == "raise" or (bound is not None and thrown == f"raise {bound[1]}")
        if broad and not again:
            return False
    return True


def binds(source: Source, node: Node) -> set[str]:
    """Names that one node binds, its parts left out."""
    if node.type == "parameters":
        return edit_python.names(source, node)
    if node.type not in ("assignment", "function_definition", "class_definition", "for_statement"):
        return set()
    target = node.child_by_field_name("left") or node.child_by_field_name("name")
    if target is None or target.type in ("attribute", "subscript"):
        return set()
    return edit_python.names(source, target)
