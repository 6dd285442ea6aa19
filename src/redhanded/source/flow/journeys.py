"""Paths as trees: functions in functions, across queues, down to what the database refuses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from redhanded.case.evidence import Location
from redhanded.case.journey import Access, Hop, HopKind, TableUse
from redhanded.source.flow.effects import Effect
from redhanded.source.flow.events import Event, Path
from redhanded.source.flow.schema import Schema, Table, Unique
from redhanded.source.flow.telling import READS, WRITES, marks, said
from redhanded.source.flow.ways import is_for_another

KINDS: dict[str, HopKind] = {
    **dict.fromkeys(("read",), "read"),
    **dict.fromkeys(("insert", "update", "delete", "upsert", "find-or-create", "save"), "write"),
    "statement": "statement",
    **dict.fromkeys(("begin", "commit", "rollback"), "transaction"),
    **dict.fromkeys(
        ("get", "set", "increment", "remove", "expire", "script", "push", "pop", "watch"), "key"
    ),
    **dict.fromkeys(("acquire", "release", "extend"), "lock"),
    **dict.fromkeys(("enqueue", "publish"), "enqueue"),
    "send": "send",
}
"""Effects that are drawn; sources of values and answers are not."""
NAMED_MAX = 4
"""Unresolved calls that are named where several follow one another."""
_PARAMETER = re.compile(r":\w+|\{[^}]*\}|<[^>]*>|\[[^\]]*\]|\(\?P?<[^)]*\)|\*+")


def matching(wanted: str, paths: Sequence[Path]) -> tuple[int, ...]:
    """The paths whose entry is meant: by its whole name, parameters whatever they are called; else
    by a part of it."""
    exact = [place for place, one in enumerate(paths) if _same(wanted, one.entry.name)]
    if exact:
        return tuple(exact)
    low = wanted.lower()
    return tuple(place for place, one in enumerate(paths) if low in one.entry.name.lower())


def _same(wanted: str, name: str) -> bool:
    if wanted.lower() == name.lower():
        return True
    pattern = "".join(
        "[^/]+" if _PARAMETER.fullmatch(part) else re.escape(part)
        for part in re.split(f"({_PARAMETER.pattern})", name)
    )
    return re.fullmatch(pattern.replace("(?P", "(?:"), wanted, re.IGNORECASE) is not None


def tree(paths: Sequence[Path], place: int, schema: Schema) -> Hop:
    """Everything that can happen from an entry on."""
    return _tree(paths, place, schema, ())


def _tree(
    paths: Sequence[Path],
    place: int,
    schema: Schema,
    seen: tuple[int, ...],
    job: str | None = None,
) -> Hop:
    """``job``: the name of the job that is taken, where the path begins with one."""
    path = paths[place]
    top = _Node(hop=Hop(kind="entry", says=_entry(path), location=path.entry.location))
    jobs: dict[int, list[int]] = {}
    for handover in path.jobs:
        jobs.setdefault(handover.event, []).append(handover.entry)
    for event in path.events:
        hop = _hop(event, path, schema)
        if hop is None or is_for_another(event, job):
            continue
        taken = [one for one in jobs.get(event.number, []) if 0 <= one < len(paths)]
        named = event.effect.job if event.effect is not None else None
        below = [_job(paths, one, schema, (*seen, place), named) for one in taken]
        if hop.kind == "enqueue" and not below:
            below = [Hop(kind="unresolved", says="who takes it is not known")]
        _under(top, event).children.append(_Node(hop=replace(hop, hops=(*hop.hops, *below))))
    ends = [_Node(hop=Hop(kind="limit", says=one)) for one in path.limits]
    top.children += ends
    return top.made()


def _job(
    paths: Sequence[Path], place: int, schema: Schema, seen: tuple[int, ...], job: str | None
) -> Hop:
    entry = paths[place].entry
    if place in seen:
        says = f"{entry.name} (drawn above)"
        return Hop(kind="job", says=says, location=entry.location)
    return replace(_tree(paths, place, schema, seen, job), kind="job")


def _entry(path: Path) -> str:
    entry = path.entry
    sender = {"": "", "signed": " (signed webhook)"}.get(
        entry.webhook, f" (webhook of {entry.webhook})"
    )
    caller = " (called by nothing that was read)" if entry.kind == "function" else ""
    return f"{entry.name}{sender}{caller}"


def _hop(event: Event, path: Path, schema: Schema) -> Hop | None:
    effect = event.effect
    if effect is None:
        if event.is_resolved:
            return None
        return Hop(kind="unresolved", says=f"{event.callee}(…)", location=event.location)
    kind = KINDS.get(effect.kind)
    if kind is None or effect.store == "process":
        return None
    return Hop(
        kind=kind,
        says=said(effect),
        location=event.location,
        marks=marks(event, path.events),
        hops=_constraints(effect, schema) if effect.kind in WRITES else (),
    )


def _constraints(effect: Effect, schema: Schema) -> tuple[Hop, ...]:
    """What the database refuses of what is added."""
    table = schema.table(effect.subject) or schema.table(effect.model)
    if table is None or effect.kind not in ("insert", "upsert", "find-or-create", "save"):
        return ()
    written = frozenset(effect.values) | frozenset(effect.where)
    about = [one for one in table.uniques if not written or written & frozenset(one.columns)]
    if about or not table.is_complete:
        return tuple(_unique(table, one) for one in about)
    names = ", ".join(sorted(written - {"?"})[:4])
    says = f"no unique constraint of {table.name} is on {names}" if names else ""
    return (Hop(kind="constraint", says=says, location=table.location),) if says else ()


def constraints(table: Table) -> tuple[Hop, ...]:
    """Unique constraints and checks of a table, and where each is said."""
    checks = (Hop(kind="constraint", says=f"CHECK {text}") for text in table.checks)
    return (*(_unique(table, one) for one in table.uniques), *checks)


def _unique(table: Table, one: Unique) -> Hop:
    word = "PRIMARY KEY" if one.is_primary else "UNIQUE"
    where = f" WHERE {one.where}" if one.where else ""
    name = f" {one.name}" if one.name else ""
    return Hop(
        kind="constraint",
        says=f"{word} {table.name}({', '.join(one.columns)}){where}{name}",
        location=one.location,
        marks=(f"said by {' and '.join(one.said)}",) if one.said else (),
    )


@dataclass(slots=True)
class _Node:
    """A hop while its inside is put together."""

    hop: Hop
    key: tuple[object, ...] = ()
    children: list[_Node] = field(default_factory=list)

    def made(self) -> Hop:
        inside = tuple(_together([one.made() for one in self.children]))
        return replace(self.hop, hops=(*self.hop.hops, *inside))


def _together(hops: Sequence[Hop]) -> Iterator[Hop]:
    """Calls that could not be resolved and follow one another, as one hop that names them all."""
    for unresolved, group in groupby(hops, key=lambda one: one.kind == "unresolved"):
        if not unresolved:
            yield from group
            continue
        each = list(group)
        names = list(dict.fromkeys(one.says for one in each))
        more = f" and {len(names) - NAMED_MAX} more" if len(names) > NAMED_MAX else ""
        yield replace(each[0], says=", ".join(names[:NAMED_MAX]) + more)


def _under(top: _Node, event: Event) -> _Node:
    """The node of the function that an event happens in; made where it is not there yet."""
    node = top
    for depth, call in enumerate(event.stack):
        inner = event.stack[depth + 1] if depth + 1 < len(event.stack) else event.location
        key = (call.path, call.line, inner.path, inner.function)
        last = node.children[-1] if node.children else None
        if last is None or last.key != key:
            says = f"{inner.function}()" if inner.function else "a function without a name"
            last = _Node(hop=Hop(kind="call", says=says, location=call), key=key)
            node.children.append(last)
        node = last
    return node


def use_of(name: str, paths: Iterable[Path], schema: Schema) -> TableUse | None:
    """Everything that reads or writes a table; None for one that nothing knows."""
    table = schema.table(name)
    names = {name.lower()} | ({table.name.lower()} if table else set())
    names |= {one.lower() for one in table.models} if table else set()
    found: dict[tuple[Location, str], list[tuple[Path, Event]]] = {}
    for path in paths:
        for event in path.events:
            effect = event.effect
            if effect is None or effect.store != "database":
                continue
            if effect.kind not in READS | WRITES or not _about(effect, names):
                continue
            found.setdefault((event.location, said(effect)), []).append((path, event))
    if table is None and not found:
        return None
    return TableUse(
        table=table.name if table else name,
        location=table.location if table else None,
        constraints=constraints(table) if table else (),
        accesses=tuple(sorted(map(_access, found.values()), key=_order)),
    )


def _about(effect: Effect, names: set[str]) -> bool:
    return bool({(effect.subject or "").lower(), effect.model.lower()} & names)


def _access(ways: Sequence[tuple[Path, Event]]) -> Access:
    """A place, with what surrounds it: a lock that one caller takes does not hold for others."""
    event = ways[0][1]
    around = [marks(one, path.events) for path, one in ways]
    every = dict.fromkeys(mark for each in around for mark in each)
    effect = event.effect
    assert effect is not None
    return Access(
        kind="read" if effect.kind in READS else "write",
        says=said(effect),
        location=event.location,
        marks=tuple(
            mark if all(mark in each for each in around) else f"on some ways {mark}"
            for mark in every
        ),
        entries=tuple(dict.fromkeys(path.entry.name for path, _ in ways)),
    )


def _order(one: Access) -> tuple[object, ...]:
    return (one.kind != "write", one.location.path, one.location.line, one.says)
