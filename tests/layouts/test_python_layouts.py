"""Two projects as strangers write them, run from ``redhanded init`` and at most three lines."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from redhanded.actions.initialising import initialise
from redhanded.case.operation import Operation
from redhanded.case.run import Run
from redhanded.contract import read
from redhanded.lab import Lab, open_lab
from redhanded.lab.predict import predict
from redhanded.lab.shrink import flip
from redhanded.lab.trial import names_of

LAYOUTS = Path(__file__).parent
EDITS_MAX = 3
SYMPTOM = (
    '# log = "a part of the error message"   # or give it with --symptom',
    'log = "duplicate key value violates unique constraint"',
)


@dataclass(frozen=True, kw_only=True)
class Layout:
    name: str
    edits: tuple[tuple[str, str], ...]
    """Lines of the guessed file, and what a person puts there."""
    table: str
    """Where the race shows."""
    kinds: tuple[str, ...]
    """From the INSERT up to the request, what each step must come by."""


DJANGO = Layout(
    name="django_celery",
    edits=(SYMPTOM,),
    table="visits_visit",
    kinds=("INSERT", "SELECT", "BRPOP", "LPUSH", "SELECT", "POST"),
)
FASTAPI = Layout(
    name="fastapi_rq",
    edits=(SYMPTOM,),
    table="parcels",
    kinds=("INSERT", "SELECT", "HGETALL", "BLMOVE", "MULTI", "SELECT", "POST"),
)


@contextmanager
def opened(layout: Layout, folder: Path) -> Iterator[Lab]:
    """A lab on a copy of a layout, made with ``init`` and its edits; ``python`` is this one's."""
    root = folder / layout.name
    shutil.copytree(LAYOUTS / layout.name, root, ignore=shutil.ignore_patterns("__pycache__"))
    with pytest.MonkeyPatch.context() as patch:
        programs = Path(sys.executable).parent
        patch.setenv("PATH", f"{programs}{os.pathsep}{os.environ.get('PATH', os.defpath)}")
        written = initialise(root).path
        text = written.read_text()
        for old, new in layout.edits:
            assert text.splitlines().count(old) == 1, f"init did not write the line {old!r}"
            text = text.replace(old, new)
        written.write_text(text)
        with open_lab(read(root), folder=folder / "lab") as lab:
            yield lab


@pytest.fixture(scope="module")
def django(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with opened(DJANGO, tmp_path_factory.mktemp("django")) as lab:
        yield lab


@pytest.fixture(scope="module")
def fastapi(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with opened(FASTAPI, tmp_path_factory.mktemp("fastapi")) as lab:
        yield lab


@pytest.mark.parametrize("layout", [DJANGO, FASTAPI], ids=lambda layout: layout.name)
def test_few_lines_are_edited(layout: Layout) -> None:
    assert len(layout.edits) <= EDITS_MAX
    assert all("\n" not in line for edit in layout.edits for line in edit)


def test_a_prefork_worker_repeats_itself(django: Lab) -> None:
    assert_repeats([django.serial() for _ in range(8)], (202, 200))


def test_a_worker_that_forks_for_each_job_repeats_itself(fastapi: Lab) -> None:
    assert_repeats([fastapi.serial() for _ in range(3)], (202, 202))


def test_the_django_booking_comes_from_its_request(django: Lab) -> None:
    assert_one_tree(django.serial(), DJANGO)


def test_the_fastapi_scan_comes_from_its_request(fastapi: Lab) -> None:
    assert_one_tree(fastapi.serial(), FASTAPI)


def test_every_order_of_the_django_project_is_tried(django: Lab) -> None:
    settled: list[bool] = []
    found = django.explore(
        deliveries=2, bound=1, limit=80, on_run=lambda _, run: settled.append(run.quiescent) is None
    )
    assert found.exhausted and found.diverged == 0
    assert len(settled) == found.explored and all(settled)
    assert 0 < len(found.failing) < found.explored
    for run in found.failing:
        assert DJANGO.table in run.failures[0].text


def test_a_search_finds_the_race_of_the_fastapi_project(fastapi: Lab) -> None:
    found = fastapi.explore(deliveries=2, bound=1, limit=20, stop_at_failure=True)
    assert found.diverged == 0
    (run,) = found.failing
    assert run.quiescent
    assert (run.failures[0].code, run.failures[0].table) == ("23505", FASTAPI.table)


@pytest.mark.parametrize("layout", [DJANGO, FASTAPI], ids=lambda layout: layout.name)
def test_the_predicted_order_fails_and_the_other_way_round_passes(
    layout: Layout, request: pytest.FixtureRequest
) -> None:
    lab: Lab = request.getfixturevalue(layout.name.partition("_")[0])
    best, *_ = predict(lab.serial(), tables=[layout.table], deliveries=2)
    runs = [lab.follow(best.schedule) for _ in range(2)]
    assert [(run.failed, run.followed.following) for run in runs] == [(True, "followed")] * 2
    assert all(run.quiescent for run in runs)
    other_way, _ = flip(best.schedule, 0)
    assert not lab.follow(other_way).failed


def assert_repeats(runs: list[Run], answers: tuple[int, ...]) -> None:
    assert all(run.quiescent and not run.failed and not run.egress for run in runs)
    assert {run.answers for run in runs} == {answers}
    assert [names_of(run) for run in runs] == [names_of(runs[0])] * len(runs)


def assert_one_tree(run: Run, layout: Layout) -> None:
    """The worker's INSERT leads up to the request, through the queue, within one delivery."""
    (insert,) = [
        each for each in run.operations if (each.name.kind, each.name.target) == wanted(layout)
    ]
    way = [insert, *above(insert, run)]
    assert {each.name.task for each in way} == {"delivery 1"}
    assert (way[0].name.role, way[-1].name.role) == ("worker", "outside")
    kinds = iter([each.name.kind for each in way])
    assert all(kind in kinds for kind in layout.kinds), f"{layout.kinds} in this order"


def wanted(layout: Layout) -> tuple[str, str]:
    return ("INSERT", layout.table)


def above(operation: Operation, run: Run) -> Iterator[Operation]:
    while operation.parent is not None:
        operation = run.operations[operation.parent]
        yield operation
