"""The lab: a system that can be run as often as needed, under any order of events."""

from __future__ import annotations

import select
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg
import valkey

from redhanded.case.errors import LabError
from redhanded.case.operation import OperationName
from redhanded.case.run import Failure, OutputLine, Run
from redhanded.case.schedule import Followed, Schedule
from redhanded.case.system import Delivery, SymptomPattern, System
from redhanded.lab.choices import Choices
from redhanded.lab.clock import monotonic_ms
from redhanded.lab.commands import Command, Finished, run_command
from redhanded.lab.error_lines import is_error, shape, unusual_errors
from redhanded.lab.explorers import Explorer, Straight, Taken
from redhanded.lab.explorers.follow import Follow
from redhanded.lab.explorers.systematic import Exploration, explore
from redhanded.lab.held import Held
from redhanded.lab.outside import build
from redhanded.lab.reset import Baseline
from redhanded.lab.running import RunningSystem
from redhanded.lab.services import claimed
from redhanded.lab.stage import OUTSIDE, Planned, Stage, Trial
from redhanded.lab.starting import start
from redhanded.lab.trees import materialise

Say = Callable[[str], None]
WARM_UP_TRIALS = 3
CALL_BACK_MS = 1000.0
CONSUMING = {"blpop", "brpop", "brpoplpush", "blmove", "blmpop", "bzpopmin", "bzpopmax", "bzmpop"}
"""Commands that ``CLIENT UNBLOCK`` may end: the lab can hold them instead."""
COMMAND_TIMEOUT_S = 120.0
NO_ANSWER = "no answer within"


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
        self._baseline: Baseline | None = None
        self._usual: set[str] = set()

    # Trials.

    def serial(self, deliveries: int | None = None) -> Run:
        """All deliveries one after the other, each until its work is done."""
        return self.play(Straight(), deliveries).run

    def follow(self, schedule: Schedule) -> Run:
        """One trial under the constraints of ``schedule``."""
        explorer = Follow(schedule)
        played = self.play(explorer, schedule.deliveries)
        done = [held for held in self.running.traffic.done if not held.ambient]
        answered = [held.name for held in done if held.replied_ms is not None]
        unseen = frozenset(held.name for held in done if held.uncommitted)
        return replace(played.run, followed=explorer.followed(answered, unseen))

    def play(self, explorer: Explorer, deliveries: int | None = None) -> Played:
        """One trial in which ``explorer`` makes every choice."""
        self.reset()
        traffic = self.running.traffic
        unique = self._choices.token()
        traffic.holding = True
        traffic.begin((unique,))
        started = monotonic_ms()
        trial = self.stage.play(explorer, lambda: self._plan(unique, deliveries))
        duration = monotonic_ms() - started
        operations = tuple(held.operation() for held in traffic.done if held.replied_ms is not None)
        answers = self._answers()
        self.stage.finish()
        if not trial.failures:
            trial.failures += self._other_failures(trial)
        if not trial.failures and self.strict:
            trial.failures += unusual_errors(trial.lines, self._usual)
        self.trials += 1
        run = Run(
            operations=operations,
            failures=tuple(trial.failures),
            answers=answers,
            output=tuple(trial.lines),
            followed=Followed(following="followed"),
            order=tuple(taken.chosen for taken in trial.trace),
            widths=tuple(len(taken.step.candidates) for taken in trial.trace),
            preemptions=trial.preemptions,
            quiescent=trial.quiescent,
            egress=self.running.namespace.egress(),
            duration_ms=duration,
        )
        return Played(run=run, trace=tuple(trial.trace))

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
        return (*self.running.limits, *self.running.traffic.notes, *self.running.pollers())

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
        self._baseline = Baseline(self.running)
        for _ in range(WARM_UP_TRIALS):
            run = self.serial()
            self.stage.learning = False
            self._usual |= {shape(line.text) for line in run.output if is_error(line.text)}
            silent = any(NO_ANSWER in failure.text for failure in run.failures)
            if silent or run.egress or not run.quiescent:
                break
        self.reset()

    def reset(self) -> None:
        """Rows, sequences and keys as they were after migrations and setup."""
        died = self.running.died()
        if died is not None:
            raise LabError(died)
        if not self.running.traffic.holding:
            self._hold_again()
        if self._baseline is not None:
            self._baseline.restore()
        self.running.namespace.clear_egress()

    def receiver(self, entry: Delivery) -> str:
        """The first replica of the process that a workload entry goes to."""
        for name, program in self.running.programs.items():
            if program.process.name == entry.to:
                return name
        raise LabError(f"The workload goes to `{entry.to}`, which is not a process.")

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

    def _plan(self, unique: str, deliveries: int | None) -> list[Planned]:
        planned: list[Planned] = []
        for entry in self.system.workload:
            count = entry.deliveries if deliveries is None else max(1, deliveries)
            if deliveries is not None and entry.deliveries == 1:
                count = 1 if len(self.system.workload) > 1 else deliveries
            for _ in range(count):
                planned.append(self._planned(entry, unique, len(planned) + 1))
        return planned

    def _planned(self, entry: Delivery, unique: str, number: int) -> Planned:
        program = self.receiver(entry)
        request = build(entry, unique, self.running.programs[program].environment)
        task = f"delivery {number}"
        path = entry.path.partition("?")[0].replace("{unique}", "*")
        held = Held(
            protocol="delivery",
            process=OUTSIDE,
            role=OUTSIDE,
            service=program,
            kind=entry.method,
            target=path,
            access="write",
            text=request.text[:2000],
            fingerprint=f"{entry.method} {path}",
            touches=(),
            cause=None,
            task=task,
            arrived_ms=-1.0,
        )
        return Planned(task=task, entry=entry, process=program, request=request, held=held)

    def _answers(self) -> tuple[int, ...]:
        return tuple(
            (planned.exchange.status or 0) if planned.exchange is not None else 0
            for planned in self.stage.planned
        )

    def _other_failures(self, trial: Trial) -> list[Failure]:
        died = self.running.died()
        if died is not None:
            return [Failure(kind="status", text=died)]
        if trial.unanswered:
            who = " and ".join(trial.unanswered)
            return [Failure(kind="status", text=f"{who}: {NO_ANSWER} 5 s")]
        wanted = self.symptom
        if wanted.sqlstate is not None:
            for process, failure in self.running.traffic.wire_failures:
                if failure.code == wanted.sqlstate:
                    return [
                        Failure(
                            kind="symptom",
                            text=failure.message,
                            process=process,
                            code=failure.code,
                            constraint=failure.constraint,
                            table=failure.table,
                        )
                    ]
        if wanted.status is not None and wanted.status in self._answers():
            return [Failure(kind="symptom", text=f"HTTP status {wanted.status}")]
        return self._broken_invariants()

    def _broken_invariants(self) -> list[Failure]:
        failures = []
        for invariant in self.system.invariants:
            for name, server in self.running.servers.items():
                if server.admin is None or invariant.service not in (None, name):
                    continue
                rows = server.admin.execute(invariant.sql.encode()).fetchall()
                if rows:
                    text = f"{invariant.name}: {rows[0]!r}"
                    failures.append(Failure(kind="invariant", text=text[:500]))
        return failures


@contextmanager
def open_lab(
    system: System,
    *,
    folder: Path,
    root: Path | None = None,
    files: Mapping[str, str] | None = None,
    symptom: SymptomPattern | None = None,
    seed: int = 0,
    strict: bool = False,
    allow_existing: bool = False,
    say: Say | None = None,
) -> Iterator[Lab]:
    """Starts the system in a lab, warmed up; everything it started is gone afterwards.

    It runs in a copy of ``root`` (another state of the source than ``system.root``, if given) with
    ``files`` (path to content) put over it. With ``strict``, error lines that serial runs do not
    write are failures as well as the symptom. Raises ``LabError`` if the system cannot be run, and
    ``InputError`` for a server by URL that holds something, unless ``allow_existing``.
    """
    tell = say or (lambda _sentence: None)
    with _running(system, folder, root, files, allow_existing, tell) as running:
        lab = Lab(running, symptom or system.symptom, seed)
        lab.strict = strict
        tell("first trials, to fill pools and caches")
        lab.warm_up()
        yield lab


@contextmanager
def open_services(
    system: System,
    *,
    folder: Path,
    root: Path | None = None,
    files: Mapping[str, str] | None = None,
    allow_existing: bool = False,
    say: Say | None = None,
) -> Iterator[Services]:
    """The system's servers, migrated, without its processes: for commands such as tests."""
    tell = say or (lambda _sentence: None)
    alone = replace(system, processes=())
    with _running(alone, folder, root, files, allow_existing, tell) as running:
        yield Services(running)


@contextmanager
def _running(
    system: System,
    folder: Path,
    root: Path | None,
    files: Mapping[str, str] | None,
    allow_existing: bool,
    tell: Say,
) -> Iterator[RunningSystem]:
    with claimed(folder):
        tree = materialise(
            system, root or Path(system.root), folder / "tree", files=files, say=tell
        )
        running = start(system, root=tree, folder=folder, allow_existing=allow_existing, say=tell)
        try:
            yield running
        except (psycopg.OperationalError, valkey.ConnectionError) as error:
            raise LabError(
                f"A server of the lab stopped answering: {str(error).strip()}. Its log is in "
                f"{folder}."
            ) from error
        finally:
            running.close()
            shutil.rmtree(tree, ignore_errors=True)


class Services:
    """Servers that are up, for commands; made by ``open_services``."""

    def __init__(self, running: RunningSystem) -> None:
        self._running = running
        self._baseline = Baseline(running)

    def run(self, command: str, *, timeout_s: float = COMMAND_TIMEOUT_S) -> Finished:
        """Runs a shell command in the tree, on rows and keys as they were after migration."""
        self._baseline.restore()
        return run_command(self._running, command, timeout_s=timeout_s)

    def begin(self, command: str, *, timeout_s: float = COMMAND_TIMEOUT_S) -> Command:
        """The same without waiting: ``turn`` until ``look`` of the command says how it ended."""
        self._baseline.restore()
        return Command(self._running, command, timeout_s=timeout_s)

    def turn(self) -> None:
        """Moves what is ready."""
        self._running.pump.turn(0.0)

    def fileno(self) -> int:
        """Readable while something is ready: wait for several with ``select``."""
        return self._running.pump.fileno()


def wait_for_any(services: Sequence[Services], wait_s: float) -> None:
    """Until one of several has something to move, at most so long."""
    select.select(services, (), (), wait_s)


def lines_of(run: Run, process: str) -> Sequence[OutputLine]:
    """What one process wrote in a run."""
    return [line for line in run.output if line.process == process]


def names_of(run: Run) -> list[OperationName]:
    """The operations that somebody chose or could have chosen, in their order."""
    return [operation.name for operation in run.operations if not operation.ambient]
