"""A tiny world with tasks, shared cells and locks, that explorers choose in as they do in a lab.

Every order of a small program can be run here, so that what a reduced search finds can be compared
with what there is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal

from hypothesis import strategies as st

from redhanded.case.operation import Access, Operation, OperationName, Touch
from redhanded.case.run import Failure, Run
from redhanded.case.schedule import Schedule
from redhanded.lab.explorers import Candidate, Explorer, Step, Taken
from redhanded.lab.explorers.follow import Follow

Do = Literal["read", "add", "set", "append", "skip", "none"]
State = tuple[tuple[int, ...], tuple[tuple[int, ...], ...]]
"""The cells, and what each task has read."""


@dataclass(frozen=True, slots=True)
class Act:
    """One operation of a task on one cell.

    ``read`` remembers the cell; ``set`` writes what was last read plus 1 (a lost update); ``add``
    adds in one step; ``append`` puts the task's number at the end; ``skip`` reads, and leaves out
    the next operation if the cell is odd; ``none`` touches nothing.
    """

    do: Do
    cell: int = 0

    @property
    def access(self) -> Access:
        return "read" if self.do in ("read", "skip", "none") else "write"

    @property
    def touches(self) -> tuple[Touch, ...]:
        if self.do == "none":
            return ()
        return (Touch(service="db", resource=f"cell{self.cell}", access=self.access),)


Program = tuple[tuple[Act, ...], ...]
"""The operations of each task."""
CELLS = 3
LOST_UPDATE: Program = ((Act("read"), Act("set")),) * 2
ACTS = st.builds(
    Act,
    st.sampled_from(["read", "add", "set", "append", "skip", "none"]),
    st.integers(min_value=0, max_value=1),
)
TWO_TASKS = st.tuples(*[st.lists(ACTS, min_size=1, max_size=5).map(tuple)] * 2)
THREE_TASKS = st.tuples(*[st.lists(ACTS, min_size=1, max_size=3).map(tuple)] * 3)
PROGRAMS = TWO_TASKS | THREE_TASKS


@dataclass(slots=True)
class World:
    """One run of a program, stepped from outside."""

    program: Program
    workers: int = 0
    """If set, the last operations of every task (from ``handed_over``) need one of so many workers
    from the first of them to the last."""
    handed_over: int = 0
    cells: list[int] = field(default_factory=lambda: [0] * CELLS)
    places: list[int] = field(default_factory=list)
    read: list[list[int]] = field(default_factory=list)
    released: list[int] = field(default_factory=list)
    last_index: dict[int, int] = field(default_factory=dict)
    operations: list[Operation] = field(default_factory=list)
    busy: dict[int, int] = field(default_factory=dict)
    """Task to the worker that it has."""

    def __post_init__(self) -> None:
        self.places = [0] * len(self.program)
        self.read = [[] for _ in self.program]

    def enabled(self) -> list[int]:
        """Tasks that can go on."""
        free = len(self.busy) < self.workers
        return [
            task
            for task, acts in enumerate(self.program)
            if self.places[task] < len(acts) and (free or not self._wants_worker(task))
        ]

    def candidate(self, task: int) -> Candidate:
        place = self.places[task]
        act = self.program[task][place]
        waits = self._wants_worker(task)
        touches = act.touches
        if waits:
            touches += (Touch(service="queue", resource="wait", access="write"),)
        worker = self._free_worker() if waits else self.busy.get(task)
        name = OperationName(
            task=f"delivery {task + 1}",
            role="web" if worker is None else "worker",
            protocol="postgres",
            kind=act.do.upper(),
            target=f"cell{act.cell}",
            access=act.access,
            occurrence=place + 1,
        )
        return Candidate(
            name=name,
            process="web" if worker is None else f"worker.{worker}",
            touches=touches,
            cause=self.last_index.get(task),
            consumes=waits,
        )

    def release(self, task: int) -> None:
        act = self.program[task][self.places[task]]
        self.operations.append(self._operation(task))
        if self._wants_worker(task):
            self.busy[task] = self._free_worker()
        number = self.cells[act.cell]
        if act.do in ("read", "skip"):
            self.read[task].append(number)
        elif act.do == "add":
            self.cells[act.cell] = number + 1
        elif act.do == "set":
            self.cells[act.cell] = (self.read[task] or [0])[-1] + 1
        elif act.do == "append":
            self.cells[act.cell] = number * 10 + task + 1
        self.last_index[task] = len(self.released)
        self.released.append(task)
        self.places[task] += 2 if act.do == "skip" and number % 2 else 1
        if self.places[task] >= len(self.program[task]):
            self.busy.pop(task, None)

    def _operation(self, task: int) -> Operation:
        candidate = self.candidate(task)
        return Operation(
            index=len(self.released),
            name=candidate.name,
            process=f"{candidate.process} {task + 1}",
            service="db",
            text="",
            fingerprint=candidate.name.kind,
            parent=candidate.cause,
            touches=candidate.touches,
            connection=task,
        )

    def state(self) -> State:
        return tuple(self.cells), tuple(tuple(values) for values in self.read)

    def _free_worker(self) -> int:
        return min(set(range(1, self.workers + 1)) - set(self.busy.values()))

    def _wants_worker(self, task: int) -> bool:
        late = self.places[task] >= self.handed_over
        return self.workers > 0 and late and task not in self.busy


def step_of(world: World) -> Step:
    current = f"delivery {world.released[-1] + 1}" if world.released else None
    return Step(
        candidates=tuple(world.candidate(task) for task in world.enabled()),
        current=current,
        answered=[operation.name for operation in world.operations],
    )


def run(world: World, explorer: Explorer) -> tuple[Run, tuple[Taken, ...]]:
    """Lets ``explorer`` choose until nothing is left."""
    trace = []
    while tasks := world.enabled():
        step = step_of(world)
        chosen = explorer.choose(step)
        if chosen is None:
            chosen = explorer.give_up(step)
        trace.append(Taken(step=step, chosen=chosen, index=len(world.released)))
        world.release(tasks[chosen])
    order = tuple(taken.chosen for taken in trace)
    return Run(operations=tuple(world.operations), order=order), tuple(trace)


@dataclass(frozen=True, slots=True)
class Played:
    """As the lab gives it."""

    run: Run
    trace: tuple[Taken, ...]


@dataclass(slots=True)
class Laboratory:
    """A program that can be run as a lab's system is; fails where ``fails`` says so."""

    program: Program
    fails: Callable[[World], bool]
    trials: int = 0

    def play(self, explorer: Explorer, deliveries: int | None = None) -> Played:
        world = World(self.program[:deliveries])
        finished, trace = run(world, explorer)
        self.trials += 1
        failed = self.fails(world)
        failures = (Failure(kind="invariant", text=str(world.state())),) if failed else ()
        return Played(replace(finished, failures=failures), trace)

    def waits_for(self, _deliveries: int | None) -> dict[str, str]:
        return {}

    def follow(self, schedule: Schedule) -> Run:
        explorer = Follow(schedule)
        followed = self.play(explorer, schedule.deliveries).run
        answered = [operation.name for operation in followed.operations]
        return replace(followed, followed=explorer.followed(answered))


def every_state(
    program: Program, bound: int, workers: int = 0, handed_over: int = 0
) -> dict[State, int]:
    """Every final state within ``bound`` preemptions, and how many orders lead there."""
    found: dict[State, int] = {}
    pending: list[tuple[tuple[int, ...], int]] = [((), bound)]
    while pending:
        order, left = pending.pop()
        world = World(program, workers, handed_over)
        for task in order:
            world.release(task)
        enabled = world.enabled()
        if not enabled:
            found[world.state()] = found.get(world.state(), 0) + 1
        for task in enabled:
            cost = int(bool(order) and task != order[-1] and order[-1] in enabled)
            if cost <= left:
                pending.append(((*order, task), left - cost))
    return found
