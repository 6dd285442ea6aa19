"""Paths that were read, and operations that were measured."""

from __future__ import annotations

from dataclasses import replace

from redhanded.case.evidence import Location
from redhanded.case.operation import Operation, OperationName, Protocol
from redhanded.source.flow.effects import Effect, EffectKind, Store
from redhanded.source.flow.events import Entry, Event, Path
from redhanded.source.flow.overlay import Met, overlay
from redhanded.source.flow.values import Unknown


def event(
    number: int, line: int, kind: EffectKind, store: Store = "database", *, end: int = 0
) -> Event:
    return Event(
        number=number,
        location=Location(path="shop.js", line=line),
        end_line=end or line,
        effect=Effect(kind=kind, store=store, library="x", verb=kind),
        callee=kind,
        result=Unknown(),
    )


def operation(
    index: int, line: int | None, *, file: str = "shop.js", protocol: Protocol = "postgres"
) -> Operation:
    name = OperationName(
        task="delivery 1",
        role="web",
        protocol=protocol,
        kind="SELECT",
        target="t",
        access="read",
    )
    inner = None if line is None else Location(path=file, line=line)
    return Operation(
        index=index,
        name=name,
        process="web.1",
        service="db",
        text="SELECT",
        fingerprint="SELECT",
        parent=None,
        location=inner,
        stack=(Location(path="shop.js", line=40),) if file != "shop.js" else (),
    )


def paths(*events: Event) -> list[Path]:
    entry = Entry(kind="route", name="GET /", location=Location(path="shop.js", line=1))
    return [Path(entry=entry, events=events)]


def test_what_met_what_did_not_run_and_what_was_not_seen() -> None:
    read = paths(
        event(0, 10, "read"),
        event(1, 20, "insert", end=24),
        event(2, 22, "read"),
        event(3, 30, "send", "network"),
        event(4, 31, "clock", "process"),
        event(5, 32, "respond", "network"),
    )
    ran = [
        operation(0, None, protocol="delivery"),
        operation(1, 10),
        operation(2, 10),
        operation(3, 23),
        operation(4, 22),
        operation(5, 50),
        operation(6, None),
    ]
    found = overlay(read, ran)
    assert found.met == (
        Met(path=0, event=0, operations=(1, 2)),
        Met(path=0, event=1, operations=(3,)),
        Met(path=0, event=2, operations=(4,)),
    )
    assert found.seen_idle == ((0, 3),)
    assert found.ran_unseen == (5,)
    assert found.without_line == (6,)


def test_a_library_of_the_program_is_found_by_its_caller() -> None:
    read = paths(event(0, 40, "read"))
    ran = [operation(0, 7, file="vendored/driver.js")]
    assert overlay(read, ran, ["shop.js"]).met == (Met(path=0, event=0, operations=(0,)),)
    elsewhere = overlay(read, [operation(0, 7, file="vendored/driver.js")], ["other.js"])
    assert elsewhere.without_line == (0,)


def test_nothing_ran() -> None:
    found = overlay(paths(event(0, 10, "read")), [])
    assert found.met == ()
    assert found.seen_idle == ((0, 0),)


def test_a_row_that_is_flushed_later_meets_the_line_that_added_it() -> None:
    sent = replace(operation(0, 30), name=replace(operation(0, 30).name, kind="INSERT", target="t"))
    for library, met in (("sqlalchemy", True), ("pg", False)):
        added = event(0, 10, "insert")
        assert added.effect is not None
        added = replace(added, effect=replace(added.effect, library=library, subject="t"))
        found = overlay(paths(added), [sent])
        assert bool(found.met) is met and bool(found.ran_unseen) is not met
        assert bool(found.seen_idle) is not met
    other = replace(sent, name=replace(sent.name, target="u"))
    assert overlay(paths(added), [other]).ran_unseen == (0,)
