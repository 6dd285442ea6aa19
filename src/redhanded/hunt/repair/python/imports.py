"""What an edit of a Python program needs imported, among the imports that are there."""

from __future__ import annotations

from collections.abc import Iterable

from tree_sitter import Node

from redhanded.source.edit import Edit, Source

_IMPORTS = frozenset({"import_statement", "import_from_statement", "future_import_statement"})


def imported(source: Source, wanted: Iterable[tuple[str, str]]) -> list[Edit]:
    """Edits that import names from modules; an empty name stands for the module itself.

    What is imported already is left as it is. A name that means something else in the file is not
    looked for.
    """
    edits: list[Edit] = []
    for module, name in wanted:
        edits += _from(source, module, name) if name else _whole(source, module)
    return edits


def top(source: Source) -> list[Node]:
    """The imports before which the file has nothing else but its docstring and comments."""
    found = []
    for each in source.tree.named_children:
        if each.type in _IMPORTS:
            found.append(each)
        elif each.type not in ("comment", "expression_statement") or found:
            break
    return found


def module_of(source: Source, statement: Node) -> str:
    """The module of ``from module import …``; empty for another statement."""
    module = statement.child_by_field_name("module_name")
    return source.of(module) if module is not None else ""


def _from(source: Source, module: str, name: str) -> list[Edit]:
    known = top(source)
    text = f"from {module} import {name}"
    for each in known:
        names = each.children_by_field_name("name")
        if module_of(source, each) != module or not names:
            continue
        if name in {source.of(one).partition(" as ")[0] for one in names}:
            return []
        later = next((one for one in names if _sorted(source.of(one)) > _sorted(name)), None)
        at = later.start_byte if later is not None else names[-1].end_byte
        return [Edit(start=at, end=at, text=f"{name}, " if later is not None else f", {name}")]
    package = module.partition(".")[0]
    after = next(
        (
            each
            for each in known
            if module_of(source, each).partition(".")[0] == package
            and module_of(source, each) > module
        ),
        None,
    )
    if after is not None:
        return [Edit(start=after.start_byte, end=after.start_byte, text=f"{text}\n")]
    if known:
        at = known[-1].end_byte
        return [Edit(start=at, end=at, text=f"\n{text}")]
    return [Edit(start=0, end=0, text=f"{text}\n")]


def _sorted(name: str) -> tuple[int, str]:
    """How names are put in order: constants, then classes, then the rest."""
    return (0 if name.isupper() else 1 if name[:1].isupper() else 2), name


def _whole(source: Source, module: str) -> list[Edit]:
    known = [each for each in top(source) if each.type != "future_import_statement"]
    plain = [each for each in known if each.type == "import_statement"]
    names = {source.of(name) for each in plain for name in each.children_by_field_name("name")}
    if module in names:
        return []
    text = f"import {module}"
    later = next((each for each in plain if source.of(each) > text), None)
    if later is not None:
        return [Edit(start=later.start_byte, end=later.start_byte, text=f"{text}\n")]
    if plain:
        at = plain[-1].end_byte
        return [Edit(start=at, end=at, text=f"\n{text}")]
    at = known[0].start_byte if known else 0
    return [Edit(start=at, end=at, text=f"{text}\n\n")]
