"""One controlled trial at a time: release, come to rest, choose again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from redhanded.case.run import Failure, OutputLine
from redhanded.case.schedule import Event
from redhanded.case.system import SymptomPattern
from redhanded.lab.clock import monotonic_ms
from redhanded.lab.error_lines import shows
from redhanded.lab.events import Events, Means, named_so
from redhanded.lab.explorers import Candidate, Explorer, Step, Taken
from redhanded.lab.feeding import Feeding
from redhanded.lab.held import Held
from redhanded.lab.jumps import Jumps
from redhanded.lab.looking import Looking, Rhythm
from redhanded.lab.resting import ANSWER_TIMEOUT_MS, Rest
from redhanded.lab.running import RunningSystem
from redhanded.lab.tasks import task_order
from redhanded.lab.workload import Planned

PAUSE_MAX_MS = 1_000.0
"""Pauses of an application up to this long are waited for like its other work."""
PAUSE_MIN_MS = 15.0
"""Shorter ones are waited for anyway, as timers that are about to fire."""
PAUSE_MARGIN = 1.5
LATE_MS = 150.0
"""Timers fire late on a busy machine."""
LOCK_TIMEOUT_MS = 1_500.0
"""Longer than PostgreSQL takes to find a deadlock."""
STEPS_MAX = 2_000


@dataclass(slots=True, kw_only=True)
class Trial:
    """What one trial did; turned into a ``Run`` by the lab."""

    failures: list[Failure] = field(default_factory=list)
    lines: list[OutputLine] = field(default_factory=list)
    trace: list[Taken] = field(default_factory=list)
    preemptions: int = 0
    quiescent: bool = True
    unanswered: tuple[str, ...] = ()
    events_missed: dict[Event, str] = field(default_factory=dict)
    """Events of the schedule that did not happen, and why."""
    steps: int = 0


class Stage:
    """Runs trials on a system that is up."""

    def __init__(self, running: RunningSystem, symptom: SymptomPattern) -> None:
        self.running = running
        self.symptom = symptom
        self.trial = Trial()
        self._plan: list[Planned] = []
        feeding = Feeding(running)
        self._fed = feeding.fed
        self._forget_fed = feeding.begin
        self._rest = Rest(running, feeding.ask_ahead)
        self.events = Events(running)
        self.jumps = Jumps(running, self._work_done)
        self._looking = Looking(running, self.jumps, self.settle)
        self.pause_ms = 0.0
        """The longest pause that the application was seen to make within its work."""
        self.learning = True
        """Pauses are not known yet: what may be one is waited for."""
        self.rhythm: Rhythm | None = None
        """Of an earlier lab: then nothing has to be waited for to learn it."""
        self._current: str | None = None
        running.on_line = self.on_line
        running.traffic.on_timer = self._on_timer

    @property
    def planned(self) -> list[Planned]:
        """The deliveries of the current trial."""
        return self._plan

    def play(
        self,
        explorer: Explorer,
        plan: Callable[[], list[Planned]],
        events: Sequence[Event] = (),
        means: Means = named_so,
    ) -> Trial:
        """One trial: until the symptom shows, or all work is done.

        ``means`` says which operations the names of ``events`` mean.
        """
        traffic = self.running.traffic
        self.trial = Trial()
        self._current = None
        self._forget_fed()
        self._plan = []
        self.jumps.begin()
        if self.learning and self.rhythm is None:
            self._looking.learn()
        self._plan = plan()
        self.events = Events(self.running, events, means, self._deliver_again)
        traffic.parked.extend(planned.held for planned in self._plan)
        self.settle()
        try:
            while not self.trial.failures and self.trial.quiescent and self.trial.steps < STEPS_MAX:
                if not self._advance(explorer):
                    break
        finally:
            self.trial.events_missed = self.events.finish()
        return self.trial

    def on_line(self, line: OutputLine) -> None:
        """Keeps a line; a failure if it shows the symptom."""
        self.trial.lines.append(line)
        if shows(self.symptom.log, line.text):
            self._fail("symptom", line.text[:2000], line.process)

    def settle(self) -> None:
        """Until nothing runs and nothing is under way; housekeeping and free operations go on."""
        started = monotonic_ms()
        while True:
            self.trial.quiescent = self._rest.come(started)
            if not self.trial.quiescent or not self._housekeep():
                return

    # One step.

    def _advance(self, explorer: Explorer) -> bool:
        if not self.trial.failures and self._looking.wait():
            return True
        candidates, held = self._candidates()
        if self._pauses(candidates) and self._wait_for_change(self._patience_ms):
            return True
        if not candidates:
            return self._open_gates() or self._wait_for_more()
        traffic = self.running.traffic
        done = [held for held in traffic.done if held.state == "done" and not held.ambient]
        step = Step(
            candidates=tuple(candidates),
            current=self._current,
            answered=[held.name for held in done],
            unseen=frozenset(held.name for held in done if held.uncommitted),
        )
        chosen = explorer.choose(step)
        if chosen is None:
            if self._open_gates():
                return True
            patience = LOCK_TIMEOUT_MS if traffic.locked else self._patience_ms
            if self._wait_for_change(patience):
                return True
            chosen = explorer.give_up(step)
        self._note_preemption(step, chosen)
        self.trial.trace.append(Taken(step=step, chosen=chosen, index=len(traffic.done)))
        self.trial.steps += 1
        self.events.release(held[chosen], step.candidates[chosen], self._release)
        self.settle()
        return True

    @property
    def _patience_ms(self) -> float:
        if self.learning and self.rhythm is None:
            return PAUSE_MAX_MS
        usual = self.pause_ms * PAUSE_MARGIN + LATE_MS if self.pause_ms else 0.0
        return max(usual, self.events.recovery.left_ms)

    def _pauses(self, candidates: list[Candidate]) -> bool:
        """Whether the current task may go on by itself soon: a timer is set that may be its own."""
        going_on = any(candidate.name.task == self._current for candidate in candidates)
        if going_on or self._current is None or not self._patience_ms:
            return False
        return self.running.watch.next_timer(self._patience_ms / 1000.0) is not None

    def _wait_for_change(self, patience_ms: float) -> bool:
        """Lets time pass until something else can be chosen; False if nothing came of it."""
        self.running.traffic.paused = True
        try:
            return self._changes(patience_ms)
        finally:
            self.running.traffic.paused = False

    def _changes(self, patience_ms: float) -> bool:
        traffic = self.running.traffic
        before = self._offered()
        locked = len(traffic.locked)
        traffic.causes.next_step()
        deadline = traffic.now_ms() + patience_ms
        while (left_s := (deadline - traffic.now_ms()) / 1000.0) > 0 and not self.trial.failures:
            if not self.jumps.let_pass(left_s, self.events.polls):
                return False
            self.settle()
            if self._offered() != before or len(traffic.locked) != locked:
                return True
        return False

    def _offered(self) -> set[tuple[str, str]]:
        """What can be chosen now: also a consumer that somebody has fed meanwhile."""
        return {(each.process, str(each.name)) for each in self._candidates()[0]}

    def _release(self, held: Held) -> None:
        traffic = self.running.traffic
        if held.unit is None:
            planned = next(planned for planned in self._plan if planned.held is held)
            traffic.start(held)
            planned.begin()
        else:
            traffic.release(held)

    def _note_preemption(self, step: Step, chosen: int) -> None:
        task = step.candidates[chosen].name.task
        if task != self._current and any(
            candidate.name.task == self._current for candidate in step.candidates
        ):
            self.trial.preemptions += 1
        self._current = task

    def _candidates(self) -> tuple[list[Candidate], list[Held]]:
        traffic = self.running.traffic
        heads = [held for held in traffic.heads() if self._may_go(held)]
        fed = self._fed([held for held in heads if held.blocking])
        chosen: list[tuple[str, int, Held]] = []
        offered: dict[tuple[str, str, bytes], int] = {}
        busy = {held.process for held in heads if held.blocking is None}
        for order, held in enumerate(sorted(heads, key=lambda held: held.place)):
            if held.blocking is not None:
                alike = (held.role, held.service, held.unit.raw if held.unit else b"")
                if held not in fed:
                    continue
                if alike in offered:
                    # Who is in the middle of a job would begin the next one unseen.
                    _, before, other = chosen[offered[alike]]
                    if other.process in busy and held.process not in busy:
                        chosen[offered[alike]] = (traffic.causes.task_of(held), before, held)
                    continue
                offered[alike] = len(chosen)
            chosen.append((traffic.causes.task_of(held), order, held))
        chosen.sort(key=lambda item: (task_order(item[0]), item[1]))
        return [self._candidate(task, held) for task, _, held in chosen], [
            held for _, _, held in chosen
        ]

    def _candidate(self, task: str, held: Held) -> Candidate:
        name = held.name
        if task != name.task:
            number = self.running.traffic.causes.next_occurrence(held, task)
            name = replace(name, task=task, occurrence=number)
        return Candidate(
            name=name,
            process=held.process,
            touches=held.touches,
            uncommitted=held.uncommitted,
            cause=held.cause,
            connection=held.connection,
        )

    def _may_go(self, held: Held) -> bool:
        if held.unit is not None:
            return not self.running.traffic.causes.is_poll(held)
        after = next(planned.entry.after for planned in self._plan if planned.held is held)
        return after is None or any(
            planned.entry.name == after and planned.answered for planned in self._plan
        )

    def _housekeep(self) -> bool:
        """One thing that is never a choice; False if there is none."""
        traffic = self.running.traffic
        if traffic.deliver_ready() or self.events.go_on():
            return True
        unpolled = traffic.causes.unpolled()
        for held in sorted(traffic.heads(), key=traffic.causes.turn_of):
            if held.unit is None:
                continue
            blocking = held.blocking
            if blocking is not None:
                waited_s = (traffic.now_ms() - held.arrived_ms) / 1000.0
                if blocking.timeout_s and waited_s > blocking.timeout_s and not self._fed([held]):
                    traffic.answer_empty(held)
                    return True
                continue
            if held.role not in unpolled and self._may_look_later(held):
                continue
            if held.free or held.ambient or not held.task:
                traffic.release(held)
                return True
        return False

    def _may_look_later(self, look: Held) -> bool:
        """Whether it looks for jobs while something waits to be chosen anyway."""
        traffic = self.running.traffic
        at_work = (held.task and not held.ambient for held in traffic.parked)
        return traffic.causes.is_poll(look) and any(at_work)

    def _wait_for_more(self) -> bool:
        """Nothing to choose from: lets time pass while somebody still waits for an answer."""
        self.running.traffic.paused = True
        try:
            deadline = monotonic_ms() + ANSWER_TIMEOUT_MS
            while (jumped := self.jumps.go_on()) or not self._work_done():
                if not jumped and monotonic_ms() > deadline:
                    self.trial.unanswered = tuple(
                        planned.task for planned in self._plan if not planned.answered
                    )
                    return False
                died = self.running.died()
                if died is not None:
                    if not self.events.any:
                        self._fail("status", died, None)
                    return False
                self.running.pump.turn(0.0 if jumped else 0.02)
                self.settle()
                if self._candidates()[0] or self.trial.failures:
                    return True
            return False
        finally:
            self.running.traffic.paused = False

    def _open_gates(self) -> bool:
        """Lets statements go on that were held back inside, since nothing else can."""
        opened = self.events.open_gates()
        if opened:
            self.settle()
        return opened

    def _deliver_again(self, held: Held) -> bool:
        """Plans another delivery of the same request, as a task of its own; no program's."""
        for planned in self._plan:
            if planned.held is held and planned.entry.run is None:
                again = planned.again(f"delivery {len(self._plan) + 1}")
                self._plan.append(again)
                self.running.traffic.parked.append(again.held)
                return True
        return False

    def _work_done(self) -> bool:
        return all(planned.answered for planned in self._plan) and not self.running.traffic.locked

    def _on_timer(self, held: Held) -> None:
        """A timer sent this: it goes on with what its process did last.

        Without an application's line it may be a library's; then only while all else waits.
        """
        traffic = self.running.traffic
        if not (self.running.traffic.paused or held.stack):
            return
        busy = {
            other.task
            for other in (*traffic.parked, *traffic.locked)
            if other.process == held.process and other.blocking is None
        }
        cause = traffic.causes.resumed(held.process, busy)
        if cause is not None:
            pause = held.arrived_ms - (traffic.done[cause].replied_ms or held.arrived_ms)
            if pause > PAUSE_MIN_MS and not self.events.any:
                self.pause_ms = max(self.pause_ms, min(pause, PAUSE_MAX_MS))
            traffic.causes.adopt(held, cause)

    def finish(self) -> None:
        """Lets everything that was begun come to its end, in any order."""
        traffic = self.running.traffic
        for _ in range(STEPS_MAX):
            held = next(
                (
                    held
                    for held in traffic.heads()
                    if held.unit is not None and (held.blocking is None or self._fed([held]))
                ),
                None,
            )
            if held is None and not traffic.locked:
                if not (self.pause_ms and self._wait_for_change(self._patience_ms)):
                    break
                continue
            if held is not None:
                self._release(held)
            self.settle()
            if not self.trial.quiescent:
                break
        for planned in self._plan:
            if planned.held in traffic.parked:
                traffic.parked.remove(planned.held)
            if planned.exchange is not None:
                planned.exchange.close()

    def _fail(self, kind: str, text: str, process: str | None) -> None:
        last = next(
            (held for held in reversed(self.running.traffic.done) if held.failure is not None),
            None,
        )
        failure = last.failure if last else None
        self.trial.failures.append(
            Failure(
                kind="symptom" if kind == "symptom" else "status",
                text=text,
                process=process,
                code=failure.code if failure else None,
                constraint=failure.constraint if failure else None,
                table=failure.table if failure else None,
                operation=last.index if last else None,
            )
        )
