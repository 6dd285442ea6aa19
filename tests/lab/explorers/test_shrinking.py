"""What is left of a failing run is nearly as small as it can be, and none of it can go."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simulator import LOST_UPDATE, PROGRAMS, Act, Laboratory, Program, every_state

from redhanded.case.run import Run
from redhanded.lab.explorers import Straight
from redhanded.lab.optimum import optimum
from redhanded.lab.search import Budget, search
from redhanded.lab.shrink import smallest

SIZE_MAX = 3
CROSSED: Program = ((Act("append", 0), Act("append", 1)),) * 2


def shrunk_and_best(lab: Laboratory, seed: int) -> tuple[int, int] | None:
    """Constraints after shrinking a run that random orders met, and the fewest there can be."""
    found = search(
        lab,
        deliveries=len(lab.program),
        budget=Budget(predictions=0, systematic=0, random=60),
        seed=seed,
    )
    if found.run is None or found.schedule is None:
        return None
    shrunk = smallest(found.schedule, lab.follow)
    assert shrunk.confirmed and lab.follow(shrunk.schedule).failed
    for constraint, runs, failures in shrunk.needed:
        assert runs >= 3 and failures == 0, constraint
    best = optimum(found.run, len(lab.program), lab.follow, SIZE_MAX)
    if best is None:
        return None
    return len(shrunk.schedule.constraints), len(best.constraints)


@settings(max_examples=40, deadline=None)
@given(program=PROGRAMS, data=st.data())
def test_what_is_left_cannot_be_shrunk_and_is_at_most_one_too_many(
    program: Program, data: st.DataObject
) -> None:
    state = data.draw(st.sampled_from(sorted(every_state(program, 2))))
    sizes = shrunk_and_best(Laboratory(program, lambda world: world.state() == state), seed=1)
    if sizes is not None:
        assert sizes[0] <= sizes[1] + 1


def test_over_many_programs_it_is_near_the_optimum() -> None:
    kinds = ("read", "add", "set", "append", "skip")
    programs = [
        tuple(tuple(Act(kinds[(number * 7 + task * 3 + place * 5) % 5], (number + place) % 2)
                    for place in range(4)) for task in range(2))
        for number in range(20)
    ]  # fmt: skip
    sizes = []
    for program in programs:
        for state in sorted(every_state(program, 2))[::3]:
            lab = Laboratory(program, lambda world, wanted=state: world.state() == wanted)
            pair = shrunk_and_best(lab, seed=2)
            if pair is not None and pair[1]:
                sizes.append(pair)
    assert len(sizes) >= 20
    assert sum(mine for mine, _ in sizes) <= 1.25 * sum(best for _, best in sizes)


def test_the_optimum_of_a_lost_update_is_one_constraint() -> None:
    lab = Laboratory(LOST_UPDATE, lambda world: world.cells[0] == 1)
    found = search(lab, deliveries=2)
    assert found.run is not None
    best = optimum(found.run, 2, lab.follow, SIZE_MAX)
    assert best is not None and len(best.constraints) == 1


def test_what_fails_in_any_order_has_the_empty_optimum() -> None:
    lab = Laboratory(CROSSED, lambda _world: True)
    run: Run = lab.play(Straight()).run
    best = optimum(run, 2, lab.follow, SIZE_MAX)
    assert best is not None and best.constraints == ()


def test_too_many_operations_are_refused() -> None:
    program: Program = (tuple(Act("add", 0) for _ in range(8)),) * 2
    run = Laboratory(program, lambda _world: True).play(Straight()).run
    with pytest.raises(ValueError, match="16 operations"):
        optimum(run, 2, Laboratory(program, lambda _world: True).follow, 1)
