"""Whether a trial ended as some order of its deliveries one after the other would have.

The serial orders are run twice each, once for each workload and choice of values: what differs
between two runs of one order is not compared (``final_state``). With identical deliveries there are
fewer orders than permutations; where there are more than ``ORDERS_MAX``, a state that equals none
of those that were run is no failure, and the limits say so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from redhanded.case.run import Run
from redhanded.case.system import Delivery, Invariant
from redhanded.lab.explorers import Explorer, Step, keep_going
from redhanded.lab.final_state import State, Volatile, difference, take_state
from redhanded.lab.running import RunningSystem
from redhanded.lab.workload import counts

ORDERS_MAX = 24
"""All orders of four deliveries."""


@dataclass(slots=True, kw_only=True)
class Outcomes:
    """Where the serial orders of one workload end."""

    volatile: Volatile = field(default_factory=Volatile)
    states: list[State] = field(default_factory=list)
    complete: bool = True
    """Whether every order was run."""


class SerialOrders:
    """The outcomes of a lab, as far as they were asked for."""

    def __init__(self, running: RunningSystem, reset: Callable[[], None]) -> None:
        self.running = running
        self.reset = reset
        self.learning = False
        self._known: dict[str, dict[str, Outcomes]] = {}
        """By workload, and within it by invariant."""

    def learn(
        self,
        invariants: Sequence[Invariant],
        workload: Sequence[Delivery],
        deliveries: int | None,
        values: dict[str, Any],
        play: Callable[[Explorer], tuple[Run, str]],
    ) -> None:
        """Runs the serial orders, unless that was done; ``play`` says what ``{unique}`` was."""
        known = self._known.setdefault(_key(workload, deliveries, values), {})
        wanted = [each for each in invariants if each.serial and repr(each) not in known]
        if not wanted or self.learning:
            return
        self.learning = True
        try:
            known |= self._run(wanted, workload, deliveries, play)
        finally:
            self.learning = False

    def knows(
        self, workload: Sequence[Delivery], deliveries: int | None, values: dict[str, Any]
    ) -> bool:
        """Whether the orders of that workload were run."""
        return bool(self._known.get(_key(workload, deliveries, values)))

    def broken(
        self,
        invariant: Invariant,
        workload: Sequence[Delivery],
        deliveries: int | None,
        values: dict[str, Any],
        unique: str,
    ) -> str:
        """How the state that is there differs from the nearest serial one; empty: from none."""
        outcomes = self._known.get(_key(workload, deliveries, values), {}).get(repr(invariant))
        if self.learning or outcomes is None or not outcomes.states:
            return ""
        state = take_state(self.running.servers, unique, invariant.ignore)
        here = outcomes.volatile.without(state)
        found = [difference(here, outcomes.volatile.without(each)) for each in outcomes.states]
        if not all(found):
            return ""
        if not outcomes.complete:
            self.running.limits[
                f"{invariant.name}: only {ORDERS_MAX} of the orders of the deliveries one after "
                "the other were run; a trial that ended like none of them counted for nothing."
            ] = None
            return ""
        return f"as after none of {len(found)} serial orders: {min(found, key=len)}"

    def _run(
        self,
        wanted: Sequence[Invariant],
        workload: Sequence[Delivery],
        deliveries: int | None,
        play: Callable[[Explorer], tuple[Run, str]],
    ) -> dict[str, Outcomes]:
        orders = list(islice(serial_orders(workload, deliveries), ORDERS_MAX + 1))
        found = {repr(each): Outcomes(complete=len(orders) <= ORDERS_MAX) for each in wanted}
        self.reset()
        for invariant in wanted:
            there = take_state(self.running.servers, "", invariant.ignore)
            found[repr(invariant)].volatile.steady = frozenset(there)
        first: dict[tuple[int, str], State] = {}
        for again in (False, True):
            for place, order in enumerate(orders[:ORDERS_MAX]):
                run, unique = play(InOrder(order))
                if run.failed or not run.quiescent:
                    self._note_failed(order, run)
                    continue
                for invariant in wanted:
                    state = take_state(self.running.servers, unique, invariant.ignore)
                    outcomes = found[repr(invariant)]
                    before = first.setdefault((place, repr(invariant)), state)
                    if again:
                        outcomes.volatile.learn(before, state)
                        outcomes.states.append(state)
        for invariant in wanted:
            for collection in sorted(found[repr(invariant)].volatile.collections):
                self.running.limits[
                    f"{invariant.name}: {collection} is not compared, since it differs "
                    "between two runs of the same order."
                ] = None
        return found

    def _note_failed(self, order: Sequence[str], run: Run) -> None:
        why = run.failures[0].text if run.failures else "it never came to rest"
        self.running.limits[
            f"The serial order {', '.join(order)} failed itself ({why[:200]}), so that nothing is "
            "compared with its end."
        ] = None


class InOrder:
    """One task after the other, in an order that is given."""

    def __init__(self, tasks: Sequence[str]) -> None:
        self._rank = {task: place for place, task in enumerate(tasks)}

    def choose(self, step: Step) -> int | None:
        ranks = [self._rank.get(each.name.task, len(self._rank)) for each in step.candidates]
        best = min(ranks)
        return ranks.index(best) if best < len(self._rank) else keep_going(step)

    def give_up(self, step: Step) -> int:
        return self.choose(step) or 0


def serial_orders(
    workload: Sequence[Delivery], deliveries: int | None
) -> Iterator[tuple[str, ...]]:
    """Tasks in each order that ``after`` allows; deliveries of one entry are interchangeable."""
    tasks: list[list[str]] = []
    for _, count in counts(workload, deliveries):
        first = sum(map(len, tasks))
        tasks.append([f"delivery {first + number}" for number in range(1, count + 1)])
    yield from _continued(workload, tasks, [0] * len(tasks), ())


def _continued(
    workload: Sequence[Delivery],
    tasks: Sequence[Sequence[str]],
    used: list[int],
    begun: tuple[str, ...],
) -> Iterator[tuple[str, ...]]:
    if len(begun) == sum(map(len, tasks)):
        yield begun
        return
    answered = {entry.name for entry, count in zip(workload, used, strict=True) if count}
    for place, entry in enumerate(workload):
        if used[place] < len(tasks[place]) and entry.after in (None, *answered):
            more = [count + (number == place) for number, count in enumerate(used)]
            yield from _continued(workload, tasks, more, (*begun, tasks[place][used[place]]))


def _key(workload: Sequence[Delivery], deliveries: int | None, values: dict[str, Any]) -> str:
    return repr((workload, [count for _, count in counts(workload, deliveries)], values))
