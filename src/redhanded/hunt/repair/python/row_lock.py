"""``FOR UPDATE`` in the words of SQLAlchemy and Django, and of SQL by hand."""

from __future__ import annotations

from collections.abc import Sequence

from tree_sitter import Node

from redhanded.hunt.repair.python import written_sql
from redhanded.hunt.repair.remedy import Ground
from redhanded.source import edit, edit_python
from redhanded.source.edit import Edit, Source
from redhanded.source.edit_python import Argument

_TAKES = frozenset({"first", "one", "one_or_none", "all", "scalar", "scalar_one"})
_DJANGO_TAKES = frozenset({"get", "first", "last", "aget", "afirst"})
_OR_404 = "get_object_or_404"


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
        if access is None:
            return None
        change = None
        if access.library.startswith("django") and access.in_transaction:
            change = lock_of_django(source, access.location.line)
        elif access.library.startswith("sqlalchemy"):
            change = _sqlalchemy(source, access.location.line, access.model or "")
        if change is None:
            change = written_sql.lock(source, access.location.line)
        if change is None:
            return None
        edits.append(change)
    return edit.apply(source, edits)


def _sqlalchemy(source: Source, line: int, model: str) -> Edit | None:
    called = edit.call_near(source, line, ("get",), reach=1)
    given = edit_python.arguments(source, called) if called is not None else []
    if (
        called is not None
        and edit.covers(called, line)
        and len(given) > 1
        and _is_of(given[0], model)
    ):
        if any(each.name == "with_for_update" for each in given):
            return None
        end = given[-1].node.end_byte
        return Edit(start=end, end=end, text=", with_for_update=True")
    selected = _select(source, line, model)
    if selected is not None:
        of = _of(source.of(selected), model)
        return Edit(start=selected.end_byte, end=selected.end_byte, text=f".with_for_update({of})")
    taken = edit.call_near(source, line, _TAKES, reach=1)
    if taken is None or not edit.covers(taken, line) or ".query(" not in source.of(taken):
        return None
    of = _of(source.of(taken), model)
    return _before_the_last_name(source, taken, f".with_for_update({of})")


def _of(text: str, model: str) -> str:
    """What is locked where other rows are joined, some of which may not be there."""
    return f"of={model}" if "joinedload" in text or "outerjoin" in text else ""


def _is_of(given: Argument, model: str) -> bool:
    return given.name is None and given.value.rpartition(".")[2] == model


def _select(source: Source, line: int, model: str) -> Node | None:
    """The whole statement ``select(…).where(…)`` of a model that a call of the session at ``line``
    is given, or that is made there."""
    near = [
        node
        for node in edit.walk(source.tree)
        if node.type == "call"
        and edit.callee(source, node) == ("", "select")
        and node.start_point.row + 1 - 1 <= line <= node.end_point.row + 1 + 1
        and any(_is_of(each, model) for each in edit_python.arguments(source, node)[:1])
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
    call = edit.call_near(source, line, (*_DJANGO_TAKES, _OR_404), reach=1)
    if call is None or not edit.covers(call, line) or "select_for_update" in source.of(call):
        return None
    of = 'of=("self",)' if "select_related" in source.of(call) else ""
    if edit.callee(source, call)[1] != _OR_404:
        return _before_the_last_name(source, call, f".select_for_update({of})")
    given = edit_python.arguments(source, call)
    if not given or not given[0].value.rpartition(".")[2][:1].isupper():
        return None
    end = given[0].node.end_byte
    return Edit(start=end, end=end, text=f".objects.select_for_update({of})")


def _before_the_last_name(source: Source, call: Node, text: str) -> Edit | None:
    function = call.child_by_field_name("function")
    subject = function.child_by_field_name("object") if function is not None else None
    if subject is None:
        return None
    del source
    return Edit(start=subject.end_byte, end=subject.end_byte, text=text)
