"""What a case says, in plain sentences; the terminal, the page and the Markdown share them."""

from __future__ import annotations

import math
import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from redhanded.case.advice import advised
from redhanded.case.case import Case
from redhanded.case.evidence import Evidence
from redhanded.case.fix import Counted, Fix, SubsetResult
from redhanded.case.hypothesis import Hypothesis
from redhanded.case.reproduction import Counterfactual, NaturalRun, Reproduction
from redhanded.case.schedule import Constraint, Event
from redhanded.case.symptom import Rate, Symptom
from redhanded.case.wording import (
    brief,
    capital,
    delivered,
    demand,
    essence,
    failing_operation,
    invariant_symptom,
    likeness,
    ordering,
    size,
)
from redhanded.report.change import Todo, about_the_change, advice

STATE_FOLDER = ".redhanded"
LOGS_NAMED = 4
"""Files that a command names; more are better given as a folder."""
IN_BASELINES = ("The other way", "Without the event", "Replayed")
"""How the sentences of ``reproduction`` begin that ``baselines`` has as rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """Trials of one kind, to be drawn as a bar."""

    name: str
    failures: int
    trials: int
    how: str


def headline(case: Case) -> str:
    """What went wrong, short enough for large type."""
    if case.root_cause is not None:
        found = case.reproduction
        constraint = (found.constraint if found else None) or case.symptom.constraint
        title = case.root_cause.title.rstrip(".")
        refused = constraint and not advised(case.root_cause.mechanism)
        return f"{title}, and {constraint} refuses it" if refused else title
    if case.summary:
        return capital(case.summary.strip().splitlines()[0].removeprefix("Undecided: "))
    if case.outcome == "REFUTED":
        return "No failure within the stated bound."
    return "The cause is not decided."


def sentence(case: Case) -> str:
    """The root cause in one sentence, with its lines; empty where the headline says it all."""
    return full_stop(case.root_cause.sentence) if case.root_cause is not None else ""


def details(case: Case) -> tuple[str, ...]:
    """What stands below the headline where the reason has several lines: a process's last words."""
    return () if case.root_cause is not None else tuple(case.summary.strip().splitlines()[1:])


def full_stop(words: str) -> str:
    """``words`` with one mark at their end."""
    words = words.strip()
    return words if not words or words.endswith((".", "!", "?", "…")) else f"{words}."


def apart(statement: str) -> tuple[str, ...]:
    """A statement's sentences, so that what was not shown begins a line of its own."""
    return tuple(re.split(r"(?<=[.!?])\s+(?=[A-Z])", statement.strip())) if statement else ()


def failures(case: Case) -> tuple[str, ...]:
    """Each failure of the smallest failing run: process, what, and the line that sent it."""
    run = case.reproduction.run if case.reproduction is not None else None
    said = []
    for failure in run.failures if run is not None else ():
        operation = failing_operation(failure, run)
        place = f", from {operation.location}" if operation and operation.location else ""
        process = failure.process or (operation.process if operation else "the system")
        said.append(f"{process}: {essence(failure, run)}{place}")
    return tuple(dict.fromkeys(said))


def verdict(case: Case) -> str:
    """The outcome word and what it rests on."""
    match case.outcome:
        case "CONFIRMED" if case.proof is not None and case.proof.proven:
            return "Confirmed by replay, and the fix is proven within the bound stated below."
        case "CONFIRMED":
            return "Confirmed by replay. No fix has been proven."
        case "REFUTED":
            return "Nothing failed, and every order within the bound was tried."
        case _:
            return "Undecided: nothing here is a finding until it was replayed."


def home(case: Case, folder: Path | None = None) -> str:
    """The folder whose ``.redhanded`` holds the case; ``folder`` is where its report goes."""
    known = [str(folder)] if folder is not None else []
    if case.fix is not None:
        known.append(case.fix.worktree)
    for path in map(Path, known):
        if STATE_FOLDER in path.parts:
            return str(Path(*path.parts[: path.parts.index(STATE_FOLDER)]))
    return case.target


def laid_out(case: Case, folder: Path | None = None) -> str:
    """Says that the hunt was made in a copy; empty where it was made in the tree itself."""
    if home(case, folder) == case.target:
        return ""
    return (
        f"The hunt was made in {case.target}, a repository laid out for it; "
        "the branch and the worktree belong to that one."
    )


def what_to_do(case: Case, folder: Path | None = None) -> tuple[Todo, ...]:
    """Next steps, most urgent first."""
    at = shlex.quote(home(case, folder))
    if case.outcome == "REFUTED":
        words = "Nothing to change on this evidence. Read the limits: they say what was not tried."
        return (Todo(words=words),)
    if case.outcome == "UNDECIDED":
        again = Todo(words="Once that is settled, go on:", command=f"redhanded hunt {at} --resume")
        if "reproduce" in case.finished:
            again = Todo(words="Once that is settled, hunt again:", command=_anew(case, at))
        known = _settled(case.limits)
        first = ("Not run", "Nothing that the lab runs")
        reasons = [limit for limit in known if limit.startswith(first)] or known[-2:]
        return (*(Todo(words=limit) for limit in reasons), again)
    steps = [*about_the_change(case), *advice(case)]
    replayed = f"redhanded replay {case.identifier} --target {at}"
    return (*steps, Todo(words="Make it fail again, alone:", command=replayed))


def _anew(case: Case, at: str) -> str:
    """A stage that has ended is not done again by ``--resume``."""
    files = case.symptom.files if len(case.symptom.files) <= LOGS_NAMED else ("LOGS",)
    logs = " ".join(f"--logs {shlex.quote(name)}" for name in files)
    about = f"--symptom {shlex.quote(case.symptom.text)}" if case.symptom.text else ""
    return " ".join(part for part in ("redhanded hunt", at, logs, about) if part)


def limits(case: Case) -> tuple[str, ...]:
    """What was not controlled, read or run; each thing once."""
    code = case.code.limits if case.code is not None else ()
    return _settled((*case.limits, *case.symptom.limits, *code))


def _settled(values: Iterable[str]) -> tuple[str, ...]:
    kept: dict[str, str] = {}
    for value in values:
        first = brief(value).rstrip(" :") if "\n" in value.strip() else value
        words = capital(full_stop(first))
        kept.setdefault(words.casefold().rstrip("."), words)
    return tuple(kept.values())


def baselines(case: Case) -> tuple[Baseline, ...]:
    """Left to itself, forced, and with each constraint the other way round."""
    paced = "gaps" if case.symptom.repeat_gap_ms else "pace"
    spread = f"at the log's {paced}" if case.symptom.files else "at an even pace"
    rows = [
        Baseline(
            name=f"left to itself {spread}" if run.name == "log" else "left to itself, all at once",
            failures=run.failures,
            trials=run.trials,
            how=f"{run.how}; {run.seconds:.0f} s",
        )
        for run in (case.natural, case.simultaneous)
        if run is not None
    ]
    if (found := case.reproduction) is None:
        return tuple(rows)
    if found.replays:
        rows.append(
            Baseline(
                name="forced",
                failures=found.replays_failed,
                trials=found.replays,
                how="the order found, replayed",
            )
        )
    rows += [
        Baseline(
            name="forced the other way" if flip.flipped is not None else "forced without the event",
            failures=flip.failures,
            trials=flip.runs,
            how=demand(_turned(flip), (found.passing, found.run))
            + (f"; {flip.infeasible} infeasible" if flip.infeasible else "")
            + _dropped(flip, found),
        )
        for flip in found.counterfactuals
    ]
    return tuple(rows)


def _dropped(flip: Counterfactual, found: Reproduction) -> str:
    if not flip.dropped:
        return ""
    said = (ordering(each, (found.run, found.passing)) for each in flip.dropped)
    return f"; dropped, as it contradicts: {'; '.join(said)}"


def evidence_for(
    hypothesis: Hypothesis, *, each: int | None = None
) -> tuple[tuple[str, Evidence], ...]:
    """``for`` and ``against`` with the evidence, at most ``each`` of either."""
    sides = ("for", True), ("against", False)
    return tuple(
        (word, found)
        for word, supports in sides
        for found in [one for one in hypothesis.evidence if one.supports is supports][:each]
    )


def not_met(result: SubsetResult, found: Reproduction | None) -> str:
    """The constraint that a subset could not follow and what was guessed of others, in words;
    empty where there is none."""
    said = [f"not certain: {each}" for each in result.unclear]
    if result.infeasible_constraint is not None:
        runs = (found.run, found.passing) if found is not None else ()
        said.insert(0, f"could not be met: {ordering(result.infeasible_constraint, runs)}")
    return "; ".join(said)


def error(result: SubsetResult) -> str:
    """The first failure of a subset in one line."""
    return brief(result.error, length=140) if result.error else ""


def rate(value: Rate) -> str:
    """``5 of 1,630 requests (0.31 %, 95 % interval 0.10 % to 0.71 %)``."""
    share = value.failures / value.trials if value.trials else 0.0
    interval = value.interval
    return (
        f"{value.failures:,} of {value.trials:,} {value.unit} ({percent(share)}, "
        f"{interval.confidence:.0%} interval {percent(interval.low)} to {percent(interval.high)})"
    ).replace("95%", "95 %")


def percent(share: float) -> str:
    """Two significant digits below ten percent, so that 0.31 % stays readable."""
    value = share * 100
    if value == 0 or value >= 10:
        return f"{value:.0f} %"
    return f"{value:.{min(5, max(1, 1 - math.floor(math.log10(value))))}f} %"


def symptom(value: Symptom) -> tuple[str, ...]:
    """What the logs say, at most six sentences."""
    said = [full_stop(capital(invariant_symptom(value)))] if value.invariants else []
    said += [f"Taken, since none was named: {full_stop(value.chosen)}"] if value.chosen else []
    if value.rate is not None:
        said.append(f"Failing: {rate(value.rate)}.")
    if value.lines and value.occurrences:
        said.append(
            f"{value.lines:,} lines show it; they are {len(value.occurrences):,} "
            "failing jobs or requests."
        )
    if value.constraint or value.sqlstate:
        named = f" on constraint {value.constraint}" if value.constraint else ""
        table = f" of table {value.table}" if value.table else ""
        said.append(f"The database answers {value.sqlstate or 'an error'}{named}{table}.")
    if value.gap_ms:
        ordered = sorted(value.gap_ms)
        middle = ordered[len(ordered) // 2]
        said.append(
            f"{len(ordered)} of them had a second request for the same thing, "
            f"median {middle:,.0f} ms apart ({ordered[0]:,.0f} to {ordered[-1]:,.0f} ms)."
        )
    for difference in value.differences[:2]:
        said.append(
            f"What differs: {difference.property}: "
            f"{difference.failing_with} of {difference.failing} failing, "
            f"{difference.others_with:,} of {difference.others:,} others "
            f"(p = {difference.p_value:.2g})."
        )
    return tuple(said)


def natural(value: NaturalRun) -> str:
    """One uncontrolled baseline."""
    failed = f"{value.failures:,} of {value.trials:,} trials failed"
    return f"{failed} in {value.seconds:.0f} s ({value.how})"


def reproduction(value: Reproduction) -> tuple[str, ...]:
    """What the lab did and what came of it."""
    said = []
    if value.trials_to_first_failure is not None:
        seconds = (
            f", after {value.seconds_to_first_failure:.1f} s"
            if value.seconds_to_first_failure is not None
            else ""
        )
        said.append(f"First failure in controlled trial {value.trials_to_first_failure}{seconds}.")
        same = likeness(value)
        said.append(f"It is {same}." if value.same_error else f"It is not shown to be {same}.")
    if value.schedule is not None:
        kept = len(value.schedule.parts)
        shrunk = f", shrunk from {value.shrunk_from}" if value.shrunk_from > kept else ""
        said.append(f"It takes {size(value.schedule)} over {delivered(value)}{shrunk}.")
    if value.replays:
        said.append(
            f"Replayed: {value.replays_failed} of {value.replays} replays failed the same way."
        )
    said += [counterfactual(flip, value) for flip in value.counterfactuals]
    if value.explored:
        done = "all of them within" if value.exhausted else "not all within"
        said.append(f"{value.explored:,} orders tried without failure, {done} {value.bound}.")
    return tuple(said)


def counterfactual(flip: Counterfactual, found: Reproduction) -> str:
    """What happened with one constraint the other way round."""
    passed = flip.runs - flip.failures - flip.infeasible
    infeasible = f", {flip.infeasible} infeasible" if flip.infeasible else ""
    how = "The other way round" if flip.flipped is not None else "Without the event"
    return (
        f"{how}, {passed} of {flip.runs} pass{infeasible}: "
        f"{demand(_turned(flip), (found.passing, found.run))}{_dropped(flip, found)}."
    )


def _turned(flip: Counterfactual) -> Constraint | Event:
    part = flip.flipped if flip.flipped is not None else flip.without
    if part is None:
        raise ValueError("a counterfactual flips a constraint or leaves out an event")
    return part


def counted(value: Counted) -> str:
    """``20 of 20 fail`` or ``50 of 50 pass``."""
    if value.runs == 0:
        return "not run"
    if value.failed:
        return f"{value.failed} of {value.runs} fail"
    return f"{value.runs} of {value.runs} pass"


def parts(result: SubsetResult) -> str:
    """Names of a subset's parts."""
    return " + ".join(result.parts) if result.parts else "nothing"


def fix(value: Fix) -> tuple[str, ...]:
    """The chosen parts, one sentence each."""
    chosen = [part for part in value.parts if part.key in value.chosen]
    return tuple(f"({part.key}) {part.title}: {full_stop(part.why)}" for part in chosen)


def evidence(value: Evidence) -> str:
    """The place and what it shows."""
    place = f"{value.path}:{value.line}"
    return f"{place}  {value.says or brief(value.text)}"
