"""Python: what is read and written back, in one transaction and with the row locked."""

from __future__ import annotations

from tree_sitter import Node

from redhanded.hunt.repair import region as regions
from redhanded.hunt.repair.python import connection_transaction
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
    source = edit.read(ground.text(path), path)
    edits: list[Edit] = []
    for reads, region in regions.merged(source, pairs) or ():
        found = _of_connection(ground, region, reads) or _atomic(ground, region, reads, table)
        if found is None:
            return None
        edits += [each for each in found if each not in edits]
    return edit.apply(source, edits) if edits else None


def _of_connection(ground: Ground, region: Region, reads: tuple[int, ...]) -> list[Edit] | None:
    found = connection_transaction.block(ground, region, reads)
    return None if found is None else [*found[1], *_indented(region, found[0])]


def _atomic(
    ground: Ground, region: Region, reads: tuple[int, ...], table: str
) -> list[Edit] | None:
    """Of Django."""
    source = region.source
    imports = imported(source, region.function)
    begins = [_of_django(ground, source.path, line, table) for line in reads]
    locks = [lock_of_django(source, line) for line in begins if line is not None]
    within = [each for each in locks if each and region.start <= each.start <= region.end]
    if imports is None or len(within) != len(reads) or not _is_harmless(ground, region):
        return None
    return [*imports, *within, *_indented(region, f"with {NAME}.atomic():")]


def _of_django(ground: Ground, path: str, line: int, table: str) -> int | None:
    """The line of the code map for a read outside a transaction."""
    return next(
        (
            each.location.line
            for each in ground.code.accesses
            if each.library.startswith("django")
            and not each.in_transaction
            and each.access != "write"
            and (each.table, each.location.path) == (table, path)
            and abs(each.location.line - line) <= 1
        ),
        None,
    )


def _is_harmless(ground: Ground, region: Region) -> bool:
    asynchronous = region.source.of(region.function).startswith("async")
    in_its_way = next(region.nodes(*_IN_ITS_WAY), None)
    return not (asynchronous or in_its_way or regions.queues(ground, region))


def _indented(region: Region, head: str) -> list[Edit]:
    source = region.source
    pad, more = source.indent(region.start), source.indent_unit
    begin = source.line_start(region.start)
    first = Edit(start=begin, end=begin, text=f"{pad}{head}\n{more}")
    return [first, *regions.further_in(region)]


def imported(source: Source, function: Node | None) -> list[Edit] | None:
    """What imports Django's ``transaction``; None where the name means something else there."""
    own = edit_python.bound(source, function) if function is not None else set()
    parameters = edit_python.parameters(source, function) if function is not None else set()
    if NAME in own | parameters:
        return None
    imports = [
        each for each in source.tree.named_children if each.type.startswith("import_from_statement")
    ]
    for each in imports:
        module = each.child_by_field_name("module_name")
        names = {source.of(name) for name in each.children_by_field_name("name")}
        if module is not None and source.of(module) == "django.db" and NAME in names:
            return []
    elsewhere = (
        each
        for each in source.tree.named_children
        if each.type not in ("function_definition", "class_definition", "decorated_definition")
    )
    if any(NAME in edit_python.bound(source, each) for each in elsewhere):
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
