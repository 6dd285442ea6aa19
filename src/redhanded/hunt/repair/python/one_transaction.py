"""Django: what is read and written back, in one transaction and with the row locked."""

from __future__ import annotations

from tree_sitter import Node

from redhanded.hunt.repair import region as regions
from redhanded.hunt.repair.python.row_lock import lock_of_django
from redhanded.hunt.repair.region import Region
from redhanded.hunt.repair.remedy import Ground
from redhanded.source import edit, edit_python
from redhanded.source.edit import Edit, Source

NAME = "transaction"
_IMPORT = f"from django.db import {NAME}"
_IN_ITS_WAY = frozenset({"try_statement", "yield", "await"})
"""An error of the database that is caught inside would have ended the transaction already."""


def enclosed(
    ground: Ground, path: str, pairs: tuple[tuple[int, int], ...], table: str
) -> str | None:
    """The file with each read and write of ``pairs`` (their lines) in a transaction; None where
    that is not known to do no harm."""
    if not all(_of_django(ground, path, first, table) for first, _ in pairs):
        return None
    source = edit.read(ground.text(path), path)
    imports = imported(source)
    if imports is None:
        return None
    edits = [*imports]
    for first, last in pairs:
        region = regions.between(source, first, last)
        lock = lock_of_django(source, first)
        harmless = region is not None and lock is not None and _is_harmless(ground, region)
        if region is None or lock is None or not harmless:
            return None
        edits += [lock, *_indented(region)]
    return edit.apply(source, edits)


def _of_django(ground: Ground, path: str, line: int, table: str) -> bool:
    return any(
        each.library.startswith("django")
        and not each.in_transaction
        and (each.table, each.location.path) == (table, path)
        and abs(each.location.line - line) <= 1
        for each in ground.code.accesses
    )


def _is_harmless(ground: Ground, region: Region) -> bool:
    asynchronous = region.source.of(region.function).startswith("async")
    broken = any(each.start_point.row < each.end_point.row for each in region.nodes("string"))
    in_its_way = next(region.nodes(*_IN_ITS_WAY), None)
    return not (asynchronous or broken or in_its_way or regions.queues(ground, region))


def _indented(region: Region) -> list[Edit]:
    source = region.source
    pad, more = source.indent(region.start), source.indent_unit
    begin = source.line_start(region.start)
    first = Edit(start=begin, end=begin, text=f"{pad}with {NAME}.atomic():\n{more}")
    return [first, *regions.further_in(region)]


def imported(source: Source) -> list[Edit] | None:
    """What imports Django's ``transaction``; None where the name means something else there."""
    imports = [
        each for each in source.tree.named_children if each.type.startswith("import_from_statement")
    ]
    for each in imports:
        module = each.child_by_field_name("module_name")
        names = {source.of(name) for name in each.children_by_field_name("name")}
        if module is not None and source.of(module) == "django.db" and NAME in names:
            return []
    if NAME in edit_python.bound(source, source.tree):
        return None
    later = next((each for each in imports if _module(source, each) > "django.db"), None)
    if later is not None:
        return [Edit(start=later.start_byte, end=later.start_byte, text=f"{_IMPORT}\n")]
    last = _last_import(source)
    if last is None:
        return [Edit(start=0, end=0, text=f"{_IMPORT}\n")]
    return [Edit(start=last.end_byte, end=last.end_byte, text=f"\n{_IMPORT}")]


def _module(source: Source, statement: Node) -> str:
    """Of ``from django… import …``; empty for another one."""
    module = statement.child_by_field_name("module_name")
    name = source.of(module) if module is not None else ""
    return name if name.startswith("django.") else ""


def _last_import(source: Source) -> Node | None:
    """The one before which the file has nothing but imports and its docstring."""
    last = None
    for each in source.tree.named_children:
        if each.type in ("import_statement", "import_from_statement", "future_import_statement"):
            last = each
        elif each.type not in ("comment", "expression_statement"):
            break
    return last
