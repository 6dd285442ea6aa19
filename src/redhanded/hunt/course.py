"""One hunt under way: which stages are done, what they found, who passed the gates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from redhanded import contract, store
from redhanded.case.case import Case, Gate, Stage
from redhanded.case.codemap import CodeMap
from redhanded.case.errors import InputError, LabError
from redhanded.case.fix import Fix
from redhanded.case.request import HuntRequest, Listener
from redhanded.case.symptom import Symptom
from redhanded.case.system import System
from redhanded.hunt import cards, explore, program, prove, repair, reproduce, suspect, wanted
from redhanded.hunt.laid_over import laid_over, with_lost_frames
from redhanded.hunt.laying_out import free_place, lay_out
from redhanded.hunt.outcome import outcome
from redhanded.hunt.repair import Ground
from redhanded.lab import open_lab
from redhanded.lab.clock import monotonic_ms, timestamp
from redhanded.lab.services import reap_abandoned
from redhanded.source.flow.charting import Chart

LABS = "labs"
"""The folder of a case in which its labs are."""
NOT_RUN = "Not run in a lab: "


@contextmanager
def opened(request: HuntRequest, listener: Listener) -> Iterator[Course]:
    """The case that was asked for, open for writing until the block ends."""
    for folder in store.all_cases(request.target):
        for left in reap_abandoned(folder / LABS):
            listener.step(f"ended what a killed run left: {left}")
    if request.resume:
        with store.resume_case(request.target, request.case) as case:
            yield Course(
                replace(
                    case.request,
                    yes=request.yes,
                    until=request.until,
                    decided_by=request.decided_by,
                    allow_remote=request.allow_remote or case.request.allow_remote,
                    allow_existing=request.allow_existing or case.request.allow_existing,
                ),
                listener,
                case,
            )
        return
    if not request.target.is_dir():
        raise InputError(f"There is no folder {request.target}: give the path of the project.")
    system = _system(request)
    symptom = None
    if request.logs:
        # Read before anything is written: a log that cannot be read leaves no case behind.
        listener.stage("observe", cards.STAGES["observe"])
        began = monotonic_ms()
        symptom = wanted.symptom(request, system, request.target, listener.step)
        seconds = (monotonic_ms() - began) / 1000.0
    with store.open_case(request) as case:
        course = Course(request, listener, case, system=system)
        if symptom is not None:
            course.observed(symptom, seconds)
        yield course


class Course:
    """The stages of one case, in order; each is skipped if it is finished."""

    def __init__(
        self,
        request: HuntRequest,
        listener: Listener,
        case: store.OpenCase,
        *,
        system: System | None = None,
    ) -> None:
        self.request = request
        self.listener = listener
        self._open = case
        self.case: Case = case.read()
        self._before = self.case.finished
        self._stopped = False
        self._system = system or _system(request)
        self._root = self._lay_out()

    # The stages.

    def observe(self) -> None:
        if self._skip("observe"):
            return
        self.listener.stage("observe", cards.STAGES["observe"])
        began = monotonic_ms()
        symptom = wanted.symptom(self.request, self._system, self._root, self.listener.step)
        self.observed(symptom, (monotonic_ms() - began) / 1000.0)

    def observed(self, symptom: Symptom, seconds: float) -> None:
        """Keeps what the logs said."""
        self._keep("observe", seconds, symptom=symptom)
        self._say(cards.symptom(symptom))

    def explore(self) -> None:
        if self._skip("explore"):
            return
        self.listener.stage("explore", cards.STAGES["explore"])
        began = monotonic_ms()
        code = explore.drawn(
            self._program, self._root, wanted.source(self._system), self.case.symptom
        )
        self._keep("explore", (monotonic_ms() - began) / 1000.0, code=code)
        self._say(cards.code(code))

    def suspect(self) -> None:
        if self._skip("suspect"):
            return
        self.listener.stage("suspect", cards.STAGES["suspect"])
        began = monotonic_ms()
        found = suspect.findings(self._program, self._root, wanted.source(self._system))
        tables = wanted.tables(self.case.symptom, self._system, self._code())
        hypotheses = suspect.rank(self.case.symptom, self._code(), found, tables=tables)
        self._keep("suspect", (monotonic_ms() - began) / 1000.0, hypotheses=hypotheses)
        self._say(cards.hypotheses(hypotheses))

    def reproduce(self) -> None:
        if self._skip("reproduce"):
            return
        self.listener.stage("reproduce", cards.STAGES["reproduce"])
        if self._system is None:
            self._undecided(cards.no_contract(self.request.target))
            return
        if not self._system.workload:
            self._undecided(
                "redhanded.toml has no [[workload]], so the lab does not know what to send: add "
                'one with `to` and `request`, e.g. request = "POST /webhooks/…".'
            )
            return
        try:
            self._reproduce(self._system)
        except LabError as error:
            self._undecided(str(error))

    def caught(self) -> bool:
        """Whether a failure was reproduced."""
        found = self.case.reproduction
        return found is not None and found.schedule is not None

    def repair(self) -> None:
        ground = self._ground()
        if self._skip("repair") or ground is None:
            return
        self.listener.stage("repair", cards.STAGES["repair"])
        began = monotonic_ms()
        fix = repair.drafted(
            ground,
            hypotheses=self.case.hypotheses,
            branch=f"redhanded/{self.case.identifier}",
            free_folder=lambda: self._open.free_folder("worktree"),
        )
        if fix is None:
            remedies = repair.named(ground, self.case.hypotheses)
            why = (*repair.unwritten(ground, remedies), *repair.refused(ground))
            self._note(" ".join((cards.NO_REMEDY, *why)))
            return
        self._keep("repair", (monotonic_ms() - began) / 1000.0, fix=fix)
        self._say(cards.fix(fix))

    def prove(self) -> None:
        fix, found = self.case.fix, self.case.reproduction
        if self._skip("prove") or fix is None or found is None or found.schedule is None:
            return
        if self._system is None or not fix.chosen:
            return
        self.listener.stage("prove", cards.STAGES["prove"])
        began = monotonic_ms()
        try:
            self._prove(self._system, fix, began)
        except LabError as error:
            self._note(f"The proof could not be made: {error}")

    def conclude(self) -> Case:
        """The outcome, from what the stages found."""
        word = outcome(self.case)
        summary = cards.summary(self.case, word)
        return self._open.append("note", {"outcome": word, "summary": summary})

    def gate(self, number: int, name: str) -> bool:
        """Asks a person, unless the gate was passed before or ``--yes`` was given."""
        if self._stopped or self._done(number):
            return not self._stopped and not self._beyond()
        if number > 1 and not self._worth(number):
            return False
        passed = self.request.yes or self.listener.gate(number, name, cards.card(number, self.case))
        gate = Gate(
            number=number,
            name=name,
            decision="passed" if passed else "stopped",
            by=self.request.decided_by or ("--yes" if self.request.yes else "a person"),
            at=timestamp(),
        )
        kept = tuple(each for each in self.case.gates if each.number != number)
        self.case = self._open.append("gate", {"gates": (*kept, gate)})
        self._stopped = not passed
        return passed and not self._beyond()

    # Inside.

    def _reproduce(self, system: System) -> None:
        effort = reproduce.QUICK if self.request.quick else reproduce.Effort()
        if self.request.natural_trials is not None:
            effort = replace(effort, natural_trials=self.request.natural_trials)
        began = monotonic_ms()
        with open_lab(
            system,
            folder=self._open.folder / LABS / "reproduce",
            root=self._root,
            symptom=wanted.pattern(system, self.case.symptom),
            seed=self.request.seed,
            allow_existing=self.request.allow_existing,
            say=self.listener.step,
        ) as lab:
            first = lab.serial()
            reproduce.check(first, system.workload)
            runs = natural, simultaneous = reproduce.watch_nature(
                lab, self.case.symptom, effort, self.listener.progress
            )
            self._say(cards.natural(natural, simultaneous))
            found, said = reproduce.hunt(
                lab, self.case.symptom, runs, effort, self.listener.step, self.listener.progress
            )
            limits = (*said, *lab.limits, *cards.uncontrolled(system))
        found = with_lost_frames(self._program, found)
        hypotheses = suspect.judge(self.case.hypotheses, found, natural, self._code())
        cause = suspect.blame(hypotheses, found, self._code())
        if self.request.quick:
            limits = (*limits, cards.QUICK)
        self._keep(
            "reproduce",
            (monotonic_ms() - began) / 1000.0,
            natural=natural,
            simultaneous=simultaneous,
            reproduction=found,
            hypotheses=hypotheses,
            root_cause=cause,
            overlay=laid_over(self._program, found.run),
            limits=_merged(_still_true(self.case.limits), limits),
        )
        self._say(cards.reproduction(found, cause, hypotheses))

    def _prove(self, system: System, fix: Fix, began: float) -> None:
        drafted = self._ground()
        if drafted is None or (schedule := drafted.reproduction.schedule) is None:
            return
        effort = prove.QUICK if self.request.quick else prove.Effort()
        folder = self._open.free_folder(f"{LABS}/prove")
        ground = prove.Ground(
            system=system,
            root=self._root,
            folder=folder,
            symptom=wanted.pattern(system, self.case.symptom),
            schedule=schedule,
            seed=self.request.seed,
            allow_existing=self.request.allow_existing,
        )
        by_key = {part.key: part for part in fix.parts}
        files = [
            (keys, repair.combine(self._root, [by_key[key] for key in keys]))
            for keys in self._subsets(fix)
        ]
        progress = self.listener.progress
        subsets = prove.compare(ground, files, effort, progress)
        self._say(cards.subsets(subsets))
        chosen = repair.combine(self._root, [by_key[key] for key in fix.chosen])
        planted = repair.plant(drafted)
        test_files, test_command = {}, None
        if fix.test_path:
            path, text = repair.regression_test(drafted)
            test_files, test_command = {path: text}, repair.command_for(drafted)
        trees = prove.Trees(
            fixed=chosen,
            test=test_files,
            planted=planted.files if planted else None,
            test_command=test_command,
            own_command=system.test_command,
        )
        counted = prove.test(ground, trees, effort, progress)
        planted_serial = (
            prove.serial_planted(ground, planted.files, effort) if planted is not None else None
        )
        exploration = prove.explore(ground, chosen, effort, progress)
        subset = next((each for each in subsets if each.parts == fix.chosen), None)
        proof = prove.conclude(counted, planted_serial, exploration, subset)
        self._keep(
            "prove",
            (monotonic_ms() - began) / 1000.0,
            fix=replace(fix, subsets=subsets),
            proof=proof,
        )
        self._say(cards.proof(proof))

    def _ground(self) -> Ground | None:
        """What remedies go by; None where nothing was reproduced."""
        case, system = self.case, self._system
        if system is None or case.root_cause is None or case.reproduction is None:
            return None
        return Ground(
            root=self._root,
            system=system,
            code=self._code(),
            cause=case.root_cause,
            reproduction=case.reproduction,
            symptom=case.symptom,
        )

    def _subsets(self, fix: Fix) -> list[tuple[str, ...]]:
        """Nothing, then every subset; in a quick hunt each part alone and the chosen ones."""
        every = repair.subsets(fix.parts)
        if self.request.quick:
            every = tuple(keys for keys in every if len(keys) == 1 or keys == fix.chosen)
        return [(), *every]

    def _lay_out(self) -> Path:
        """The tree to hunt in: the target, or what its lay-out command made of it."""
        command = self._system.lay_out if self._system else None
        if command is None:
            return self.request.target
        known = Path(self.case.target)
        if known != self.request.target and known.is_dir():
            return self._in(known)
        laid_out = free_place(self.request.target, self.case.identifier)
        self.listener.step("laying the system out as a repository of its own")
        lay_out(command, self.request.target, laid_out)
        self.case = self._open.append("note", {"target": str(laid_out)})
        return self._in(laid_out)

    def _in(self, root: Path) -> Path:
        if self._system is not None:
            self._system = replace(self._system, root=str(root))
        return root

    @cached_property
    def _program(self) -> Chart:
        """The source as it stands."""
        return program.read(self._root, program.usual_folder())

    def _code(self) -> CodeMap:
        return self.case.code or CodeMap(root=str(self._root), files=0)

    def _skip(self, stage: Stage) -> bool:
        if stage in self.case.finished:
            if stage in self._before:
                self.listener.finding(f"{stage}: finished before, taken from the case")
            return True
        return self._stopped

    def _beyond(self) -> bool:
        """Whether the last stage that was asked for is done."""
        return self.request.until is not None and self.request.until in self.case.finished

    def _worth(self, number: int) -> bool:
        if number == 3:
            return self.case.fix is not None
        return number != 4 or self.case.proof is not None

    def _done(self, number: int) -> bool:
        return any(gate.number == number and gate.decision == "passed" for gate in self.case.gates)

    def _keep(self, stage: str, seconds: float, **values: object) -> None:
        self.case = self._open.append(stage, values, seconds=seconds)

    def _note(self, limit: str) -> None:
        self.case = self._open.append("note", {"limits": _merged(self.case.limits, (limit,))})
        self.listener.finding(limit)

    def _undecided(self, why: str) -> None:
        self._note(f"{NOT_RUN}{why}")

    def _say(self, sentences: Sequence[str]) -> None:
        for sentence in sentences:
            self.listener.finding(sentence)


def _system(request: HuntRequest) -> System | None:
    """The contract; None where there is none, which only the lab needs."""
    if not (request.target / contract.FILE_NAME).is_file():
        return None
    return contract.read(request.target, allow_remote=request.allow_remote)


def _still_true(limits: Sequence[str]) -> tuple[str, ...]:
    """Without the reasons for which an earlier attempt could not be run."""
    return tuple(limit for limit in limits if not limit.startswith(NOT_RUN))


def _merged(old: Sequence[str], new: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*old, *new)))
