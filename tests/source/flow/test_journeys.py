"""Paths drawn as trees, and everything that touches a table."""

from __future__ import annotations

import pytest

from redhanded.case.evidence import Location
from redhanded.case.journey import Hop
from redhanded.source.flow.effects import Effect
from redhanded.source.flow.events import (
    Catcher,
    Entry,
    Event,
    Guard,
    Handover,
    Path,
    Transaction,
)
from redhanded.source.flow.journeys import matching, tree, use_of
from redhanded.source.flow.schema import Schema, Table, Unique
from redhanded.source.flow.values import Computed, Input, Known, Result, Stored, Unknown


def at(line: int, function: str = "book", path: str = "seats.js") -> Location:
    return Location(path=path, line=line, function=function)


def event(number: int, effect: Effect | None, place: Location, **more: object) -> Event:
    return Event(
        number=number,
        location=place,
        end_line=place.line,
        effect=effect,
        callee="thing.call",
        result=Result(number),
        **more,  # type: ignore[arg-type]
    )


def rows(kind: str, **more: object) -> Effect:
    made = {"store": "database", "library": "x", "verb": kind, "subject": "seats"}
    return Effect(kind=kind, **(made | more))  # type: ignore[arg-type]


UNKNOWN = Unknown("x")
READ = rows("read", where={"number": UNKNOWN})
INSERT = rows("insert", values={"number": UNKNOWN, "who": UNKNOWN})
UNIQUE = Unique(columns=("number",), said=("migration",), location=at(3, path="m.sql"), name="uq")
OTHER = Unique(columns=("id",), said=("model",), location=None, is_primary=True)
SCHEMA = Schema(
    tables={"seats": Table(name="seats", uniques=(OTHER, UNIQUE), models=("Seat",))},
    has_migrations=True,
)


def route(name: str = "POST /seats/:id", *events: Event, **more: object) -> Path:
    entry = Entry(kind="route", name=name, location=at(1, path="app.js"))
    return Path(entry=entry, events=events, **more)  # type: ignore[arg-type]


def drawn(hop: Hop, depth: int = 0) -> list[str]:
    marks = f" ({'; '.join(hop.marks)})" if hop.marks else ""
    place = f" {hop.location}" if hop.location else ""
    below = [line for inner in hop.hops for line in drawn(inner, depth + 1)]
    return [f"{'  ' * depth}{hop.kind}: {hop.says}{place}{marks}", *below]


def test_functions_in_functions_down_to_the_constraint() -> None:
    call = Location(path="app.js", line=2, function="handler")
    inner = at(5, "book")
    paths = [
        route(
            "POST /seats",
            event(0, READ, at(4), stack=(call,)),
            event(1, None, at(5), stack=(call,), is_resolved=False),
            event(2, INSERT, at(9, "add"), stack=(call, inner)),
            event(3, None, at(6), stack=(call,)),
        )
    ]
    assert drawn(tree(paths, 0, SCHEMA)) == [
        "entry: POST /seats app.js:1",
        "  call: book() app.js:2",
        "    read: SELECT FROM seats WHERE number seats.js:4",
        "    unresolved: thing.call(…) seats.js:5",
        "    call: add() seats.js:5",
        "      write: INSERT INTO seats (number, who) seats.js:9",
        "        constraint: UNIQUE seats(number) uq m.sql:3 (said by migration)",
    ]


def test_a_table_without_a_constraint_on_what_is_written_says_so() -> None:
    schema = Schema(tables={"seats": Table(name="seats", uniques=(OTHER,))}, has_migrations=True)
    paths = [route("POST /seats", event(0, INSERT, at(4)))]
    last = drawn(tree(paths, 0, schema))[-1].strip()
    assert last == "constraint: no unique constraint of seats is on number, who"
    incomplete = Table(name="seats", is_complete=False)
    unsure = Schema(tables={"seats": incomplete}, has_migrations=True)
    assert "constraint" not in drawn(tree(paths, 0, unsure))[-1]


def test_across_the_queue_and_no_further_than_a_circle() -> None:
    add = Effect(
        kind="enqueue", store="queue", library="bullmq", verb="add", subject="mail", job="go"
    )
    job = Path(
        entry=Entry(kind="job", name="mail:go", location=at(1, path="worker.js")),
        events=(event(0, INSERT, at(2, "work")), event(1, add, at(3, "work"))),
        jobs=(Handover(event=1, entry=1),),
    )
    start = route("POST /x", event(0, add, at(4)), jobs=(Handover(event=0, entry=1),))
    assert drawn(tree([start, job], 0, Schema(tables={}, has_migrations=False))) == [
        "entry: POST /x app.js:1",
        "  enqueue: queue a job 'go' on mail seats.js:4",
        "    job: mail:go worker.js:1",
        "      write: INSERT INTO seats (number, who) seats.js:2",
        "      enqueue: queue a job 'go' on mail seats.js:3",
        "        job: mail:go (drawn above) worker.js:1",
    ]
    alone = route("POST /x", event(0, add, at(4)))
    assert drawn(tree([alone], 0, SCHEMA))[-1].strip() == "unresolved: who takes it is not known"


def test_only_what_happens_for_a_job_of_that_name() -> None:
    def named(job: str) -> Effect:
        return Effect(
            kind="enqueue", store="queue", library="bullmq", verb="add", subject="mail", job=job
        )

    asked = Computed("===", (Input("job", ("name",)), Known("go")))
    guards = [Guard(test=asked, holds=holds, location=at(1, "work")) for holds in (True, False)]
    job = Path(
        entry=Entry(kind="job", name="mail:*", location=at(1, path="worker.js")),
        events=(
            event(0, INSERT, at(2, "work"), guards=tuple(guards[:1])),
            event(1, READ, at(3, "work"), guards=tuple(guards[1:])),
        ),
    )
    for name, kind in (("go", "write"), ("stop", "read")):
        start = route("POST /x", event(0, named(name), at(4)), jobs=(Handover(event=0, entry=1),))
        lines = drawn(tree([start, job], 0, Schema(tables={}, has_migrations=False)))
        assert [line.strip().partition(":")[0] for line in lines[2:]] == ["job", kind]


def test_what_surrounds_an_event() -> None:
    transaction = Transaction(number=0, isolation="serializable")
    acquire = Effect(
        kind="acquire", store="keys", library="x", verb="SET", subject="seat:*", expiry_s=5
    )
    guard = Guard(test=UNKNOWN, holds=True, location=at(3))
    catcher = Catcher(types=("X",), tests=(), outcome="tries again", location=at(9))
    path = route(
        "POST /x",
        event(0, acquire, at(2)),
        event(1, rows("read", lock="update"), at(3), transaction=transaction),
        event(
            2,
            rows("update", values={"free": Stored("free - 1")}),
            at(4),
            transaction=transaction,
            locks=(0, 1),
            guards=(guard,),
            catchers=(catcher,),
            in_loop=True,
            retried=True,
            awaited=False,
        ),
    )
    shown = tree([path], 0, SCHEMA).hops
    assert shown[0].says == "acquire the lock seat:* for 5 s"
    assert shown[1].marks == ("in a transaction (serializable)", "FOR UPDATE")
    assert shown[2].marks == (
        "in a transaction (serializable)",
        "under the lock seat:*",
        "under the row lock of seats.js:3",
        "computed by the database",
        "tried again in a loop",
        "not awaited",
        "under the condition at line 3",
        "X caught: tries again",
    )


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ("POST /seats/:id", ["POST /seats/:id"]),
        ("post /seats/17", ["POST /seats/:id"]),
        ("POST /rows/17", ["POST /rows/{row_id}"]),
        ("GET /app/a/b", ["GET /app/<int:x>/[y]"]),
        ("seats", ["POST /seats/:id", "GET /seats"]),
        ("GET /seats", ["GET /seats"]),
        ("mail", ["mail:go"]),
        ("POST /seat", ["POST /seats/:id"]),
        ("DELETE /seats", []),
    ],
)
def test_entries_by_name(wanted: str, names: list[str]) -> None:
    known = (
        "POST /seats/:id",
        "GET /seats",
        "POST /rows/{row_id}",
        "GET /app/<int:x>/[y]",
        "mail:go",
    )
    paths = [route(name) for name in known]
    assert [paths[place].entry.name for place in matching(wanted, paths)] == names


def test_everything_that_touches_a_table() -> None:
    transaction = Transaction(number=0)
    other = rows("read", subject="rows")
    by_model = rows("update", subject=None, model="Seat", values={"who": UNKNOWN})
    paths = [
        route("POST /a", event(0, INSERT, at(9), transaction=transaction), event(1, other, at(8))),
        route("POST /b", event(0, INSERT, at(9)), event(1, READ, at(4)), event(2, by_model, at(5))),
    ]
    use = use_of("SEATS".lower(), paths, SCHEMA)
    assert use is not None
    assert [(one.kind, one.says, one.location.line, one.entries) for one in use.accesses] == [
        ("write", "UPDATE Seat SET who", 5, ("POST /b",)),
        ("write", "INSERT INTO seats (number, who)", 9, ("POST /a", "POST /b")),
        ("read", "SELECT FROM seats WHERE number", 4, ("POST /b",)),
    ]
    assert use.accesses[1].marks == ("on some ways in a transaction",)
    assert [one.says for one in use.constraints] == [
        "PRIMARY KEY seats(id)",
        "UNIQUE seats(number) uq",
    ]
    by_name = use_of("Seat", paths, SCHEMA)
    assert by_name == use
    assert use_of("nothing", paths, SCHEMA) is None


def test_unresolved_calls_that_follow_one_another_are_one_line() -> None:
    calls = [event(number, None, at(number), is_resolved=False) for number in range(1, 4)]
    paths = [route("POST /x", *calls, event(9, INSERT, at(9)), event(10, None, at(10)))]
    assert [hop.says for hop in tree(paths, 0, SCHEMA).hops] == [
        "thing.call(…)",
        "INSERT INTO seats (number, who)",
    ]
