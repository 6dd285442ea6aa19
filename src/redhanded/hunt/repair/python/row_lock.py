"""``FOR UPDATE`` in the words of SQLAlchemy and Django."""

from __future__ import annotations

from collections.abc import Sequence

from tree_sitter import Node

from redhanded.hunt.repair.remedy import Ground
from redhanded.source import edit, edit_python
from redhanded.source.edit import Edit, Source

_TAKES = frozenset({"first", "one", "one_or_none", "all", "scalar", "scalar_one"})
_DJANGO_TAKES = frozenset({"get", "first", "last", "aget", "afirst"})
_SESSION_TAKES = frozenset({"scalar", "scalars", "execute"})


def locked(ground: Ground, path: str, lines: Sequence[int], table: str) -> str | None:
    """The file with a lock at each read of ``lines``; None where one of them is not understood."""
    source = edit.read(ground.text(path), path)
    edits = []
    for line in lines:
        access = next(
            (
                each
                for each in ground.code.accesses
                if each.table == table
                and each.location.path == path
                and abs(each.location.line - line) <= 1
                and each.access != "write"
            ),
            None,
        )
        library = access.library if access is not None else ""
        atomic = access is not None and access.in_transaction
        change = None
        if library.startswith("django") and atomic:
            change = lock_of_django(source, line)
        elif library.startswith("sqlalchemy"):
            change = _sqlalchemy(source, line)
        if change is None:
            return None
        edits.append(change)
    return edit.apply(source, edits)


def _sqlalchemy(source: Source, line: int) -> Edit | None:
    called = edit.call_near(source, line, ("get",), reach=1)
    selected = _select(source, line)
    if selected is not None:
        return Edit(start=selected.end_byte, end=selected.end_byte, text=".with_for_update()")
    if called is not None and len(edit.arguments(called)) >= 2:
        given = edit_python.arguments(source, called)
        if any(each.name == "with_for_update" for each in given):
            return None
        end = given[-1].node.end_byte
        return Edit(start=end, end=end, text=", with_for_update=True")
    taken = edit.call_near(source, line, _TAKES, reach=1)
    if taken is None or ".query(" not in source.of(taken):
        return None
    return _before_the_last_name(source, taken, ".with_for_update()")


def _select(source: Source, line: int) -> Node | None:
    """The whole statement ``select(…).where(…)`` that a call of the session at ``line`` is given,
    or that is made there."""
    near = [
        node
        for node in edit.walk(source.tree)
        if node.type == "call"
        and edit.callee(source, node) == ("", "select")
        and node.start_point.row + 1 - 1 <= line <= node.end_point.row + 1 + 1
    ]
    if not near:
        return None
    node = min(near, key=lambda each: abs(each.start_point.row + 1 - line))
    while (
        node.parent is not None
        and node.parent.type == "attribute"
        and node.parent.parent is not None
        and node.parent.parent.type == "call"
        and edit.callee(source, node.parent.parent)[1] not in _TAKES
    ):
        node = node.parent.parent
    return None if "with_for_update" in source.of(node) else node


def lock_of_django(source: Source, line: int) -> Edit | None:
    """``select_for_update()`` at a read; None where it is not understood, or has one."""
    call = edit.call_near(source, line, _DJANGO_TAKES, reach=1)
    if call is None or "select_for_update" in source.of(call):
        return None
    return _before_the_last_name(source, call, ".select_for_update()")


def _before_the_last_name(source: Source, call: Node, text: str) -> Edit | None:
    function = call.child_by_field_name("function")
    subject = function.child_by_field_name("object") if function is not None else None
    if subject is None:
        return None
    del source
    return Edit(start=subject.end_byte, end=subject.end_byte, text=text)
