"""Node projects as strangers lay them out: what ``init`` writes runs after a few edited lines."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from redhanded.actions.initialising import initialise
from redhanded.case.operation import Operation
from redhanded.case.run import Run
from redhanded.contract import read
from redhanded.lab import Lab, open_lab
from redhanded.lab.trial import names_of

LAYOUTS = Path(__file__).parent
EDITS_MAX = 3
SERIAL_RUNS = 5
ORDERS_MAX = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A project, what is edited after ``init``, and what its runs have to show."""

    folder: str
    edits: dict[str, str]
    """Line that ``init`` wrote to the one that replaces it."""
    more: tuple[str, ...] = ()
    """Lines that are added at the end."""
    write: tuple[str, str]
    """Kind and target of the operation at the end of the path from the request."""
    takes: str
    """How its workers take a job."""
    lines: dict[tuple[str, str], tuple[str, str]]
    """Kind and target to the file, and what stands on the line of it, that sends it."""
    failure: str
    """What the race does."""


NO_SYMPTOM = '# log = "a part of the error message"   # or give it with --symptom'
DUPLICATE = {NO_SYMPTOM: 'log = "duplicate key value"'}

MONOREPO = Layout(
    folder="ts_monorepo",
    edits=DUPLICATE,
    write=("UPDATE", "meters"),
    takes="BZPOPMIN",
    lines={
        ("SELECT", "meters"): ("packages/worker/src/meters.ts", "await pool.query<Meter>('SELECT"),
        ("INSERT", "readings"): ("packages/worker/src/storeReading.ts", "INSERT INTO readings"),
        ("EVALSHA", "readings"): ("packages/api/src/routes/readings.ts", "queue.add("),
    },
    failure="meters_serial_key",
)
COMPOSED = Layout(
    folder="compose_parts",
    edits={},
    more=(
        "[invariants]",
        'balances = "SELECT card FROM wallets JOIN bookings USING (card) GROUP BY card '
        'HAVING sum(cents) <> min(balance_cents)"',
    ),
    write=("UPDATE", "wallets"),
    takes="BRPOPLPUSH",
    lines={
        ("INSERT", "bookings"): ("src/services/booking.js", "db('bookings').insert"),
        ("DEL", "balance:"): ("src/cache.js", "client.del("),
        ("EVALSHA", "top-ups"): ("src/routes/top-ups.js", "queue.add("),
    },
    failure="balances",
)
NESTJS = Layout(
    folder="nestjs_bullmq",
    edits=DUPLICATE,
    write=("UPDATE", "member"),
    takes="BZPOPMIN",
    lines={
        ("SELECT", "member"): ("src/members/members.service.ts", "findOneBy({ badge })"),
        ("INSERT", "check_in"): ("src/check-ins/check-ins.service.ts", "this.checkIns.insert("),
        ("EVALSHA", "check-ins"): ("src/check-ins/check-ins.controller.ts", "this.queue.add("),
    },
    failure="UQ_member_badge",
)


@pytest.fixture(
    scope="module",
    params=[MONOREPO, COMPOSED, NESTJS],
    ids=lambda layout: layout.folder,
)
def layout(request: pytest.FixtureRequest) -> Layout:
    found: Layout = request.param
    return found


@pytest.fixture(scope="module")
def lab(layout: Layout, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    folder = tmp_path_factory.mktemp(layout.folder)
    root = folder / "project"
    shutil.copytree(LAYOUTS / layout.folder, root)
    path = initialise(root).path
    text = path.read_text()
    for old, new in layout.edits.items():
        assert text.count(f"{old}\n") == 1
        text = text.replace(old, new)
    path.write_text("\n".join([text, *layout.more]) + "\n")
    with open_lab(read(root), folder=folder / "lab") as opened:
        yield opened


def test_what_init_writes_runs_after_three_edited_lines_at_most(layout: Layout, lab: Lab) -> None:
    assert len(layout.edits) + len(layout.more) <= EDITS_MAX
    assert [program.process.replicas for program in lab.running.programs.values()] == [1, 2, 2]


def test_serial_runs_repeat_themselves(lab: Lab) -> None:
    runs = [lab.serial() for _ in range(SERIAL_RUNS)]
    assert {run.answers for run in runs} == {(202, 202)}
    assert all(run.quiescent and not run.egress and not run.failed for run in runs)
    first = names_of(runs[0])
    assert [names_of(run) for run in runs] == [first] * SERIAL_RUNS


def test_one_tree_of_causes_leads_from_the_write_to_the_request(layout: Layout, lab: Lab) -> None:
    run = lab.serial()
    for task in ("delivery 1", "delivery 2"):
        steps = chain(run, find(run, task, *layout.write))
        assert steps[0].startswith("worker ")
        assert steps[-1] == "outside POST"
        assert steps[-2].split() == [steps[-2].split()[0], "EVALSHA"]
        assert f"worker {layout.takes}" in steps


def test_operations_know_the_line_of_the_source(layout: Layout, lab: Lab) -> None:
    run = lab.serial()
    for operation, (path, text) in layout.lines.items():
        location = find(run, "delivery 1", *operation).location
        assert location is not None and location.path == path
        lines = (LAYOUTS / layout.folder / path).read_text().splitlines()
        assert text in lines[location.line - 1]


def test_exploring_two_deliveries_finds_the_race(layout: Layout, lab: Lab) -> None:
    seen: list[Run] = []

    def note(_number: int, run: Run) -> bool:
        seen.append(run)
        return True

    found = lab.explore(deliveries=2, bound=1, limit=ORDERS_MAX, on_run=note)
    assert found.exhausted and found.diverged == 0
    assert all(run.quiescent and not run.egress for run in seen)
    assert 0 < len(found.failing) < found.explored
    for run in found.failing:
        assert any(layout.failure in failure.text for failure in run.failures)


def find(run: Run, task: str, kind: str, target: str) -> Operation:
    """The first operation of a task with that kind and with ``target`` in what it works on."""
    return next(
        operation
        for operation in run.operations
        if operation.name.task == task
        and operation.name.kind.split()[0] == kind
        and target in f"{operation.name.kind} {operation.name.target}"
    )


def chain(run: Run, operation: Operation) -> list[str]:
    """Roles and kinds from ``operation`` back to what nothing caused."""
    steps = [f"{operation.name.role} {operation.name.kind.split()[0]}"]
    while operation.parent is not None:
        operation = run.operations[operation.parent]
        steps.append(f"{operation.name.role} {operation.name.kind.split()[0]}")
    return steps
