"""The lab's word on what a rule raised: by the lines of the order that failed, never guessed."""

from __future__ import annotations

from dataclasses import replace

from stories import CODE, Story, reproduction

from redhanded.case.hypothesis import Hypothesis, RootLocation
from redhanded.case.reproduction import Counterfactual, Reproduction
from redhanded.case.schedule import Constraint, Schedule
from redhanded.hunt import suspect

SEAT = {"id": "7"}


def raised(mechanism: str, *lines: int, path: str = "seats.js") -> Hypothesis:
    places = tuple(RootLocation(path=path, line=line, role="write") for line in lines)
    return Hypothesis(
        mechanism=mechanism, title=mechanism, claim="so", rank=1, score=0.8, locations=places
    )


def two_updates(*, serially: bool = False) -> Story:
    story = Story()
    look = {"row": SEAT, "line": "seats.js:5 book"}
    write = {"row": SEAT, "line": "seats.js:9 book"}
    story.step(1, "SELECT", "seats", **look)  # type: ignore[arg-type]
    if serially:
        story.step(1, "UPDATE", "seats", **write)  # type: ignore[arg-type]
        story.step(2, "SELECT", "seats", **look)  # type: ignore[arg-type]
    else:
        story.step(2, "SELECT", "seats", **look)  # type: ignore[arg-type]
        story.step(1, "UPDATE", "seats", **write)  # type: ignore[arg-type]
    story.step(2, "UPDATE", "seats", **write)  # type: ignore[arg-type]
    return story


def caught() -> Reproduction:
    failing = two_updates()
    found = reproduction(failing, two_updates(serially=True))
    demanded = Constraint(before=failing.operations[1].name, after=failing.operations[2].name)
    return replace(found, schedule=Schedule(constraints=(demanded,), deliveries=2))


def judged(one: Hypothesis, found: Reproduction | None) -> Hypothesis:
    return suspect.judge((one,), found, None, CODE)[0]


def test_the_same_fault_at_the_same_lines_is_confirmed_and_blamed() -> None:
    one = judged(raised("read-modify-write", 9, 5), caught())
    assert one.verdict == "CONFIRMED" and "20 of 20 replays" in one.why
    cause = suspect.blame((one,), caught(), CODE)
    assert cause is not None and cause.mechanism == "read-modify-write"
    assert [(each.role, each.line) for each in cause.locations] == [("look-up", 5), ("write", 9)]
    assert "meanwhile" in cause.sentence  # the order that was measured


def test_other_lines_are_refuted_with_those_that_decide() -> None:
    one = judged(raised("read-modify-write", 70), caught())
    assert one.verdict == "REFUTED" and "seats.js:5" in one.why and "seats.js:9" in one.why
    measured = suspect.blame((one,), caught(), CODE)
    assert measured is not None and [each.line for each in measured.locations] == [5, 9]


def test_another_fault_at_the_same_lines_stays_undecided() -> None:
    one = judged(raised("opposite-lock-order", 9, 5), caught())
    assert one.verdict == "UNDECIDED" and "another fault" in one.why


def test_unknown_lines_decide_nothing() -> None:
    found = caught()
    assert found.run is not None
    bare = tuple(replace(each, location=None, stack=()) for each in found.run.operations)
    blind = replace(found, run=replace(found.run, operations=bare))
    assert judged(raised("read-modify-write", 70), blind).verdict == "UNDECIDED"
    assert judged(raised("read-modify-write", 5, 9), blind).verdict == "UNDECIDED"


def test_what_no_order_decides_and_what_is_not_replayed_stay_undecided() -> None:
    assert judged(raised("promise-not-awaited", 5, 9), caught()).verdict == "UNDECIDED"
    loose = replace(caught(), replays_failed=19)
    assert judged(raised("read-modify-write", 5, 9), loose).verdict == "UNDECIDED"
    flip = Counterfactual(runs=5, failures=2)
    assert (
        judged(
            raised("read-modify-write", 5, 9), replace(caught(), counterfactuals=(flip,))
        ).verdict
        == "UNDECIDED"
    )


def test_an_exhausted_search_without_a_failure_refutes_and_another_does_not() -> None:
    nothing = Reproduction(trials_to_first_failure=None, explored=40, bound="2 preemptions")
    one = raised("read-modify-write", 5, 9)
    assert judged(one, replace(nothing, exhausted=True)).verdict == "REFUTED"
    assert judged(one, nothing).verdict == "UNDECIDED"
    assert judged(one, None).verdict == "UNDECIDED"
