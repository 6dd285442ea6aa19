"""The smallest schedule that still fails, and schedules with one constraint turned round."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from made import name, operation

from redhanded.case.run import Failure, Run
from redhanded.case.schedule import Constraint, Followed, Schedule
from redhanded.lab.shrink import flip, shrink
from redhanded.lab.witness import pairs

A, B, C, D = (name(number, "INSERT") for number in range(1, 5))
NEEDED = Constraint(before=A, after=B)
SPARE = Constraint(before=C, after=D)


def follower(fails: Callable[[Schedule], bool], following: bool = True) -> Callable[..., Run]:
    """Follows schedules; ``fails`` says which of them fail."""

    def follow(schedule: Schedule) -> Run:
        failures = (Failure(kind="symptom", text="it failed"),) if fails(schedule) else ()
        word = Followed(following="followed" if following else "infeasible")
        return Run(failures=failures, followed=word)

    return follow


def test_only_what_is_needed_is_left() -> None:
    schedule = Schedule(constraints=(SPARE, NEEDED, SPARE.flipped()), deliveries=4)
    smallest, runs = shrink(
        schedule, follower(lambda tried: NEEDED in tried.constraints and tried.deliveries >= 2)
    )
    assert smallest == Schedule(constraints=(NEEDED,), deliveries=2)
    assert runs > 3


def test_constraints_that_need_each_other_stay() -> None:
    schedule = Schedule(constraints=(NEEDED, SPARE), deliveries=1)
    smallest, _ = shrink(schedule, follower(lambda tried: len(tried.constraints) == 2))
    assert smallest == schedule


def test_a_schedule_that_cannot_be_followed_is_not_smaller() -> None:
    schedule = Schedule(constraints=(NEEDED, SPARE), deliveries=2)
    smallest, _ = shrink(schedule, follower(lambda _tried: True, following=False))
    assert smallest == schedule


def test_runs_that_failed_before_are_not_done_again() -> None:
    schedule = Schedule(constraints=(NEEDED, SPARE), deliveries=1)
    follow = follower(lambda tried: NEEDED in tried.constraints)
    anew, runs = shrink(schedule, follow)
    known, fewer = shrink(schedule, follow, failed=5)
    assert anew == known == Schedule(constraints=(NEEDED,), deliveries=1)
    assert fewer == runs - 3


def test_fewer_constraints_are_looked_for_whether_or_not_it_was_run_before() -> None:
    """Each alone is not enough, both are; one other pair of the failing run would do as well."""
    run = Run(operations=(operation(1, A), operation(2, B), operation(3, C)))
    other = pairs(run)[-1]

    def follow(schedule: Schedule) -> Run:
        fails = other in schedule.constraints or len(schedule.constraints) == 2
        failures = (Failure(kind="symptom", text="it failed"),) if fails else ()
        return replace(run, failures=failures, followed=Followed(following="followed"))

    schedule = Schedule(constraints=(NEEDED, SPARE), deliveries=1)
    for failed in (0, 5):
        assert shrink(schedule, follow, failed=failed)[0].constraints == (other,)


def test_a_failure_that_needs_no_order_shrinks_to_none() -> None:
    smallest, _ = shrink(
        Schedule(constraints=(NEEDED, SPARE), deliveries=3), follower(lambda _tried: True)
    )
    assert smallest == Schedule(constraints=(), deliveries=1)


def test_a_flip_turns_one_round_and_keeps_the_others() -> None:
    schedule = Schedule(constraints=(NEEDED, SPARE), deliveries=2)
    flipped, dropped = flip(schedule, 0)
    assert flipped.constraints == (Constraint(before=B, after=A), SPARE)
    assert flipped.deliveries == 2 and dropped == ()


def test_what_contradicts_a_flip_is_dropped_and_listed() -> None:
    chain = (
        Constraint(before=A, after=C),
        Constraint(before=A, after=B),
        Constraint(before=B, after=C),
    )
    flipped, dropped = flip(Schedule(constraints=chain), 0)
    assert flipped.constraints == (Constraint(before=C, after=A), chain[1])
    assert dropped == (chain[2],)


def test_no_more_is_dropped_than_has_to_be() -> None:
    """The last constraint has nothing to do with the cycle and stays."""
    around = (Constraint(before=A, after=B), Constraint(before=A, after=B), SPARE)
    flipped, dropped = flip(Schedule(constraints=around), 0)
    assert dropped == (around[1],)
    assert flipped.constraints == (Constraint(before=B, after=A), SPARE)
