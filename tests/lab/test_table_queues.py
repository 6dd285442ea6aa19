"""Jobs that lie in a table of PostgreSQL: what is done with one is work of who inserted it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from small_systems import lay_out, letters, parcels

from redhanded.case.operation import Operation
from redhanded.case.run import Run
from redhanded.case.schedule import Schedule
from redhanded.case.system import Invariant, System
from redhanded.lab import Lab, open_lab
from redhanded.lab.isolation import Behaviour
from redhanded.lab.natural import run_naturally
from redhanded.lab.search import Search, search
from redhanded.lab.shrink import flip, shrink
from redhanded.lab.trial import names_of

BOTH_DONE = Invariant(name="both are done", sql="SELECT total FROM counted WHERE total <> 2")
IN_NODE = ("graphile-worker", "pg-boss")
LIBRARIES = (*IN_NODE, "procrastinate", "own", "asyncpg")
"""Workers are notified; look from time to time; are notified, and look in transactions; look from
time to time, in a table of the application's own; are notified, and prepare what they send."""


def system(library: str, folder: Path, node_packages: Path) -> System:
    if library in IN_NODE:
        return parcels(lay_out("parcels", folder, node_packages), library)
    return letters(lay_out("letters", folder), library)


@pytest.fixture(scope="module", params=LIBRARIES)
def lab(
    request: pytest.FixtureRequest, node_packages: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Lab]:
    folder = tmp_path_factory.mktemp("queue")
    with open_lab(system(request.param, folder, node_packages), folder=folder / "lab") as opened:
        yield opened


@pytest.fixture(scope="module")
def found(lab: Lab) -> Search:
    return search(lab, deliveries=2)


@pytest.fixture(scope="module")
def smallest(lab: Lab, found: Search) -> Schedule:
    assert found.schedule is not None
    return shrink(found.schedule, lab.follow)[0]


def of_jobs(run: Run) -> list[tuple[str, str, str]]:
    """What workers did with the tables of the application."""
    return [
        (name.task, name.kind, name.target)
        for name in names_of(run)
        if name.target in ("counted", "done")
    ]


def looks(run: Run) -> list[Operation]:
    """What handed out a job: housekeeping that led to work."""
    led = {each.parent for each in run.operations if each.name.task and not each.ambient}
    return [each for each in run.operations if each.ambient and each.index in led]


def test_a_trial_is_over_when_the_work_is_done_and_says_whose_it_was(lab: Lab) -> None:
    for _ in range(3):
        run = lab.serial()
        assert not run.failed
        assert of_jobs(run) == [
            (f"delivery {number}", kind, target)
            for number in (1, 2)
            for kind, target in (("SELECT", "counted"), ("UPDATE", "counted"), ("INSERT", "done"))
        ]


def test_a_serial_run_repeats_itself(lab: Lab) -> None:
    first, *others = [Behaviour.of(lab.serial()) for _ in range(6)]
    assert [first.difference(other) for other in others] == [""] * 5


def test_a_look_is_never_chosen_and_was_caused_by_who_inserted_the_job(lab: Lab) -> None:
    run = lab.serial()
    handed_out = looks(run)
    assert len(handed_out) == 2
    for number, look in enumerate(handed_out, 1):
        assert look.parent is not None
        inserted = run.operations[look.parent].name
        assert (inserted.task, inserted.access) == (f"delivery {number}", "write")
        assert inserted.role in ("web", "office") and not look.name.task


def test_looks_belong_to_nobody_also_right_after_a_job(lab: Lab) -> None:
    run = lab.serial()
    statements = {each.fingerprint for each in looks(run)}
    again = [each for each in run.operations if each.fingerprint in statements]
    assert len(again) >= 2 and all(each.ambient and not each.name.task for each in again)


def test_a_race_between_the_jobs_is_found(found: Search) -> None:
    assert found.schedule is not None and found.trials <= 20
    assert found.run is not None and "what is done is counted" in found.run.failures[0].text


def test_its_order_comes_again_and_the_other_way_round_passes(lab: Lab, smallest: Schedule) -> None:
    runs = [lab.follow(smallest) for _ in range(20)]
    assert [run.failed and run.followed.following == "followed" for run in runs] == [True] * 20
    assert smallest.constraints and smallest.deliveries == 2
    for place in range(len(smallest.constraints)):
        flipped, _ = flip(smallest, place)
        run = lab.follow(flipped)
        assert not run.failed and run.followed.following == "followed"


def test_a_natural_trial_waits_until_the_jobs_are_done(lab: Lab) -> None:
    before = lab.system
    lab.system = replace(before, invariants=(BOTH_DONE,))
    try:
        apart = run_naturally(
            lab, name="apart", trials=5, gaps_ms=(600.0,), per_second=None, seed=1
        )
    finally:
        lab.system = before
    assert (apart.trials, apart.failures) == (5, 0)


def test_new_processes_find_what_they_wrote_when_they_started(lab: Lab) -> None:
    lab.restart()
    assert [name for name, _, _ in of_jobs(lab.serial())] == ["delivery 1"] * 3 + ["delivery 2"] * 3
