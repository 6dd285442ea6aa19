"""JavaScript: a transaction that is run again when PostgreSQL turns it away."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from tree_sitter import Node

from redhanded.case.evidence import Location
from redhanded.hunt.repair import isolation, transactions
from redhanded.hunt.repair import region as regions
from redhanded.hunt.repair.creation import PRISMA, SEQUELIZE
from redhanded.hunt.repair.region import ANSWERS, Region
from redhanded.hunt.repair.remedy import Ground
from redhanded.hunt.repair.transactions import covers
from redhanded.source import edit
from redhanded.source.edit import Edit, Source

NAME = "retried"
_CODES = "['40001', '40P01'].includes({})"
_REFUSED = {
    **dict.fromkeys(SEQUELIZE, _CODES.format("error.original?.code")),
    **dict.fromkeys(PRISMA, "error.code === 'P2034' || " + _CODES.format("error.meta?.code")),
    "typeorm": _CODES.format("error.driverError?.code"),
    "drizzle-orm": _CODES.format("(error.cause ?? error).code"),
}
"""Where a library puts PostgreSQL's code; as the driver gives it where none is named."""
_HELPER = """\
/** Runs a transaction again that PostgreSQL has turned away for the sake of another. */
async function retried(transaction, attempts = 10) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await transaction();
    } catch (error) {
      const refused = {refused};
      if (!refused || attempt === attempts) throw error;
    }
  }
}
"""
_CHANGES = frozenset({"push", "unshift", "splice", "shift", "pop"})


def found(ground: Ground, frames: Sequence[Location]) -> tuple[Location, ...]:
    """The first lines of what runs a transaction around ``frames``, the best first: of functions
    that a call runs in one, the outermost, then of those that begin one, the innermost."""
    sources = {path: edit.read(ground.text(path), path) for path in {each.path for each in frames}}
    run, begun = [], []
    for each in frames:
        source = sources[each.path]
        call = transactions.call_around(source, each.line)
        run.append((each.path, transactions.given(call) if call is not None else None))
        begun.append((each.path, transactions.function_around(source, each.line)))
    known = [(path, node) for path, node in (*reversed(run), *begun) if node is not None]
    places = (Location(path=path, line=node.start_point.row + 1) for path, node in known)
    return tuple(dict.fromkeys(places))


def rewritten(ground: Ground, path: str, lines: Sequence[int], serializable: bool) -> str | None:
    """The file with the transactions around ``lines`` run again, ``serializable`` or as they are;
    None where one of them is not known to do no harm when it is run twice."""
    source = edit.read(ground.text(path), path)
    edits: dict[tuple[int, bool], list[Edit]] = {}
    libraries = set()
    for line in lines:
        call = transactions.call_around(source, line)
        node = call or transactions.function_around(source, line)
        if node is None or NAME in edit.identifiers(source, source.tree):
            return None
        library = _library(ground, path, node)
        change = (
            _call_again(ground, source, node)
            if call is not None
            else _body_again(ground, source, node)
        )
        level = (
            isolation.serializable(source, node, library, by_hand=call is None)
            if serializable
            else []
        )
        if library is None or change is None or level is None:
            return None
        libraries.add(library)
        edits[(node.start_byte, call is not None)] = [*change, *level]
    if len(libraries) != 1:
        return None
    end = len(source.data)
    helper = Edit(start=end, end=end, text=f"\n{_helper(source, libraries.pop())}")
    return edit.apply(source, [*(each for some in edits.values() for each in some), helper])


def _helper(source: Source, library: str) -> str:
    refused = _REFUSED.get(library, _CODES.format("error.code"))
    text = _HELPER.replace("{refused}", refused).replace("  ", source.indent_unit)
    if edit.is_untyped(source.path):
        return text
    typed = f"{NAME}<T>(transaction: () => Promise<T>, attempts = 10): Promise<T>"
    return text.replace(f"{NAME}(transaction, attempts = 10)", typed).replace(
        "catch (error)", "catch (error: any)"
    )


def _library(ground: Ground, path: str, node: Node) -> str | None:
    """What asks the database there; the only one of the program, where it asks through others."""
    here = {
        each.library
        for each in ground.code.accesses
        if each.location.path == path and covers(node, each.location.line)
    }
    known = here or {each.library for each in ground.code.accesses}
    return known.pop() if len(known) == 1 else None


def _call_again(ground: Ground, source: Source, call: Node) -> list[Edit] | None:
    """``retried(() => call)``."""
    waits = any(each.type == "await_expression" for each in transactions.own(call))
    if waits or not _can_be_repeated(ground, source, call, call.end_point.row + 1):
        return None
    return [
        Edit(start=call.start_byte, end=call.start_byte, text=f"{NAME}(() => "),
        Edit(start=call.end_byte, end=call.end_byte, text=")"),
    ]


def _body_again(ground: Ground, source: Source, function: Node) -> list[Edit] | None:
    """The whole of a function that begins and commits by hand, as one that is run again."""
    block, ends = function.child_by_field_name("body"), transactions.ending(source, function)
    begins = transactions.beginning(source, function)
    if block is None or block.type != "statement_block" or begins is None:
        return None
    whole = Region(
        source=source, function=function, block=block, statements=tuple(block.named_children)
    )
    head = source.data[function.start_byte : block.start_byte].decode()
    asynchronous = re.search(r"\basync\b", head) is not None
    last = ends.end_point.row + 1 if ends is not None else 0
    if not asynchronous or ends is None or "arguments" in edit.identifiers(source, block):
        return None
    if not _can_be_repeated(ground, source, block, last):
        return None
    if not _lets_errors_through(source, function, begins) or not _answers_at_the_end(whole, ends):
        return None
    pad, more = source.indent(whole.start), source.indent_unit
    return [
        Edit(start=whole.start, end=whole.start, text=f"return {NAME}(async () => {{\n{pad}{more}"),
        *regions.further_in(whole),
        Edit(start=whole.end, end=whole.end, text=f"\n{pad}}});"),
    ]


def _lets_errors_through(source: Source, function: Node, begins: Node) -> bool:
    """Whether what is caught around the transaction is thrown again as it came."""
    for each in transactions.own(function):
        if each.type != "catch_clause" or each.parent is None:
            continue
        within = each.parent
        after = begins.end_byte < within.end_byte
        given, body = (each.child_by_field_name(name) for name in ("parameter", "body"))
        if not after:
            continue
        last = body.named_children[-1] if body is not None and body.named_children else None
        thrown = last.named_children if last is not None and last.type == "throw_statement" else []
        if given is None or not thrown or source.of(thrown[0]) != source.of(given):
            return False
    return True


def _answers_at_the_end(whole: Region, ends: Node) -> bool:
    """Whether no answer is sent before the COMMIT, but where the function is left with it."""
    for call in whole.nodes("call_expression"):
        if edit.callee(whole.source, call)[1] not in ANSWERS or call.start_byte > ends.end_byte:
            continue
        branch = edit.enclosing(call, ("if_statement",))
        inside = branch is not None and branch.start_byte >= whole.start
        left = branch is not None and any(
            each.type in ("return_statement", "throw_statement") for each in edit.walk(branch)
        )
        if not (inside and left):
            return False
    return True


def _can_be_repeated(ground: Ground, source: Source, node: Node, last: int) -> bool:
    """Whether nothing is queued up to a line, and nothing around a node changed step by step."""
    queues = any(
        each.location.path == source.path and node.start_point.row < each.location.line <= last
        for each in ground.code.enqueues
    )
    return not queues and not any(
        name not in _bound_in(source, node) for name in _changed_in(source, node)
    )


def _bound_in(source: Source, node: Node) -> set[str]:
    """Names that are declared within a node, by functions inside of it too."""
    found: set[str] = set()
    for each in edit.walk(node):
        if each.type == "variable_declarator" or each.type in edit.FUNCTIONS:
            for field in ("name", "parameters", "parameter"):
                part = each.child_by_field_name(field)
                found |= edit.identifiers(source, part) if part is not None else set()
        elif each.type == "for_in_statement":
            left = each.child_by_field_name("left")
            found |= edit.identifiers(source, left) if left is not None else set()
    return found


def _changed_in(source: Source, node: Node) -> Iterator[str]:
    """The names of what another run would change once more: ``n += 1``, ``n++``, ``list.push``."""
    for each in edit.walk(node):
        target = None
        if each.type == "augmented_assignment_expression":
            target = each.child_by_field_name("left")
        elif each.type == "update_expression":
            target = each.child_by_field_name("argument")
        elif each.type == "call_expression" and edit.callee(source, each)[1] in _CHANGES:
            function = edit.called(each)
            target = function.child_by_field_name("object") if function is not None else None
        while target is not None and target.type in ("member_expression", "subscript_expression"):
            target = target.child_by_field_name("object")
        if target is not None and target.type in ("identifier", "this"):
            yield source.of(target)
