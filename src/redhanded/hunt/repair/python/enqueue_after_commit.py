"""Python: the job is queued by Django once it has committed, or after the line that commits."""

from __future__ import annotations

import re

from tree_sitter import Node

from redhanded.case.hypothesis import RootLocation
from redhanded.hunt.repair.python.one_transaction import NAME, imported
from redhanded.hunt.repair.region import moved_after, statement_at
from redhanded.hunt.repair.remedy import Ground
from redhanded.source import edit, edit_python
from redhanded.source.edit import Edit, Source

_COMMIT = re.compile(r"\.commit\(\)$")


def queued_later(ground: Ground, place: RootLocation) -> str | None:
    """The file with the job queued after the COMMIT; None where that is not understood."""
    source = edit.read(ground.text(place.path), place.path)
    queues = statement_at(source, place.line)
    call = queues.named_children[0] if queues is not None and queues.named_children else None
    alone = queues is not None and queues.type == "expression_statement"
    if queues is None or call is None or call.type != "call" or not alone:
        return None
    if any(each.library.startswith("django") for each in ground.code.accesses):
        return _on_commit(source, call)
    return _after_commit(source, queues)


def _on_commit(source: Source, call: Node) -> str | None:
    function = edit_python.function(call)
    imports = imported(source, function)
    if imports is None or function is None or _is_bound_again(source, function, call):
        return None  # It would be another thing by the time that the function is called.
    text = f"{NAME}.on_commit(lambda: {source.of(call)})"
    return edit.apply(source, (*imports, Edit(start=call.start_byte, end=call.end_byte, text=text)))


def _is_bound_again(source: Source, function: Node, call: Node) -> bool:
    """Whether what a call is given is bound more than once, as in a loop."""
    if edit.enclosing(call, edit_python.LOOPS) is not None:
        return True
    used = edit_python.names(source, call)
    kinds = ("assignment", "augmented_assignment", "for_statement", "named_expression")
    times: dict[str, int] = {}
    for each in edit_python.own(function, *kinds):
        for name in edit_python.bound(source, each) & used:
            times[name] = times.get(name, 0) + 1
    return any(count > 1 for count in times.values())


def _after_commit(source: Source, queues: Node) -> str | None:
    for each in queues.parent.named_children if queues.parent is not None else ():
        later = each.start_byte > queues.end_byte and each.type == "expression_statement"
        if not later or not _COMMIT.search(source.of(each)):
            continue
        if "await" in source.of(each):
            return None  # What is read of a row after it would be asked of the database again.
        return moved_after(source, queues, each)
    return None
