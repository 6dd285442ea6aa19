"""JavaScript: a transaction that is run again when PostgreSQL turns it away."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tree_sitter import Node

from redhanded.case.evidence import Location
from redhanded.hunt.repair import isolation, one_transaction, transactions
from redhanded.hunt.repair import region as regions
from redhanded.hunt.repair.creation import PRISMA, SEQUELIZE
from redhanded.hunt.repair.region import Region, Runner
from redhanded.hunt.repair.remedy import Ground
from redhanded.hunt.repair.repeatable import is_repeatable, lets_errors_through
from redhanded.hunt.repair.transaction_words import Words
from redhanded.source import edit
from redhanded.source.edit import Edit, Source

NAME = "retried"
_CODES = "['40001', '40P01'].includes({})"
_REFUSED = {
    **dict.fromkeys(SEQUELIZE, _CODES.format("error.original?.code")),
    **dict.fromkeys(
        PRISMA,
        "error.code === 'P2034'\n"
        "        || /deadlock detected|could not serialize/.test(error.message)\n"
        "        || /40001|40P01|TransactionWriteConflict/"
        ".test(JSON.stringify([error.meta, error.cause]))",
    ),
    "typeorm": _CODES.format("error.driverError?.code"),
    "drizzle-orm": _CODES.format("(error.cause ?? error).code"),
    "objection": _CODES.format("(error.nativeError ?? error).code"),
}
"""Where a library puts PostgreSQL's code; as the driver gives it where none is named. What Prisma
says of a deadlock depends on its engine and its version."""
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
_BEFORE = frozenset(
    {"connect", "getConnection", "acquire", "createQueryRunner", "startTransaction"}
)
_AFTER = frozenset({"release", "end"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Again:
    """What runs one transaction again."""

    edits: tuple[Edit, ...]
    rolls_back: bool = False
    """What is run again does not take it back itself."""


def found(ground: Ground, frames: Sequence[Location]) -> tuple[Runner, ...]:
    """What runs a transaction around ``frames``, the best first: of functions that a call runs in
    one, the outermost, then of those that begin one, the innermost."""
    sources = {path: edit.read(ground.text(path), path) for path in {each.path for each in frames}}
    run: list[tuple[str, Node]] = []
    begun: list[tuple[str, Node]] = []
    through = True
    for each in frames:
        source = sources[each.path]
        call = transactions.call_around(source, each.line)
        given = transactions.given(call) if call is not None else None
        if given is not None:
            run.append((each.path, given))
        function = transactions.function_around(source, each.line)
        if function is not None and not _runs_what_it_is_given(source, function, each.line):
            begun.append((each.path, function))
        elif function is not None:
            through = through and lets_errors_through(source, function)
    if not through:
        return ()  # What begins it for others hides the error from them.
    known = ((path, node) for path, node in (*reversed(run), *begun))
    return tuple(
        dict.fromkeys(
            Runner(path=path, line=node.start_point.row + 1, last=node.end_point.row + 1)
            for path, node in known
        )
    )


def _runs_what_it_is_given(source: Source, function: Node, line: int) -> bool:
    """Whether a function calls one of its parameters at a line: what that is, others decide."""
    listed = function.child_by_field_name("parameters") or function.child_by_field_name("parameter")
    given = edit.identifiers(source, listed) if listed is not None else set()
    return any(
        each.type == "call_expression"
        and edit.covers(each, line)
        and edit.callee(source, each)[0] == ""
        and edit.callee(source, each)[1] in given
        for each in edit.walk(function)
    )


def rewritten(ground: Ground, path: str, lines: Sequence[int], serializable: bool) -> str | None:
    """The file with the transactions around ``lines`` run again, ``serializable`` or as they are;
    None where one of them is not known to do no harm when it is run twice."""
    source = edit.read(ground.text(path), path)
    edits: dict[tuple[int, bool], list[Edit]] = {}
    libraries: set[str] = set()
    rolls_back = False
    for line in lines:
        call = transactions.call_around(source, line)
        node = call or transactions.function_around(source, line)
        if node is None or NAME in edit.identifiers(source, source.tree):
            return None
        library = _library(ground, path, node)
        again = (
            _call_again(ground, source, node, library)
            if call is not None
            else _function_again(ground, source, node, library)
        )
        level = (
            isolation.serializable(source, node, library, by_hand=call is None)
            if serializable
            else []
        )
        if library is None or again is None or level is None:
            return None
        libraries.add(library)
        rolls_back = rolls_back or again.rolls_back
        edits[(node.start_byte, call is not None)] = [*again.edits, *level]
    if len(libraries) != 1:
        return None
    end = len(source.data)
    text = _helper(source, libraries.pop(), rolls_back=rolls_back)
    ends = "" if source.data.endswith(b"\n") else "\n"
    helper = Edit(start=end, end=end, text=f"{ends}\n{text}")
    return edit.apply(source, [*(each for some in edits.values() for each in some), helper])


def _helper(source: Source, library: str, *, rolls_back: bool) -> str:
    refused = _REFUSED.get(library, _CODES.format("error.code"))
    text = _HELPER.replace("{refused}", refused)
    if rolls_back:
        text = text.replace("(transaction, attempts", "(transaction, rollback, attempts")
        text = text.replace("throw error;\n", "throw error;\n      await rollback();\n")
    if not edit.is_untyped(source.path):
        text = text.replace(f"{NAME}(transaction,", f"{NAME}<T>(transaction: () => Promise<T>,")
        text = text.replace(", rollback,", ", rollback: () => Promise<unknown>,")
        text = text.replace("= 10) {", "= 10): Promise<T> {")
        text = text.replace("catch (error)", "catch (error: any)")
    return text.replace("  ", source.indent_unit)


def _library(ground: Ground, path: str, node: Node) -> str | None:
    """What asks the database there; the only one of the program, where it asks through others."""
    here = {
        each.library
        for each in ground.code.accesses
        if each.location.path == path and edit.covers(node, each.location.line)
    }
    known = here or {each.library for each in ground.code.accesses}
    return known.pop() if len(known) == 1 else None


def _call_again(ground: Ground, source: Source, call: Node, library: str | None) -> _Again | None:
    """``retried(() => call)``."""
    function = edit.called(call)  # TypeScript's ``await f<T>(…)`` is read as a call of ``await f``.
    if function is None:
        return None
    inner = [each for each in transactions.own(call) if each.type == "await_expression"]
    waits = any(each.start_byte > function.start_byte for each in inner)
    if waits or not is_repeatable(ground, source, call, library, until=call.end_byte):
        return None
    if not lets_errors_through(source, call):
        return None
    begin = Edit(start=function.start_byte, end=function.start_byte, text=f"{NAME}(() => ")
    return _Again(edits=(begin, Edit(start=call.end_byte, end=call.end_byte, text=")")))


def _function_again(
    ground: Ground, source: Source, function: Node, library: str | None
) -> _Again | None:
    """A function that begins and commits by hand: all of it, or its statements from one to the
    other where what they throw does not leave it."""
    begun = transactions.beginnings(source, function)
    ends, back = transactions.endings(source, function), transactions.rollback(source, function)
    block = function.child_by_field_name("body")
    if len(begun) != 1 or not ends or back is None or block is None:
        return None
    head = source.data[function.start_byte : block.start_byte].decode()
    asynchronous = re.search(r"\basync\b", head) is not None and "*" not in head
    if not asynchronous or block.type != "statement_block":
        return None
    if "generator" in function.type or not transactions.is_once(function, begun[0]):
        return None
    if not is_repeatable(ground, source, block, library, until=ends[-1].end_byte):
        return None
    return _body_again(ground, source, function, block) or _part_again(
        ground, source, begun[0], ends, back
    )


def _body_again(ground: Ground, source: Source, function: Node, block: Node) -> _Again | None:
    begins = transactions.beginnings(source, function)[0]
    ends = transactions.endings(source, function)[-1]
    statements = tuple(each for each in block.named_children if not _is_directive(each))
    if "arguments" in edit.identifiers(source, block) or not lets_errors_through(source, block):
        return None
    if not _waits_for_nothing_else(ground, source, function, begins, ends):
        return None
    whole = Region(source=source, function=function, block=block, statements=statements)
    pad, more = source.indent(whole.start), source.indent_unit
    head = f"return {NAME}(async () => {{\n{pad}{more}"
    return _Again(
        edits=(
            Edit(start=whole.start, end=whole.start, text=head),
            *regions.further_in(whole),
            Edit(start=whole.end, end=whole.end, text=f"\n{pad}}});"),
        )
    )


def _is_directive(statement: Node) -> bool:
    inner = statement.named_children
    return statement.type == "expression_statement" and bool(inner) and inner[0].type == "string"


def _waits_for_nothing_else(
    ground: Ground, source: Source, function: Node, begins: Node, ends: Node
) -> bool:
    """Whether before the transaction it only waits for a connection and for what it reads, and
    after it only for what is queued, or for the connection to be given back."""
    reads = {each.location.line for each in ground.code.accesses if each.access == "read"}
    queues = {each.location.line for each in ground.code.enqueues}
    for each in transactions.own(function):
        call = each.named_children[0] if each.type == "await_expression" else None
        if call is None or edit.enclosing(each, ("catch_clause", "finally_clause")) is not None:
            continue
        name, row = edit.callee(source, call)[1], each.start_point.row + 1
        before, after = each.end_byte < begins.start_byte, each.start_byte > ends.end_byte
        if before and name not in _BEFORE and row not in reads:
            return False
        if after and name not in _AFTER and row not in queues:
            return False
    return True


def _part_again(
    ground: Ground, source: Source, begins: Node, ends: Sequence[Node], back: Node
) -> _Again | None:
    """The statements from the one that begins it to the one that commits."""
    if len(ends) != 1:
        return None
    region = regions.between(source, begins.start_point.row + 1, ends[0].end_point.row + 1)
    if region is None or edit.enclosing(begins, regions.BLOCKS) != region.block:
        return None
    words = Words(begin=f"{NAME}(async () => {{", end=f"}}, () => {source.of(back)});", edits=())
    bodies = (each for each in one_transaction.bodies(region) if each.region.end == region.end)
    body = next((each for each in bodies if one_transaction.fits(ground, each)), None)
    if body is None or not all(lets_errors_through(source, each) for each in region.statements):
        return None
    return _Again(edits=tuple(one_transaction.around(body, words)), rolls_back=True)
