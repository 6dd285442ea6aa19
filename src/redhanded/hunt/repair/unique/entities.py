"""Models in JavaScript and TypeScript that make the tables themselves: Sequelize, TypeORM."""

from __future__ import annotations

import re

from tree_sitter import Node

from redhanded.hunt.repair.typeorm_columns import entity_columns, known_as
from redhanded.hunt.repair.unique.wanted import Drafted, Wanted
from redhanded.source import edit
from redhanded.source.edit import Edit, Source

_MAKES = "makes it when it starts, also where the table is there already, and fails on doubled rows"
_DECORATED = re.compile(r"@Entity\b")


def sequelize(wanted: Wanted) -> Drafted | None:
    """``indexes`` in the options of ``define`` or ``init``, which ``sync`` makes."""
    if not edit.is_script(wanted.path):
        return None
    source = edit.read(wanted.text, wanted.path)
    calls = edit.calls(source, ("define", "init"))
    call = next((each for each in calls if each.start_point.row + 1 == wanted.line), None)
    given = edit.arguments(call) if call is not None else []
    place = 2 if call is not None and edit.callee(source, call)[1] == "define" else 1
    if call is None or not place <= len(given) <= place + 1:
        return None
    columns = ", ".join(f"'{each}'" for each in wanted.columns)
    index = f"{{ name: '{wanted.index}', unique: true, fields: [{columns}] }}"
    if len(given) == place:
        at = given[-1].end_byte
        change = Edit(start=at, end=at, text=f", {{ indexes: [{index}] }}")
    else:
        found = _in_options(source, given[place], index)
        if found is None:
            return None
        change = found
    text = edit.apply(source, [change])
    return Drafted(files={wanted.path: text}, how=f"sync {_MAKES}.")


def typeorm(wanted: Wanted) -> Drafted | None:
    """``@Index`` of the entity, which ``synchronize`` makes."""
    if not edit.is_script(wanted.path) or not _DECORATED.search(wanted.text):
        return None
    source = edit.read(wanted.text, wanted.path)
    classes = [
        each
        for each in edit.walk(source.tree)
        if each.type == "class_declaration" and edit.covers(_whole(each), wanted.line)
    ]
    imported = _imported(source)
    if len(classes) != 1 or imported is None:
        return None
    known = entity_columns(wanted.ground.root)
    names = [known_as(known, each) for each in wanted.columns]
    body = source.of(classes[0])
    if any(not re.search(rf"\b{re.escape(each)}\s*[!?]?\s*:", body) for each in names):
        return None
    whole = _whole(classes[0])
    at = whole.start_byte
    listed = ", ".join(f"'{each}'" for each in names)
    text = f"@Index('{wanted.index}', [{listed}], {{ unique: true }})\n{source.indent(at)}"
    after = edit.apply(source, [Edit(start=at, end=at, text=text), *imported])
    return Drafted(files={wanted.path: after}, how=f"synchronize {_MAKES}.")


def _in_options(source: Source, options: Node, index: str) -> Edit | None:
    """One index more in the options; None where they are not written out."""
    if options.type != "object":
        return None
    listed = edit.value_of(source, options, "indexes")
    if listed is not None and listed.type != "array":
        return None
    holder = listed or options
    entries = [each for each in holder.named_children if each.type != "comment"]
    text = index if listed is not None else f"indexes: [{index}]"
    if not entries:
        at = holder.start_byte + 1
        return Edit(start=at, end=at, text=f" {text} " if listed is None else text)
    last = entries[-1]
    apart = last.start_point.row > holder.start_point.row
    put = f",\n{source.indent(last.start_byte)}{text}" if apart else f", {text}"
    return Edit(start=last.end_byte, end=last.end_byte, text=put)


def _whole(declaration: Node) -> Node:
    """A class with ``export`` and its decorators."""
    parent = declaration.parent
    return parent if parent is not None and parent.type == "export_statement" else declaration


def _imported(source: Source) -> list[Edit] | None:
    """What imports ``Index`` beside ``Entity``; None where that is not seen, or the name is
    another's."""
    found = re.search(
        r"(?:import\s*\{|\{)([^{}]*\bEntity\b[^{}]*)\}\s*(?:from\s*|=\s*require\(\s*)['\"]typeorm['\"]",
        source.data.decode("utf-8", "replace"),
    )
    if found is None:
        return None
    names = {each.strip().split()[0] for each in found[1].split(",") if each.strip()}
    if "Index" in names:
        return []
    if "Index" in edit.identifiers(source, source.tree):
        return None
    at = len(source.data.decode("utf-8", "replace")[: found.start(1)].encode())
    at += len(found[1][: re.search(r"\bEntity\b", found[1]).end()].encode())  # type: ignore[union-attr]
    return [Edit(start=at, end=at, text=", Index")]
