"""Trials: a system that can be run as often as needed, under any order of events."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from redhanded.case.errors import InputError, LabError
from redhanded.case.operation import OperationName
from redhanded.case.run import Failure, OutputLine, Run
from redhanded.case.schedule import FAULT_KINDS, Event, Followed, Schedule
from redhanded.case.system import Delivery, SymptomPattern
from redhanded.lab.choices import Choices
from redhanded.lab.clock import monotonic_ms
from redhanded.lab.error_lines import is_error, shape, unusual_errors
from redhanded.lab.events import Means, named_so
from redhanded.lab.explorers import Explorer, Straight, Taken
from redhanded.lab.explorers.follow import Follow
from redhanded.lab.explorers.hold import Hold
from redhanded.lab.explorers.systematic import Exploration, explore
from redhanded.lab.failures import NO_ANSWER, answers, other_failures
from redhanded.lab.held import unnamed
from redhanded.lab.invariants import Visit, broken, visit_held
from redhanded.lab.isolation import Behaviour, Isolation
from redhanded.lab.looking import Rhythm
from redhanded.lab.programs import program_named, restart_programs
from redhanded.lab.repertoire import Repertoire
from redhanded.lab.reset import Baseline
from redhanded.lab.running import RunningSystem
from redhanded.lab.serial_orders import SerialOrders
from redhanded.lab.stage import Stage, Trial
from redhanded.lab.workload import Planned, Values, draw, plan

WARM_UP_TRIALS = 3
CALL_BACK_MS = 1000.0
CONSUMING = {"blpop", "brpop", "brpoplpush", "blmove", "blmpop", "bzpopmin", "bzpopmax", "bzmpop"}
"""Commands that ``CLIENT UNBLOCK`` may end: the lab can hold them instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """A run and the choices it made."""

    run: Run
    trace: tuple[Taken, ...]


class Lab:
    """Runs trials of one system; made by ``open_lab``."""

    strict = False
    """Whether an error line that no serial run wrote is a failure too."""

    def __init__(self, running: RunningSystem, symptom: SymptomPattern, seed: int) -> None:
        self.running = running
        self.system = running.system
        self.symptom = symptom
        self.trials = 0
        self.stage = Stage(running, symptom)
        self._choices = Choices(seed)
        self.isolation = Isolation()
        self._baseline: Baseline | None = None
        self._workload = self.system.workload
        self._usual: set[str] = set()
        self._unique = ""
        self.repertoire = Repertoire()
        self._learned: set[Schedule] = set()
        """Schedules that a serial run was made for."""
        self._unclear: dict[str, None] = {}
        """What had to be guessed to follow a schedule here."""
        self._deliveries: int | None = None
        self._disturbed = False
        """A fault in the last trial may have left its processes otherwise than they were."""
        self.serial_orders = SerialOrders(running, self.reset)
        self.pinned: dict[str, Any] = {}
        """Values of the workload that are not drawn but as given here."""
        self.drawn: dict[str, Any] = {}
        """Those of the last trial."""

    # Trials.

    def serial(self, deliveries: int | None = None) -> Run:
        """All deliveries one after the other, each until its work is done."""
        return self.play(Straight(), deliveries).run

    def follow(self, schedule: Schedule) -> Run:
        """One trial under the constraints of ``schedule``."""
        pinned, self.pinned = self.pinned, {**self.pinned, **dict(schedule.values)}
        self._learn_for(schedule)
        explorer = Follow(schedule, self.repertoire)
        self.running.traffic.causes.named = explorer.names
        try:
            played = self.play(
                explorer, schedule.deliveries, events=schedule.events, means=explorer.means
            )
        finally:
            self.running.traffic.causes.named = unnamed
            self.pinned = pinned
        done = [held for held in self.running.traffic.done if not held.ambient]
        answered = [held.name for held in done if held.replied_ms is not None]
        unseen = frozenset(held.name for held in done if held.uncommitted)
        followed = explorer.followed(answered, unseen)
        self._unclear |= dict.fromkeys(followed.unclear)
        return replace(played.run, followed=followed.without(self.stage.trial.events_missed))

    def hold(self, kind: str, target: str, *, task: str | None = None) -> Run:
        """One trial in which the first operation of that name waits until nothing else can happen.

        ``kind`` and ``target`` as in ``OperationName`` (``SELECT`` and a table, ``GET`` and a key
        or path); ``task`` is ``"delivery 1"`` and so on, or any. InputError if none came.
        """

        def wanted(name: OperationName) -> bool:
            return (name.kind, name.target) == (kind, target) and task in (None, name.task)

        explorer = Hold(wanted)
        run = self.play(explorer).run
        if explorer.held is None:
            raise InputError(
                f"Nothing was held: {task or 'no delivery'} sent no {kind} {target}. "
                f"It sent: {run.names()}"
            )
        return run

    def play(
        self,
        explorer: Explorer,
        deliveries: int | None = None,
        *,
        events: Sequence[Event] = (),
        means: Means = named_so,
    ) -> Played:
        """One trial in which ``explorer`` makes every choice, and ``events`` happen.

        ``means`` says which operations the names of events mean.
        """
        self._isolate(events)
        self.draw_values()
        self.learn_serial_orders(deliveries)
        self.reset()
        traffic = self.running.traffic
        unique = self._choices.token()
        traffic.holding = True
        traffic.begin((unique, *map(str, self.drawn.values())))
        started, drawn = monotonic_ms(), self.drawn
        trial = self.stage.play(explorer, lambda: self.plan(unique, deliveries), events, means)
        duration = monotonic_ms() - started
        operations = self.repertoire.saw(
            (held.operation() for held in traffic.done if held.replied_ms is not None),
            serial=isinstance(explorer, Straight) and not self.stage.learning,
        )
        answered = answers(self.stage.planned)
        self.stage.finish()
        if not trial.failures:
            trial.failures += other_failures(
                self.running,
                self.symptom,
                self.stage.planned,
                trial.unanswered,
                self._broken_invariants,
                disturbed=bool(events),
            )
        if not trial.failures and self.strict:
            trial.failures += unusual_errors(trial.lines, self._usual)
        self.trials += 1
        run = Run(
            operations=operations,
            failures=tuple(trial.failures),
            answers=answered,
            output=tuple(trial.lines),
            followed=Followed(following="followed"),
            order=tuple(taken.chosen for taken in trial.trace),
            widths=tuple(len(taken.step.candidates) for taken in trial.trace),
            values=drawn,
            preemptions=trial.preemptions,
            quiescent=trial.quiescent,
            egress=self.running.namespace.egress(),
            duration_ms=duration,
            moved_ms=self.stage.jumps.moved_ms,
        )
        return Played(run=run, trace=tuple(trial.trace))

    def _isolate(self, events: Sequence[Event]) -> None:
        """Compares, or starts processes anew, where a trial might not begin like the first."""
        if self.isolation.due(self.trials):
            self.check_isolation()
        if self.isolation.restarts or self._disturbed:
            self.restart()
        self._disturbed = any(event.kind in FAULT_KINDS for event in events)

    def explore(
        self,
        *,
        deliveries: int,
        bound: int = 2,
        limit: int = 1000,
        stop_at_failure: bool = False,
        on_run: Callable[[int, Run], bool] | None = None,
    ) -> Exploration:
        """All orders with at most ``bound`` preemptions, after reduction; see ``systematic``."""

        def play(explorer: Explorer) -> tuple[Run, tuple[Taken, ...]]:
            played = self.play(explorer, deliveries)
            return played.run, played.trace

        return explore(
            play,
            bound=bound,
            limit=limit,
            stop_at_failure=stop_at_failure,
            on_run=on_run,
        )

    # What else is asked of a lab.

    @property
    def limits(self) -> tuple[str, ...]:
        """What is not controlled here."""
        running = self.running
        traffic = running.traffic
        found = (*running.limits, *traffic.notes, *traffic.refused(), *running.pollers())
        found = (*found, *traffic.causes.sentences())
        moved = self.stage.jumps.sentences()
        return (*found, *moved, *self._unclear, *self.isolation.sentences())

    def is_unusual(self, text: str) -> bool:
        """Whether a line is an error that serial runs do not write."""
        return is_error(text) and shape(text) not in self._usual

    def service_values(self, service: str) -> dict[str, str]:
        """``url``, ``host``, ``port`` … of the real server, not by way of a proxy."""
        return self.running.servers[service].values(None)

    def tail(self, process: str) -> tuple[str, ...]:
        """The last lines that a process wrote."""
        return tuple(self.running.programs[process].output.tail)

    def warm_up(self) -> None:
        """Fills pools and script caches, and takes the baseline that trials go back to."""
        if not self.running.direct:
            # A process that says that it is ready may still have something to write.
            self._hold_again()
        self._baseline = Baseline(self.running)
        if self.running.direct:
            return
        for _ in range(WARM_UP_TRIALS):
            run = self.serial()
            self.stage.learning = False
            self._usual |= {shape(line.text) for line in run.output if is_error(line.text)}
            silent = any(NO_ANSWER in failure.text for failure in run.failures)
            if silent or run.egress or not run.quiescent:
                break
        self._workload = self.system.workload
        self.isolation.compare(run, self.trials)
        self.reset()

    @property
    def rhythm(self) -> Rhythm | None:
        """What was learned by waiting; None where further labs have to learn it for themselves."""
        if self.stage.learning or any(self.running.traffic.causes.polls):
            return None
        return Rhythm(pause_ms=self.stage.pause_ms)

    def check_isolation(self) -> bool:
        """Compares a serial run with the first one; False if the system has changed for good.

        A difference that does not come again counts for nothing. If it does, and two runs with new
        processes are alike, every trial from now on starts new processes.
        """
        isolation = self.isolation
        isolation.last_check = self.trials
        if self.system.workload != self._workload or isolation.compare(self.serial(), self.trials):
            return True
        before, isolation.drifted = isolation.drifted, ""
        if isolation.compare(self.serial(), self.trials):
            return True
        isolation.drifted = before
        fresh = []
        for _ in range(2):
            self.restart()
            fresh.append(Behaviour.of(self.serial()))
        if not fresh[0].difference(fresh[1]):
            isolation.restarts, isolation.first = True, fresh[0]
        return False

    def restart(self) -> None:
        """New processes, which remember nothing."""
        self.running.traffic.forward_all()
        restart_programs(self.running, meanwhile=self.put_back)
        if self._baseline is not None and not self.running.direct:
            # Workers write down in a database that they are there.
            self._hold_again()
            self._baseline.keep_databases()

    def reset(self) -> None:
        """Rows, sequences and keys as they were after migrations and setup."""
        died = self.running.died()
        if died is not None:
            raise LabError(died)
        if not self.running.traffic.holding and not self.running.direct:
            self._hold_again()
        self.put_back()
        self.running.namespace.clear_egress()

    def knows_serial_orders(self) -> bool:
        """Whether a ``serial`` invariant can be told of the values that were drawn last."""
        return self.serial_orders.knows(self.system.workload, self._deliveries, self.drawn)

    def put_back(self) -> None:
        """The same while nothing is held and the processes are at rest."""
        if self._baseline is not None:
            self._baseline.restore()

    def broken(self, unique: str, visit: Visit) -> list[Failure]:
        """The invariants that do not hold now, after a trial with that value of ``{unique}``."""
        found = broken(self.running, self.system.invariants, unique, visit)
        for invariant in self.system.invariants:
            if invariant.serial:
                asked = (self.system.workload, self._deliveries, self.drawn, unique)
                if text := self.serial_orders.broken(invariant, *asked):
                    found.append(Failure(kind="invariant", text=f"{invariant.name}: {text}"))
        return found

    def receiver(self, entry: Delivery) -> str:
        """The replica that a workload entry goes to: the first, if it names a process."""
        return program_named(self.running, entry.to)

    def waits_for(self, deliveries: int | None = None) -> dict[str, str]:
        """Tasks that begin only when another one's delivery was answered, and that one."""
        planned = self.plan("", deliveries)
        first: dict[str, str] = {}
        for each in planned:
            first.setdefault(each.entry.name, each.task)
        after = {each.task: each.entry.after for each in planned}
        return {task: first[name] for task, name in after.items() if name in first}

    # Inside.

    def _hold_again(self) -> None:
        """From natural to controlled: consumers that wait at the server come back to the lab."""
        traffic = self.running.traffic
        traffic.holding = traffic.taking_back = True
        for server in self.running.servers.values():
            if server.client is None:
                continue
            for client in server.client.client_list():
                if "b" in client.get("flags", "") and client.get("cmd", "") in CONSUMING:
                    server.client.client_unblock(int(client["id"]))
        deadline = monotonic_ms() + CALL_BACK_MS
        while traffic.waits_at_server() and monotonic_ms() < deadline:
            self.running.pump.turn(0.001)
        traffic.taking_back = False
        self.stage.trial = Trial()
        self.stage.settle()

    def plan(self, unique: str, deliveries: int | None = None) -> list[Planned]:
        """The deliveries of a trial with that value of ``{unique}``."""
        self._unique = unique
        self._deliveries = deliveries
        values = Values(unique=unique, given=dict(self.drawn))
        return plan(self.running, self.system.workload, values, deliveries)

    def draw_values(self) -> None:
        """Draws those of the next trial, but for the pinned ones."""
        self.drawn = draw(self.system.workload, self._choices) | self.pinned

    def learn_serial_orders(self, deliveries: int | None = None) -> None:
        """Runs every delivery after the other, in each order, if an invariant asks for that."""
        if self.stage.learning:
            return
        pinned, self.pinned = self.pinned, self.drawn

        def play(explorer: Explorer) -> tuple[Run, str]:
            return self.play(explorer, deliveries).run, self._unique

        invariants, workload = self.system.invariants, self.system.workload
        self.serial_orders.learn(invariants, workload, deliveries, self.drawn, play)
        self.pinned = pinned

    def _learn_for(self, schedule: Schedule) -> None:
        """A serial run with the schedule's values, if what it names is not known here."""
        if schedule not in self._learned and self.repertoire.lacks(schedule.names()):
            self._learned.add(schedule)
            self.serial(schedule.deliveries)

    def _broken_invariants(self) -> list[Failure]:
        return self.broken(self._unique, visit_held(self.stage))


def lines_of(run: Run, process: str) -> Sequence[OutputLine]:
    """What one process wrote in a run."""
    return [line for line in run.output if line.process == process]


def names_of(run: Run) -> list[OperationName]:
    """The operations that somebody chose or could have chosen, in their order."""
    return [operation.name for operation in run.operations if not operation.ambient]
