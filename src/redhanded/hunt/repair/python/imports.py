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
    named: dict[str, list[str]] = {}
    for module, name in wanted:
        named.setdefault(module, []).append(name)
    edits: list[Edit] = []
    for module, names in named.items():
        asked = sorted((name for name in names if name), key=_sorted)
        edits += _whole(source, module) if "" in names else []
        if len(asked) > 1 and not _imports_some(source, module):
            asked = [", ".join(asked)]
        for name in asked:
            edits += _from(source, module, name)
    return edits


def _imports_some(source: Source, module: str) -> bool:
    return any(
        module_of(source, each) == module and each.children_by_field_name("name")
        for each in top(source)
    )


def top(source: Source) -> list[Node]:
    """The imports before which the file has nothing else but its docstring and comments."""
    found = []
    for each in source.tree.named_children:
        if each.type in _IMPORTS:
            found.append(each)
        elif each.type != "comment" and not _is_about_the_file(source, each):
            break
    return found


def _is_about_the_file(source: Source, statement: Node) -> bool:
    """Its docstring, ``__all__`` and the like."""
    inner = statement.named_children[0] if statement.named_children else None
    if statement.type != "expression_statement" or inner is None:
        return False
    return inner.type == "string" or source.of(inner).startswith("__")


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
        if name in {source.of(one) for one in names}:
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
    return [_below(source, known[-1], text) if known else _at_the_top(source, text)]


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
        return [_below(source, plain[-1], text)]
    if known:
        at = known[0].start_byte
        return [Edit(start=at, end=at, text=f"{text}\n\n")]
    return [_at_the_top(source, text)]


def _below(source: Source, statement: Node, text: str) -> Edit:
    """On a line of its own, after what else stands on that of a statement."""
    end = source.data.find(b"\n", statement.end_byte)
    at = end if end >= 0 else len(source.data)
    return Edit(start=at, end=at, text=f"\n{text}")


def _at_the_top(source: Source, text: str) -> Edit:
    """After the docstring and what is imported from the future."""
    last = None
    for each in source.tree.named_children:
        if each.type == "future_import_statement" or _is_about_the_file(source, each):
            last = each
        elif each.type != "comment":
            break
    if last is None:
        return Edit(start=0, end=0, text=f"{text}\n\n")
    end = source.data.find(b"\n", last.end_byte)
    at = end if end >= 0 else len(source.data)
    return Edit(start=at, end=at, text=f"\n\n{text}")
