from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import sample

from redhanded.case.case import Case
from redhanded.case.hypothesis import RootLocation
from redhanded.case.run import Run
from redhanded.case.schedule import Event, Schedule
from redhanded.report import order, sequence
from redhanded.report.snippets import cut


def _case() -> Case:
    return sample.case(Path("/srv/seats"))


def _run(case: Case) -> Run:
    assert case.reproduction is not None
    assert case.reproduction.run is not None
    return case.reproduction.run


def test_every_operation_is_shown_or_counted() -> None:
    case = _case()
    run = _run(case)
    laid = sequence.lay_out(run, case.reproduction.schedule if case.reproduction else None)
    shown = [operation.index for step in laid.steps for operation in step.operations]
    assert shown == list(range(len(run.operations)))
    assert laid.hidden == sum(len(step.operations) for step in laid.steps if step.folded) > 0


def test_the_constraint_and_the_failure_are_marked() -> None:
    case = _case()
    assert case.reproduction is not None
    laid = sequence.lay_out(_run(case), case.reproduction.schedule)
    marked = {step.operation.index: step.marks[0].first for step in laid.steps if step.marks}
    assert marked == {6: True, 14: False}
    assert [step.operation.index for step in laid.steps if step.failed] == [17]


def test_the_passing_run_shows_the_pair_the_other_way_round() -> None:
    case = _case()
    assert case.reproduction is not None
    assert case.reproduction.passing is not None
    laid = sequence.lay_out(case.reproduction.passing, case.reproduction.schedule)
    ((first, then),) = order.constraints_in_words(laid)
    assert first.operation.name.kind == "COMMIT"
    assert then.operation.name.kind == "SELECT"


def test_deliveries_may_be_exchanged() -> None:
    case = _case()
    assert case.reproduction is not None
    other = {"delivery 1": "delivery 2", "delivery 2": "delivery 1"}
    exchanged = replace(
        _run(case),
        operations=tuple(
            replace(o, name=replace(o.name, task=other[o.name.task])) for o in _run(case).operations
        ),
    )
    laid = sequence.lay_out(exchanged, case.reproduction.schedule)
    assert [step.operation.index for step in laid.steps if step.marks] == [6, 14]
    assert order.exchanged(laid)
    assert not order.exchanged(sequence.lay_out(_run(case), case.reproduction.schedule))


def test_what_is_essential_is_shorter_and_counts_the_rest() -> None:
    case = _case()
    assert case.reproduction is not None
    run, schedule = _run(case), case.reproduction.schedule
    lines = order.in_columns(run, schedule, essential=True)
    assert len(lines) < len(order.in_columns(run, schedule))
    shown = sum(
        len(line) > 8 and line[8:].lstrip().split()[0] in ("POST", "api", "worker.1", "worker.2")
        for line in lines
    )
    assert f"({len(run.operations) - shown} more operations are in the report)" in lines[-1]
    assert any(line.startswith("FAILS") for line in lines)


def test_what_an_event_happens_to_is_essential() -> None:
    case = _case()
    run = replace(_run(case), failures=())
    calm = replace(run, operations=tuple(replace(each, failure=None) for each in run.operations))
    insert = next(each for each in calm.operations if each.name.kind == "INSERT")
    killed = Event(kind="process killed", at=insert.name)
    without = order.in_columns(calm, Schedule(), essential=True)
    shown = order.in_columns(calm, Schedule(events=(killed,)), essential=True)
    assert not any("INSERT" in line for line in without)
    assert any("INSERT" in line for line in shown)


def test_lanes_stand_from_the_outside_to_the_services() -> None:
    laid = sequence.lay_out(_run(_case()), None)
    names = [lane.name for lane in laid.lanes]
    assert names == ["outside", "api", "worker.1", "worker.2", "db", "jobs", "tariffs"]


def test_the_order_in_columns_fits_the_terminal() -> None:
    case = _case()
    assert case.reproduction is not None
    lines = order.in_columns(_run(case), case.reproduction.schedule, width=80)
    assert max(map(len, lines)) <= 80
    marked = [line.split()[0:2] for line in lines if line[:1].isdigit()]
    assert marked == [["1", "first"], ["1", "then"]]
    assert lines[-2].startswith("FAILS")
    assert order.in_columns(Run(), None) == ()


def test_snippets_mark_lines_and_stay_inside_the_tree(tmp_path: Path) -> None:
    sample.lay_out(tmp_path)
    (tmp_path.parent / "outside.js").write_text("secret")
    snippets = cut(
        tmp_path,
        (
            RootLocation(path="src/api/reserve.js", line=5, role="look-up", text="const taken ="),
            RootLocation(path="src/api/reserve.js", line=7, role="enqueue", text="something else"),
            RootLocation(path="../outside.js", line=1, role="call"),
        ),
    )
    inside, outside = snippets
    roles = {line.number: line.roles for line in inside.lines if line.roles}
    assert roles == {5: ("look-up",), 7: ("enqueue (this line has changed since)",)}
    assert [line.number for line in inside.lines] == list(range(1, 12))
    assert outside.missing
    assert outside.lines[0].text == ""
