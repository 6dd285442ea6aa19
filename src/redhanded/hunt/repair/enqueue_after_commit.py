"""Queue the job once the transaction that wrote its rows is committed."""

from __future__ import annotations

import re

from tree_sitter import Node

from redhanded.case.fix import FixPart
from redhanded.hunt.repair import transactions
from redhanded.hunt.repair.python import enqueue_after_commit as python
from redhanded.hunt.repair.region import FUNCTIONS, moved_after, statement_at
from redhanded.hunt.repair.remedy import Ground, part
from redhanded.hunt.repair.tested import EARLY
from redhanded.source import edit
from redhanded.source.edit import Edit, Source

name = "enqueue-after-commit"
_COMMIT = re.compile(r"\bCOMMIT\b|\.commit(?:Transaction)?\(")
_LATER, _DONE = "afterCommit", "done"
_STATEMENTS = frozenset({"return_statement", "expression_statement", "lexical_declaration"})


def parts(ground: Ground) -> tuple[FixPart, ...]:
    """Part ``e``, where the call that queues stands alone, and the transaction's end is seen."""
    place = ground.place("enqueue")
    if place is None or ground.cause.mechanism != EARLY:
        return ()
    if edit.is_python(place.path):
        text = python.queued_later(ground, place)
    elif edit.is_script(place.path):
        text = _queued_later(edit.read(ground.text(place.path), place.path), place.line)
    else:
        text = None
    if text is None:
        return ()
    return (
        part(
            ground,
            key="e",
            remedy=name,
            title="Queue the job after the COMMIT",
            why=(
                f"The job that is queued at {place.location} needs rows that nobody else sees "
                "before the COMMIT. Queued after it, a worker cannot be too early, and a "
                "transaction that is rolled back leaves no job. Should the process end between the "
                "two, the job is never queued; only a table that the same transaction writes (an "
                "outbox) would do away with that."
            ),
            files={place.path: text},
        ),
    )


def _queued_later(source: Source, line: int) -> str | None:
    queues = statement_at(source, line)
    if queues is None or queues.type != "expression_statement":
        return None
    call = queues.named_children[0]
    call = call.named_children[0] if call.type == "await_expression" else call
    if call.type != "call_expression":
        return None
    inner = [each for each in edit.walk(call) if each.type == "await_expression"]
    if inner:
        return None
    ends = _commit_after(source, queues)
    if ends is not None:
        if edit.identifiers(source, call) & edit.identifiers(source, ends):
            return None  # It is given the transaction, which is over then.
        return moved_after(source, queues, ends)
    around = _transaction_around(source, queues)
    return _collected(source, queues, call, around) if around is not None else None


def _commit_after(source: Source, queues: Node) -> Node | None:
    """The statement that commits, further down in the same block."""
    for each in queues.parent.named_children if queues.parent is not None else ():
        later = each.start_byte > queues.end_byte and each.type == "expression_statement"
        if later and _COMMIT.search(source.of(each)):
            return each
    return None


def _transaction_around(source: Source, queues: Node) -> Node | None:
    """The call that runs the function around a statement in a transaction."""
    function = edit.enclosing(queues, FUNCTIONS)
    given = function.parent if function is not None else None
    call = given.parent if given is not None and given.type == "arguments" else None
    if call is None or call.type != "call_expression":
        return None
    return call if transactions.runs_one(source, call) else None


def _collected(source: Source, queues: Node, call: Node, around: Node) -> str | None:
    """What is to be queued is kept, and queued after the statement that runs the transaction."""
    statement = around
    while statement.parent is not None and statement.parent.type != "statement_block":
        if statement.type in FUNCTIONS:
            return None
        statement = statement.parent
    function = edit.enclosing(statement, FUNCTIONS)
    taken = {_LATER, _DONE} & edit.identifiers(source, source.tree)
    inside = edit.enclosing(queues, FUNCTIONS)
    if statement.parent is None or function is None or taken or inside is None:
        return None
    if statement.type not in _STATEMENTS or not _is_async(source, function):
        return None
    if _is_bound_to(source, inside, queues, call):
        return None
    pad = source.indent(statement.start_byte)
    typed = "" if edit.is_untyped(source.path) else ": Array<() => unknown>"
    end = ";" if source.of(queues).rstrip().endswith(";") else ""
    each = f"\n{pad}for (const enqueue of {_LATER}) await enqueue(){end}"
    first = f"const {_LATER}{typed} = []{end}\n{pad}"
    later = f"{_LATER}.push(() => {source.of(call)}){end}"
    edits = [
        Edit(start=statement.start_byte, end=statement.start_byte, text=first),
        Edit(start=queues.start_byte, end=queues.end_byte, text=later),
    ]
    if statement.type == "return_statement":
        awaited = statement.named_children[0].type == "await_expression"
        done = f"const {_DONE} = " if awaited else f"const {_DONE} = await "
        start = statement.start_byte
        edits.append(Edit(start=start, end=start + len("return "), text=done))
        each += f"\n{pad}return {_DONE}{end}"
    elif not _is_awaited(around):
        return None
    edits.append(Edit(start=statement.end_byte, end=statement.end_byte, text=each))
    return edit.apply(source, edits)


def _is_bound_to(source: Source, inside: Node, queues: Node, call: Node) -> bool:
    """Whether it means something else later: the transaction is over, a variable was set again, an
    error of it would not be caught where it is now."""
    used = edit.identifiers(source, call)
    given = inside.child_by_field_name("parameters") or inside.child_by_field_name("parameter")
    parameters = edit.identifiers(source, given) if given is not None else set()
    set_again = {
        source.of(left)
        for each in edit.walk(inside)
        if each.type in ("assignment_expression", "augmented_assignment_expression")
        and (left := each.child_by_field_name("left")) is not None
    }
    caught = edit.enclosing(queues, ("try_statement",))
    within = caught is not None and caught.start_byte > inside.start_byte
    return bool(used & (parameters | set_again)) or within


def _is_awaited(call: Node) -> bool:
    return call.parent is not None and call.parent.type == "await_expression"


def _is_async(source: Source, function: Node) -> bool:
    body = function.child_by_field_name("body")
    head = source.data[function.start_byte : body.start_byte if body is not None else 0]
    return bool(re.search(rb"\basync\b", head))
