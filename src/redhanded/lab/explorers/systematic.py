"""All orders within a preemption bound, after reduction.

Dynamic partial-order reduction (Flanagan and Godefroid, POPL 2005): after each run, two dependent
operations of different tasks that nothing else orders are a race, and the point before the first
of them is revisited with the second one first. With a preemption bound that is not enough, because
the revisit itself may exceed the bound; like Coons, Musuvathi and McKinley (OOPSLA 2013) we also
revisit the last point at which the execution switched to the first operation's task. We use no
sleep sets: they are not sound together with a bound. Orders that turn out equal to an earlier one
are counted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from redhanded.case.run import Run
from redhanded.lab.dependence import dependent
from redhanded.lab.explorers import Candidate, Explorer, Step, Taken
from redhanded.lab.explorers.replay import Replay

TRIES = 3
"""Of an order that the system does not keep to, as on a busy machine."""
SELDOM = 20
"""A system that does not keep to more than one order in so many has choices that are not seen."""
Play = Callable[[Explorer], tuple[Run, tuple[Taken, ...]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exploration:
    """How far a search went."""

    explored: int
    """Orders that were run."""
    equivalent: int
    """Choices within the bound that were not run, because no dependent operation lies between."""
    exhausted: bool
    """Nothing within the bound is left."""
    bound: int
    failing: tuple[Run, ...] = ()
    diverged: int = 0
    """Orders that could not be run: repeating a prefix did not offer the same choices, or the
    system never came to rest, each of ``TRIES`` times."""
    repeated: int = 0
    """Runs that were made again for one of these reasons; if they are many, the search is not
    called exhausted."""


@dataclass(slots=True)
class Node:
    """A point of the current branch."""

    step: Step
    chosen: str
    preemptions: int
    """Before this choice."""
    tried: set[str] = field(default_factory=set)
    wanted: set[str] = field(default_factory=set)


def explore(
    play: Play,
    *,
    bound: int = 2,
    limit: int = 1000,
    stop_at_failure: bool = False,
    on_run: Callable[[int, Run], bool] | None = None,
) -> Exploration:
    """Runs every order with at most ``bound`` preemptions that may differ from those already run.

    Stops early after ``limit`` runs, at the first failure if asked to, or when ``on_run`` gives
    False; ``exhausted`` is false then.
    """
    branch: list[Node] = []
    prefix: list[str] = []
    failing: list[Run] = []
    explored, skipped, diverged, repeated = 0, 0, 0, 0

    def result(*, exhausted: bool) -> Exploration:
        return Exploration(
            explored=explored,
            equivalent=skipped,
            exhausted=exhausted,
            bound=bound,
            failing=tuple(failing),
            diverged=diverged,
            repeated=repeated,
        )

    while True:
        explorer, run, trace, again = _play_again(play, prefix)
        explored += 1
        repeated += again
        diverged += explorer.diverged or not run.quiescent
        if run.failed:
            failing.append(run)
        going_on = on_run is None or on_run(explored, run)
        if not explorer.diverged:
            # What came of another order than the one asked for says nothing about this branch.
            branch = _extend(branch, trace)
            _find_races(branch, trace)
        if explored >= limit or not going_on or (failing and stop_at_failure):
            return result(exhausted=False)
        found = _next(branch, bound)
        while found is None and branch:
            skipped += _never_wanted(branch.pop(), bound)
            found = _next(branch, bound)
        if found is None:
            often = repeated > max(1, explored // SELDOM)
            return result(exhausted=diverged == 0 and not often)
        for node in branch[found[0] + 1 :]:
            skipped += _never_wanted(node, bound)
        branch = branch[: found[0] + 1]
        branch[-1].chosen = found[1]
        branch[-1].tried.add(found[1])
        prefix = [node.chosen for node in branch]


def _play_again(play: Play, prefix: list[str]) -> tuple[Replay, Run, tuple[Taken, ...], int]:
    """One order; again if something else happened than was asked for. With how often again."""
    again = 0
    while True:
        explorer = Replay(prefix)
        run, trace = play(explorer)
        kept = run.failed or (not explorer.diverged and run.quiescent)
        if kept or again == TRIES - 1:
            return explorer, run, trace, again
        again += 1


def _extend(kept: list[Node], trace: tuple[Taken, ...]) -> list[Node]:
    """The branch of the run that was just made; known nodes keep what was tried at them."""
    branch = []
    preemptions = 0
    for place, taken in enumerate(trace):
        chosen = taken.step.candidates[taken.chosen]
        known = kept[place] if place < len(kept) else None
        if known is not None and known.chosen == chosen.identity:
            known.step, known.preemptions = taken.step, preemptions
            branch.append(known)
        else:
            kept = kept[:place]
            branch.append(
                Node(
                    step=taken.step,
                    chosen=chosen.identity,
                    preemptions=preemptions,
                    tried={chosen.identity},
                )
            )
        preemptions += _preempts(taken.step, chosen)
    return branch


def _next(branch: list[Node], bound: int) -> tuple[int, str] | None:
    """The deepest node with a choice left that the bound allows."""
    for place in range(len(branch) - 1, -1, -1):
        node = branch[place]
        for candidate in node.step.candidates:
            identity = candidate.identity
            if identity in node.wanted and identity not in node.tried:
                if node.preemptions + _preempts(node.step, candidate) <= bound:
                    return place, identity
                node.tried.add(identity)
    return None


def _never_wanted(node: Node, bound: int) -> int:
    return sum(
        1
        for candidate in node.step.candidates
        if candidate.identity not in node.tried
        and node.preemptions + _preempts(node.step, candidate) <= bound
    )


def _find_races(branch: list[Node], trace: tuple[Taken, ...]) -> None:
    """Adds to each node what has to be tried first there.

    A race is not looked at if a third task's operation lies between the two in the order of
    causes. One of the first task's own does not hide it: where that one makes the second possible
    (a worker that becomes free, a lock that is released), only the earlier pair can be turned.
    """
    chosen = [taken.step.candidates[taken.chosen] for taken in trace]
    freed_by = _freed_by(chosen)
    before = _happens_before(chosen, trace, freed_by)
    for later, candidate in enumerate(chosen):
        for earlier in range(later - 1, -1, -1):
            other = chosen[earlier]
            if other.name.task == candidate.name.task:
                continue
            if freed_by.get(later) != earlier and not dependent(other, candidate):
                continue
            if any(
                earlier in before[middle]
                and middle in before[later]
                and chosen[middle].name.task != other.name.task
                for middle in range(earlier + 1, later)
            ):
                continue
            _want(branch, chosen, before, earlier, later)


def _freed_by(chosen: list[Candidate]) -> dict[int, int]:
    """For each step that takes work off a queue, the step that made its process free to do so."""
    last_of_process: dict[str, int] = {}
    found = {}
    for place, candidate in enumerate(chosen):
        if candidate.consumes and candidate.process in last_of_process:
            found[place] = last_of_process[candidate.process]
        last_of_process[candidate.process] = place
    return found


def _want(
    branch: list[Node],
    chosen: list[Candidate],
    before: list[set[int]],
    earlier: int,
    later: int,
) -> None:
    """At ``earlier``, where its task was switched to, and where it was sent, what leads to
    ``later``."""
    switch = earlier
    while switch > 0 and chosen[switch - 1].name.task == chosen[earlier].name.task:
        switch -= 1
    for place in {earlier, switch, *_sent_before(chosen, earlier, later)}:
        node = branch[place]
        leads = {
            chosen[step].identity
            for step in (*sorted(before[later]), later)
            if step >= place and chosen[step].name.task == chosen[later].name.task
        }
        enabled = {candidate.identity for candidate in node.step.candidates}
        node.wanted |= (leads & enabled) or {
            candidate.identity
            for candidate in node.step.candidates
            if candidate.name.task != chosen[place].name.task
        }


def _sent_before(chosen: list[Candidate], earlier: int, later: int) -> list[int]:
    """Where two operations share a connection, the one that was sent first goes first: their order
    can only be turned before the steps that led to the first one."""
    shared = chosen[earlier].connection
    if shared is None or shared != chosen[later].connection:
        return []
    task = chosen[earlier].name.task
    return [place for place in range(earlier) if chosen[place].name.task == task]


def _happens_before(
    chosen: list[Candidate], trace: tuple[Taken, ...], freed_by: dict[int, int]
) -> list[set[int]]:
    """For each step, all earlier steps that causes or dependence put before it."""
    place_of = {taken.index: place for place, taken in enumerate(trace)}
    before: list[set[int]] = []
    last_of_task: dict[str, int] = {}
    for place, candidate in enumerate(chosen):
        direct = set()
        if candidate.cause is not None and candidate.cause in place_of:
            direct.add(place_of[candidate.cause])
        previous = last_of_task.get(candidate.name.task)
        if previous is not None:
            direct.add(previous)
        if place in freed_by:
            direct.add(freed_by[place])
        direct |= {earlier for earlier in range(place) if dependent(chosen[earlier], candidate)}
        closed = set(direct)
        for earlier in direct:
            closed |= before[earlier]
        before.append(closed)
        last_of_task[candidate.name.task] = place
    return before


def _preempts(step: Step, candidate: Candidate) -> int:
    if candidate.name.task == step.current or step.current is None:
        return 0
    return int(any(other.name.task == step.current for other in step.candidates))
