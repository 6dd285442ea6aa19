"""Why a process sends what it sends, and for which delivery.

One answer is delivered at a time, so what a process sends next was caused by it. A job that goes
from one process to another is followed by its identifier, by way of Redis (``tasks``) or of a table
in PostgreSQL (``job_rows``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Set
from dataclasses import replace

from redhanded.case.operation import Mark
from redhanded.lab.held import NOTHING, UNKNOWN_TASK, Held, Named, unnamed
from redhanded.lab.job_rows import Ask, Job, JobRows
from redhanded.lab.polls import House, Polls, house_of, look_of, said_of
from redhanded.lab.repertoire import identity
from redhanded.lab.tasks import Tasks

STATEMENT_MAX = 2000
"""Characters of a statement that are kept in a name."""
ENDS = ("COMMIT", "ROLLBACK")
STARTING_TRIALS = 2
"""After so many trials a process that has heard of nothing is not getting ready any more."""


class Causes:
    """The causal tree of one trial, as it grows."""

    def __init__(
        self, keys: Callable[[str], list[bytes]], ask: Ask = lambda _service, _sql: []
    ) -> None:
        self.done: list[Held] = []
        """In the order of release."""
        self.named: Named = unnamed
        """What a schedule speaks of waits for its turn, also what has no effect on anything."""
        self.tasks = Tasks()
        self.rows = JobRows(ask)
        self._keys = keys
        self._now: dict[str, int] = {}
        """Process to the operation whose answer it got in this step."""
        self._last: dict[str, dict[str, int]] = {}
        """Process and task to the last operation of it that the process heard of, oldest first."""
        self._child_task: dict[int, str] = {}
        self._counts: dict[tuple[str, ...], int] = {}
        self._repeated: dict[House, int] = {}
        self._starting: dict[str, int] = {}
        """Processes that have heard of nothing since they were started, and trials since then."""
        self._pauses_after: set[House] = set()
        self._by_timer: set[House] = set()
        self._perhaps_by_timer: set[House] = set()
        self._by_message: set[House] = set()
        self.polls = Polls()
        self._shared: dict[str, None] = {}
        self._woken: set[str] = set()
        """Processes that were told of a notification in this step."""
        self._preludes: set[House] = set()
        """What comes on a connection just before a look, and touches nothing."""
        self._traced: set[str] = set()
        """Roles of whose operations some came with a line."""

    def begin(
        self,
        redis_services: set[str],
        waited_at: Iterable[bytes] = (),
        databases: Iterable[str] = (),
    ) -> None:
        """Starts a trial: forgets the last one, but not what keeps house."""
        self.done = []
        self.polls.begin()
        self.next_step()
        self._last.clear()
        self._child_task.clear()
        self._counts.clear()
        self._repeated.clear()
        for process, trials in list(self._starting.items()):
            if trials == STARTING_TRIALS:
                del self._starting[process]
            else:
                self._starting[process] = trials + 1
        keys = {service: self._keys(service) for service in redis_services}
        self.tasks.begin(keys, waited_at)
        self.rows.begin(databases)

    def of(self, process: str) -> int | None:
        """What caused something that ``process`` sends now; None: a timer."""
        return self._now.get(process)

    def next_step(self) -> None:
        """Nothing was delivered yet in the step that begins."""
        self._now.clear()
        self._woken.clear()

    def wake(self, process: str) -> None:
        """``process`` is told of a notification."""
        self._woken.add(process)

    def only_timers(self, processes: Iterable[str]) -> None:
        """What these send from now on in this step comes from timers that were set before it."""
        for process in processes:
            self._now.pop(process, None)

    def tell(self, process: str, held: Held) -> None:
        """``process`` is given a message by ``held``."""
        self._now[process] = held.index
        self._heard(process, held)

    def starts(self, process: str) -> None:
        """Whoever is called ``process`` from now on has heard of nothing, and gets ready."""
        self._now.pop(process, None)
        self._last.pop(process, None)
        self._starting[process] = 0

    def only_house(self, cause: int) -> bool:
        """Whether what ``cause`` leads to is housekeeping as well."""
        return self.done[cause].ambient and not self._child_task.get(cause)

    def keeps_house(
        self, held: Held, came_by_timer: bool, perhaps: bool = False, paused: bool = False
    ) -> bool:
        """Whether a library's timer sends this, even where it happens to follow a message.

        Known by having come unasked before it ever came in answer to a message. What an
        application's line sends comes unasked only if its process has heard of nothing yet; so it
        is where no lines are known, if a pause was waited for (``paused``). Where a timer fell due
        while a message was worked on, either may be meant (``perhaps``): that is held against it
        only until it comes in answer to a message alone. A look for jobs is housekeeping whenever a
        timer may have sent it; what it hands out is not. Nor does it say anything that a process
        sends it to get ready: a worker may tell of itself at its start and with each job. What
        only followed housekeeping came in answer to no work.
        """
        key, look = house_of(held), look_of(held)
        if held.stack:
            self._traced.add(held.role)
        if held.protocol == "postgres" and self._is_of_a_look(held, came_by_timer):
            return True
        if came_by_timer and held.process in self._starting:
            self.polls.came_at_rest(held, look)
            return True
        if self.polls.knows(look) and (came_by_timer or perhaps):
            return True
        if came_by_timer:
            work = bool(held.stack) or (paused and held.role not in self._traced)
            unasked = not (work and self._last.get(held.process))
            if unasked and key not in self._by_message:
                self._by_timer.add(key)
        elif perhaps:
            self._perhaps_by_timer.add(key)
        elif key not in self._by_timer:
            self._perhaps_by_timer.discard(key)
            if not held.ambient:
                self._by_message.add(key)
        return key in self._by_timer or key in self._perhaps_by_timer

    def set_aside(self, held: Held) -> None:
        """Housekeeping belongs to no task; what its process was at when it came is kept."""
        at = held.cause
        if at is not None and self.only_house(at):
            at = self.done[at].meanwhile
        held.meanwhile = at
        held.task, held.cause, held.ambient = UNKNOWN_TASK, None, True

    def follow_house(self, held: Held, cause: int) -> None:
        """What follows housekeeping is housekeeping too, but for what an application's line sends
        where it only stood in the way: a thread that fires a timer between a message and its work
        waits for the timer's answer first."""
        work = self.done[cause].meanwhile
        if work is None or not held.stack:
            held.ambient, held.meanwhile = True, work
        else:
            held.cause, held.task = work, self.task_after(work)

    def _is_of_a_look(self, held: Held, came_by_timer: bool) -> bool:
        """Whether a statement is a look for jobs, or what leads to one or goes on after one.

        A known one is, whatever came before it: a worker looks again when a job is done.
        """
        look, cause = look_of(held), self._now.get(held.process)
        held.woken = held.process in self._woken if cause is None else self.done[cause].woken
        if self.polls.knows(look):
            self._learn_prelude(held)
            return True
        if cause is None and held.woken:
            return True
        if cause is not None and held.ambient and held.process in self._starting:
            if not held.woken:
                self.polls.came_at_rest(held, look)
            return True
        return came_by_timer and self._leads_to_a_look(held)

    def _leads_to_a_look(self, held: Held) -> bool:
        """Or executes nothing: a driver prepares a statement once it was sent a few times."""
        return held.kind == NOTHING or house_of(held) in self._preludes

    def _learn_prelude(self, look: Held) -> None:
        for earlier in reversed(self.done):
            if earlier.connection == look.connection:
                if not (earlier.free and earlier.ambient) or earlier.kind in ENDS:
                    return
                self._preludes.add(house_of(earlier))

    def is_prelude(self, cause: int) -> bool:
        """Whether ``cause`` says nothing of what it leads to: a timer sends both."""
        before = self.done[cause]
        return before.ambient and before.free and self._leads_to_a_look(before)

    def is_poll(self, held: Held) -> bool:
        """Whether it is how a worker looks for jobs, and was sent for nobody."""
        return held.ambient and self.polls.knows(look_of(held))

    def turn_of(self, held: Held) -> str:
        """Looks at a table come last and by the name of their process: a notification wakes several
        workers at once."""
        return held.process if held.protocol == "postgres" and self.is_poll(held) else ""

    def unpolled(self) -> dict[str, float]:
        """Roles whose workers did not look for jobs since there may be one; see ``Polls``."""
        return self.polls.unpolled(self.done, look_of)

    def expected(self, held: Held) -> bool:
        """Whether the like of it came in answer to a message before, and by no timer."""
        known = self.polls.knows(look_of(held))
        return house_of(held) in self._by_message and not known

    def task_of(self, held: Held) -> str:
        """The task of a parked operation; of a blocked consumer: of whoever fed it."""
        if held.task or held.blocking is None:
            return held.task
        for key in held.blocking.keys:
            database = held.unit.database if held.unit is not None else 0
            task = self.tasks.next_up(held.service, key, database)
            if task:
                return task
        return UNKNOWN_TASK

    def resumed(self, process: str, busy: Set[str]) -> int | None:
        """What a timer of ``process`` goes on with: the last that a task of it heard of.

        Tasks that are ``busy`` wait for an answer, not for a timer. Of those that stand where a
        pause was seen before the first to get there; else the one that was heard of last.
        """
        heard = self._last.get(process, {})
        idle = [index for task, index in heard.items() if task not in busy]
        pausing = [index for index in idle if house_of(self.done[index]) in self._pauses_after]
        if pausing:
            return pausing[0]
        return next(reversed(idle or list(heard.values())), None)

    def adopt(self, held: Held, cause: int) -> None:
        """Takes an operation that a timer sent for work of ``cause``'s task."""
        self._pauses_after.add(house_of(self.done[cause]))
        held.cause, held.task, held.ambient = cause, self.task_after(cause), False

    def task_after(self, cause: int) -> str:
        """The task of what ``cause`` leads to."""
        return self._child_task.get(cause) or self.done[cause].task

    def count(self, held: Held) -> None:
        """Numbers operations of the same name within their task."""
        held.occurrence = self.next_occurrence(held, held.task)
        self._counts[self._counted(held, held.task)] = held.occurrence
        held.mark = Mark(statement=held.fingerprint[:STATEMENT_MAX], uncommitted=held.uncommitted)
        same = (held.task, *identity(held.name))
        self._repeated[same] = self._repeated.get(same, 0) + 1
        held.mark = replace(held.mark, repetition=self._repeated[same])
        held.free = held.free and not self.named(held.name)

    def next_occurrence(self, held: Held, task: str) -> int:
        """The number it gets if it is counted for ``task`` now."""
        return self._counts.get(self._counted(held, task), 0) + 1

    def _counted(self, held: Held, task: str) -> tuple[str, ...]:
        return (task, held.role, held.protocol, held.kind, held.target, held.access)

    def take_place(self, held: Held, now_ms: float) -> None:
        """Gives a released operation its place in the order."""
        blocked_consumer = held.blocking is not None
        if blocked_consumer:
            held.task = self.task_of(held)
            held.cause = self._producer(held)
            self.count(held)
        held.index = len(self.done)
        held.released_ms = now_ms
        held.state = "sent"
        self.done.append(held)
        self.next_step()
        if held.protocol == "redis" and held.task and not held.ambient:
            self.tasks.wrote(held.task, held.touches)
            if held.access == "write" and held.unit is not None and not blocked_consumer:
                for command in held.unit.commands or (held.unit.arguments,):
                    self.tasks.pushed(held.task, held.service, command)

    def _producer(self, held: Held, task: str | None = None) -> int | None:
        """The last operation (of ``task``) that wrote the key a blocked consumer waits for."""
        keys = {touch.resource for touch in held.touches}
        for earlier in reversed(self.done):
            if earlier.service != held.service or earlier.ambient or earlier is held:
                continue
            if task is None or earlier.task == task:
                for touch in earlier.touches:
                    if touch.access == "write" and touch.resource in keys:
                        return earlier.index
        return None

    def delivered(self, held: Held) -> None:
        """The process of ``held`` has got its answer; nothing that it sends was read since."""
        if held.index < 0:
            return
        self._now[held.process] = held.index
        if held.protocol == "redis":
            self._learn_jobs(held)
        elif held.protocol == "postgres":
            self._learn_rows(held)
        self._heard(held.process, held)

    def _heard(self, process: str, held: Held) -> None:
        if not self.only_house(held.index):
            self._starting.pop(process, None)
            heard = self._last.setdefault(process, {})
            task = self.task_after(held.index)
            heard.pop(task, None)
            heard[task] = held.index

    def _learn_jobs(self, held: Held) -> None:
        answer = bytes(held.answer)
        made: set[bytes] = set()
        if held.access == "write" and held.task and not held.ambient:
            keys = self._keys(held.service)
            made = self.tasks.keys_now(held.task, held.service, keys, answer)
        handed = self._handed_out(held, answer, made)
        if handed is None:
            return
        self._child_task[held.index] = handed
        house = house_of(held)
        self.polls.handed_out(held, house)
        self._by_timer.discard(house)
        self._perhaps_by_timer.discard(house)
        self._by_message.add(house)
        if held.blocking is not None:
            held.cause = self._producer(held, handed)
            if handed != held.task:
                self._counts[self._counted(held, held.task)] -= 1
                held.task = handed
                self.count(held)

    def _handed_out(self, held: Held, answer: bytes, made: set[bytes]) -> str | None:
        """Whose job an answer hands to a consumer.

        A script that answers with nothing but an identifier made the job, or found it made.
        """
        if held.blocking is not None or held.ambient:
            keys = held.blocking.keys if held.blocking else _keys_of(held)
            served = self.tasks.served(held.service, keys, answer)
            if served is not None:
                return served
        if held.kind.startswith("EVAL") and answer.startswith(b"$"):
            return None
        return self.tasks.handed_out(answer, made=made)

    def _learn_rows(self, held: Held) -> None:
        look = look_of(held)
        claims = held.access == "write" and self.polls.has_given(look)
        if held.touches and (held.ambient or claims):
            if held.ambient:
                self.rows.looked_at(held)
            self.polls.came(look, said_of(held.unit))
            jobs = self.rows.handed_out(held)
            if jobs:
                self._give(held, jobs)
            else:
                self.polls.was_in_vain(look)
        written = held.access == "write" and not held.uncommitted and held.failure is None
        if written and not self.polls.knows(look):
            self.polls.feeds(held, self.rows.wrote(held, held.task))

    def _give(self, held: Held, jobs: list[Job]) -> None:
        """Whoever asked has got these jobs, the first of them to be done first."""
        self._child_task[held.index] = jobs[0].task
        self.polls.gave(held, frozenset(job.place for job in jobs))
        if held.ambient:
            held.cause = jobs[0].index
        if len({job.task for job in jobs}) > 1:
            self._shared[
                f"{held.role}: one answer handed out jobs of several deliveries; all that followed "
                "counts as work of the first."
            ] = None

    def sentences(self) -> list[str]:
        """Which jobs could not be followed."""
        return [*self._shared, *self.rows.sentences()]


def _keys_of(held: Held) -> tuple[bytes, ...]:
    """Keys that a command without waiting may take a job from."""
    return held.unit.arguments[1:2] if held.unit is not None else ()
