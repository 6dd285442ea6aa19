"""JavaScript: what is read and written back, in one transaction and with the row locked.

The statements from the read to the write become the body of a function that the library runs in a
transaction, in its own words (``transaction_words``). Each call that asks the database in it is
told of the transaction: one that is not would wait for the lock from outside, for ever.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from tree_sitter import Node

from redhanded.hunt.repair import locked_rows
from redhanded.hunt.repair import region as regions
from redhanded.hunt.repair.region import ANSWERS, Region
from redhanded.hunt.repair.remedy import Ground
from redhanded.hunt.repair.transaction_words import WAYS, Words
from redhanded.source import edit
from redhanded.source.edit import Edit

_GOES_ON, _LEFT = "goesOn", "answered"
_IN_ITS_WAY = frozenset(
    {"try_statement", "break_statement", "continue_statement", "yield_expression"}
)
"""What cannot stand in a function of its own; and an error of the database that is caught inside
would have ended the transaction already."""
_PATTERNS = {
    "pair_pattern": "value",
    "assignment_pattern": "left",
    "object_assignment_pattern": "left",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """The statements that are put into a function of their own."""

    region: Region
    flagged: bool
    """It may be left early, while what follows it stays where it is: a flag tells."""


def enclosed(
    ground: Ground, path: str, pairs: tuple[tuple[int, int], ...], table: str
) -> str | None:
    """The file with each read and write of ``pairs`` (their lines) in a transaction; None where
    that is not known to do no harm."""
    source = edit.read(ground.text(path), path)
    edits: list[Edit] = []
    helpers: dict[str, None] = {}
    for reads, region in regions.merged(source, pairs) or ():
        ways = (_enclosed(ground, body, reads, table) for body in bodies(region))
        found = next((each for each in ways if each is not None), None)
        if found is None:
            return None
        edits += found[0]
        helpers[found[1]] = None
    if not edits:
        return None
    end = len(source.data)
    text = "".join(f"\n{helper}" for helper in helpers if helper)
    return edit.apply(source, (*edits, Edit(start=end, end=end, text=text)))


def bodies(region: Region) -> Iterator[Body]:
    """What may be enclosed, the best first: all that follows, too, where the function is left."""
    body = region.function.child_by_field_name("body")
    leaves = next(region.nodes("return_statement"), None) is not None
    if not leaves:
        yield Body(region=region, flagged=False)
        return
    if body is not None and body.id == region.block.id:
        yield Body(region=region.to_the_end(), flagged=False)
    yield Body(region=region, flagged=True)


def _enclosed(
    ground: Ground, body: Body, reads: Iterable[int], table: str
) -> tuple[list[Edit], str] | None:
    """The edits, and the helper that they need."""
    whole = body.region
    source = whole.source
    if not fits(ground, body):
        return None
    looks = [
        locked_rows.access_at(ground.code.accesses, source.path, line, table) for line in reads
    ]
    asked = [each for each in ground.code.accesses if whole.holds(each.location)]
    way = WAYS.get(asked[0].library) if len({each.library for each in asked}) == 1 else None
    first = looks[0]
    words = (
        way(whole, first.location.line, asked) if way is not None and first is not None else None
    )
    if words is None:
        return None
    further = f"\n{source.indent_unit}"
    locks = []
    for line in reads:
        lock = locked_rows.edits(ground, source, line, table, transaction="tx")
        locks += [
            each
            if regions.in_text(whole, each.start)
            else replace(each, text=each.text.replace("\n", further))
            for each in lock
        ]
        if not lock:
            return None
    inside = _merged(locks, words.edits)
    told = [each.start for each in inside]
    awaited = all(
        any(each.start_byte <= at <= each.end_byte for at in told)
        for each in whole.nodes("await_expression")
    )
    beyond = any(not whole.start <= at <= whole.end for at in told)
    if beyond or not awaited:
        return None
    return [*inside, *around(body, words)], words.helper


def fits(ground: Ground, body: Body) -> bool:
    """Whether they can stand in one, and nothing is answered or queued in it too early."""
    whole = body.region
    source = whole.source
    answers = _answers(whole)
    names, _ = _names_of(whole)
    if body.flagged:
        taken = {_GOES_ON, _LEFT} & edit.identifiers(source, whole.function)
        if names or taken or (answers and not _only_answers(whole)):
            return False
    elif answers:
        return False
    head = source.data[whole.function.start_byte : whole.block.start_byte].decode()
    asynchronous = re.search(r"\basync\b", head) is not None
    in_its_way = next(whole.nodes(*_IN_ITS_WAY), None) is not None
    known = edit.is_untyped(source.path) or not _rests_on_types(whole)
    return asynchronous and known and not in_its_way and not regions.queues(ground, whole)


def _rests_on_types(whole: Region) -> bool:
    """Whether TypeScript would have to know in the function what a condition before it has shown,
    or after it what was set in it: it does not."""
    source = whole.source
    shown = {
        source.of(member)
        for each in edit.walk(whole.function)
        if each.type == "if_statement" and each.start_byte < whole.start
        if (condition := each.child_by_field_name("condition")) is not None
        for member in edit.walk(condition)
        if member.type == "member_expression"
    }
    used = {source.of(each) for each in whole.nodes("member_expression")}
    assigned = {
        source.of(left)
        for each in whole.nodes("assignment_expression", "augmented_assignment_expression")
        if (left := each.child_by_field_name("left")) is not None and left.type == "identifier"
    }
    later = {name for each in whole.rest for name in edit.identifiers(source, each)}
    return bool(shown & used or assigned & later)


def _answers(region: Region) -> list[Node]:
    """Calls that send an answer, which would be before the COMMIT."""
    calls = region.nodes("call_expression")
    return [each for each in calls if edit.callee(region.source, each)[1] in ANSWERS]


def _only_answers(region: Region) -> bool:
    """Whether answers are sent only instead of going on: nothing is written then that the answer
    could be too early for."""
    leaves, answers = tuple(region.nodes("return_statement")), _answers(region)
    branches = [edit.enclosing(each, ("if_statement",)) for each in answers]
    return all(
        each is not None and each.start_byte >= region.start and _one_of(leaves, each)
        for each in branches
    )


def _one_of(nodes: Iterable[Node], branch: Node) -> bool:
    return any(
        branch.start_byte <= each.start_byte and each.end_byte <= branch.end_byte for each in nodes
    )


def _merged(lock: list[Edit], told: tuple[Edit, ...]) -> list[Edit]:
    """Options that two edits would add to one call are one."""
    at = {each.start for each in told if each.text.endswith("{ transaction }")}
    both = [
        replace(each, text=each.text.replace("{ ", "{ transaction, ", 1))
        if each.start in at
        else each
        for each in lock
    ]
    starts = {each.start for each in lock if each.start in at}
    return [*both, *(each for each in told if each.start not in starts)]


def around(body: Body, words: Words) -> list[Edit]:
    """The words before and after, and what the rest of the block needs of what is inside."""
    whole = body.region
    source = whole.source
    pad, more = source.indent(whole.start), source.indent_unit
    names, kind = _names_of(whole)
    leaves = next(whole.nodes("return_statement"), None) is not None
    before, after, last = "return " if leaves else "await ", "", ""
    if body.flagged:
        before = f"let {_GOES_ON} = false;\n{pad}const {_LEFT} = await "
        after = f"{pad}{more}{_GOES_ON} = true;\n"
        last = f"\n{pad}if (!{_GOES_ON}) return {_LEFT};"
    elif names:
        bound = names[0] if len(names) == 1 else f"{{ {', '.join(names)} }}"
        before, after = f"{kind} {bound} = await ", f"{pad}{more}return {bound};\n"
    return [
        Edit(start=whole.start, end=whole.start, text=f"{before}{words.begin}\n{pad}{more}"),
        *regions.further_in(whole),
        Edit(start=whole.end, end=whole.end, text=f"\n{after}{pad}{words.end}{last}"),
    ]


def _names_of(region: Region) -> tuple[list[str], str]:
    """Names that its statements declare and the rest of the block uses, and how to declare them."""
    source = region.source
    used = {name for each in region.rest for name in edit.identifiers(source, each)}
    found: dict[str, str] = {}
    for statement in region.statements:
        if statement.type not in ("lexical_declaration", "variable_declaration"):
            continue
        kind = "const" if source.of(statement).startswith("const") else "let"
        for declarator in statement.named_children:
            name = declarator.child_by_field_name("name")
            for each in _bound(name) if name is not None else ():
                if source.of(each) in used:
                    found[source.of(each)] = kind
    return sorted(found), "const" if set(found.values()) <= {"const"} else "let"


def _bound(pattern: Node) -> Iterator[Node]:
    """The names that a pattern binds, without what its defaults and keys are made of."""
    if pattern.type in ("identifier", "shorthand_property_identifier_pattern"):
        yield pattern
        return
    part = _PATTERNS.get(pattern.type)
    inner = pattern.child_by_field_name(part) if part is not None else None
    for each in (inner,) if inner is not None else pattern.named_children:
        yield from _bound(each)
