"""What a stage found, in sentences: for the terminal while it runs, and for the gates."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from redhanded.case.case import Case, Stage
from redhanded.case.codemap import CodeMap, CodePath
from redhanded.case.evidence import Evidence
from redhanded.case.fix import Fix, Proof, SubsetResult
from redhanded.case.hypothesis import Hypothesis
from redhanded.case.reproduction import Counterfactual, NaturalRun, Reproduction, RootCause
from redhanded.case.symptom import Symptom
from redhanded.case.system import System
from redhanded.case.verdict_word import VerdictWord
from redhanded.case.wording import (
    brief,
    delivered,
    demand,
    essence,
    failing_operation,
    invariant_symptom,
    likeness,
    otherwise,
    size,
)
from redhanded.hunt.suspect import verdict

STAGES: dict[Stage, str] = {
    "observe": "reading the logs, to know what failed, how often, and what is different about it",
    "explore": "reading the source, to see the way from the entry to the constraint",
    "suspect": "ranking what may be wrong, so that the lab asks the best question first",
    "reproduce": "running the unmodified system in a lab, to make it fail by order and not by luck",
    "repair": "drafting a fix and a regression test on a branch of their own, for you to judge",
    "prove": "testing every part of the fix, so that nothing rests on one lucky run",
}
UNCONTROLLED = (
    "Not controlled: {clocks}random numbers, PostgreSQL's now(), and work inside one process "
    "between two messages.",
    "Orders are orders between deliveries: what one delivery does side by side goes in the order "
    "in which it was sent.",
)
QUICK = (
    "Quick hunt: 60 natural trials instead of 200, 20 replays instead of 100, 5 flips of each "
    "constraint instead of 20, only single parts and the proposed fix instead of every subset, "
    "the new test 2 and 4 times instead of 20 and 50, shorter explorations."
)
NO_REMEDY = (
    "No fix was drafted: no remedy that redhanded can write fits this cause in this code. What "
    "makes it safe is said as advice."
)
SHOWN_MAX = 5
DIFFERENCES_MAX = 2
EVIDENCE_MAX = 2
COMMITS_MAX = 3
DIFF_MAX = 26


def uncontrolled(system: System) -> tuple[str, ...]:
    """What no lab of that system decides."""
    clocks = "" if system.clock == "lab" else "the processes' clocks and "
    return tuple(sentence.format(clocks=clocks) for sentence in UNCONTROLLED)


def no_contract(target: Path) -> str:
    """What to do where nothing says how the system is run."""
    return (
        f"there is no redhanded.toml in {target}. Run `redhanded init {target}`, which "
        "writes one from what the project says of itself and marks every guess, then hunt again."
    )


def symptom(value: Symptom) -> list[str]:
    """The failure as the logs show it."""
    sentences = [invariant_symptom(value)] if value.invariants else []
    if value.chosen:
        sentences.append(
            f"{value.template or value.text}: taken for the symptom, since none was given "
            f"({value.chosen}); another one with --symptom TEXT"
        )
    if value.rate is not None and not value.statements:
        rate = value.rate
        sentences.append(
            f"{rate.failures} of {rate.trials:,} {rate.unit} failed "
            f"({_percent(rate.failures / max(rate.trials, 1))}; 95 % interval "
            f"{_percent(rate.interval.low)} to {_percent(rate.interval.high)}), "
            f"logged in {value.lines} lines"
        )
    if value.constraint:
        sentences.append(f"refused by {value.constraint} on {value.table or 'a table'}")
    sentences += [
        f"{each.says or brief(each.text)}  [{each.path}:{each.line}]"
        for each in value.statements[:SHOWN_MAX]
    ]
    sentences += [
        f"{each.property}: {each.failing_with} of {each.failing} failing, "
        f"{each.others_with:,} of {each.others:,} others (p = {each.p_value:.2g})"
        for each in value.differences[:DIFFERENCES_MAX]
    ]
    return sentences


def code(value: CodeMap) -> list[str]:
    """The first path, and how much was read."""
    sentences = [
        f"{value.files} files, {len(value.routes)} routes, {len(value.enqueues)} enqueues, "
        f"{len(value.consumers)} consumers, {len(value.accesses)} data accesses"
    ]
    if value.paths:
        sentences += _path(value.paths[0])
    if value.commits:
        sentences.append("commits that touched this path:")
        sentences += [
            f"  {each.sha[:8]} {each.date[:10]} {each.author}: {each.subject}"
            for each in value.commits[:COMMITS_MAX]
        ]
    return sentences


def hypotheses(values: Sequence[Hypothesis]) -> list[str]:
    """Each with its verdict, and the best evidence for and against it below."""
    return [
        line for each in values for line in _hypothesis(each, EVIDENCE_MAX if each.rank == 1 else 1)
    ]


def natural(log: NaturalRun, simultaneous: NaturalRun) -> list[str]:
    """Both baselines."""
    return [
        f"left to itself, {each.failures} of {each.trials} trials failed in {each.seconds:.1f} s "
        f"({each.how})"
        for each in (log, simultaneous)
    ]


def reproduction(
    found: Reproduction, cause: RootCause | None, judged: Sequence[Hypothesis]
) -> list[str]:
    """What forcing the order showed."""
    if found.schedule is None:
        how = "all of them" if found.exhausted else "not all of them"
        return [f"no failure in {found.explored} orders ({found.bound}; {how})"]
    sentences = _forced(found)
    for each in judged:
        why = f": {each.why}" if each.why and each.verdict != "CONFIRMED" else ""
        sentences.append(f"{each.verdict:<9} {each.rank}. {each.title}{why}")
    if cause is not None:
        sentences.append(f"root cause: {cause.title}")
    return sentences


def fix(value: Fix) -> list[str]:
    """The parts, and where they are."""
    where = f"branch {value.branch}" if value.branch else value.worktree
    sentences = [f"on {where}; your tree is untouched"]
    for part in value.parts:
        proposed = "proposed" if part.key in value.chosen else "tempting, only to be measured"
        sentences.append(f"{part.key:<3} {part.title} ({proposed})")
    if value.test_path:
        sentences.append(f"new test: {value.test_path}")
    return sentences + [f"note: {note}" for note in value.notes]


def subsets(values: Sequence[SubsetResult]) -> list[str]:
    """Which subsets hold and which do not; the card has the table."""
    by_outcome: dict[str, list[str]] = {}
    for each in values:
        by_outcome.setdefault(each.outcome, []).append(_name(each))
    return [f"{outcome}: {'; '.join(names)}" for outcome, names in by_outcome.items()]


def proof(value: Proof) -> list[str]:
    """The counts, and the last line of what should have passed and did not."""
    own = "did not pass" if value.own_tests.failed else "passed"
    counts = [
        f"the new test: {value.before.failed} of {value.before.runs} runs failed on the old code, "
        f"{value.after.failed} of {value.after.runs} on the fixed code"
        if value.before.runs
        else "",
        f"on a planted check-then-create: {value.planted.failed} of {value.planted.runs} failed; "
        f"one delivery at a time: {value.planted_serial.failed} of {value.planted_serial.runs}"
        if value.planted.runs
        else "",
        f"the project's own tests {own if value.own_tests.runs else 'were not run'}",
    ]
    told = (("the new test on the fixed code", value.after), ("its own tests", value.own_tests))
    ends = (
        f"{what}: {lines[-1]}"
        for what, each in told
        if each.failed and (lines := each.sample.strip().splitlines())
    )
    return [each for each in (*counts, *ends) if each]


def card(number: int, case: Case) -> list[str]:
    """What a person reads before deciding at a gate: two or three minutes' worth."""
    if number == 1:
        return _suspects_card(case.hypotheses)
    if number == 2 and case.reproduction is not None:
        return _cause_card(case.reproduction, case.root_cause)
    if number == 3 and case.fix is not None:
        return _diff_card(case.fix)
    if number == 4 and case.proof is not None and case.fix is not None:
        titles = [f"{part.key:<3} {part.title}" for part in case.fix.parts]
        measured = _table(case.fix.subsets)
        counted = [*proof(case.proof), *_sentences(case.proof.statement)]
        return [*measured, "", *titles, "", *counted]
    return []


def failed_by_itself(case: Case) -> bool:
    """Whether it failed without control; then no search of orders may say that nothing fails."""
    return any(each is not None and each.failures for each in (case.natural, case.simultaneous))


def summary(case: Case, outcome: VerdictWord) -> str:
    """One sentence for the whole case."""
    found = case.reproduction
    if outcome == "CONFIRMED" and case.root_cause is not None:
        return case.root_cause.sentence
    if found is not None and found.replays_failed < found.replays:
        return (
            f"The failure was caught, but only {found.replays_failed} of {found.replays} replays "
            "of its order failed: something else decides it as well, and no cause is named."
        )
    if outcome == "CONFIRMED":
        return (
            "The failure was caught and replays, but no hypothesis explains it, and its order "
            "fits no known pattern."
        )
    if found is not None and found.schedule is None and failed_by_itself(case):
        runs = [each for each in (case.natural, case.simultaneous) if each is not None]
        return (
            f"It failed {sum(each.failures for each in runs)} of "
            f"{sum(each.trials for each in runs)} times when left to itself, but in none of "
            f"{found.explored} orders ({found.bound}): what decides it is not controlled here."
        )
    if outcome == "REFUTED" and found is not None:
        return f"No failure within the stated bound: {found.explored} orders ({found.bound})."
    waiting = verdict.likely_untried(case.hypotheses, found)
    if found is not None and waiting is not None and not found.unseen:
        return f"No failure in {found.explored} orders; of “{waiting.title}”: {waiting.why}."
    if found is not None and found.unseen:
        return f"No failure in {found.explored} orders, but none could have shown it here."
    if found is not None:
        return f"No failure in {found.explored} orders; the bound was not exhausted."
    return "Undecided: " + (case.limits[-1] if case.limits else "the hunt was stopped.")


def _path(path: CodePath) -> list[str]:
    """A hop a line, deeper and deeper; what a queue hands over begins again at the left."""
    lines, depth = [], 0
    for hop in path.hops:
        depth = 1 if hop.kind == "consume" else depth
        arrow = "⇒ " if hop.kind == "consume" else "→ " if depth else ""
        place = f"  [{hop.location}]" if hop.location else ""
        lines.append(f"{' ' * (2 * depth)}{arrow}{hop.label}{place}")
        depth += hop.kind not in ("read", "write", "enqueue", "table")
    return lines


def _hypothesis(value: Hypothesis, most: int) -> list[str]:
    verdict = "" if value.verdict == "UNDECIDED" else f", {value.verdict}"
    return [
        f"{value.rank}. {value.title} (score {value.score:.2f}{verdict})",
        *(
            f"     for      {_evidence(each)}"
            for each in _some(value.evidence, most, supports=True)
        ),
        *(
            f"     against  {_evidence(each)}"
            for each in _some(value.evidence, most, supports=False)
        ),
    ]


def _some(values: Iterable[Evidence], most: int, *, supports: bool) -> list[Evidence]:
    return [each for each in values if each.supports is supports][:most]


def _evidence(value: Evidence) -> str:
    return f"{value.says or brief(value.text, length=80)}  [{value.path}:{value.line}]"


def _forced(found: Reproduction) -> list[str]:
    schedule, runs = found.schedule, (found.run, found.passing)
    if schedule is None:
        return []
    return [
        f"first failure in controlled trial {found.trials_to_first_failure}; shrunk to "
        f"{delivered(found)} and {size(schedule)}:",
        *(f"  {demand(each, runs)}" for each in schedule.parts),
        f"{found.replays_failed} of {found.replays} replays failed the same way",
        *(f"{_passed(flip)} {otherwise(flip, found)}" for flip in found.counterfactuals),
    ]


def _passed(flip: Counterfactual) -> str:
    """How the runs of a counterfactual ended."""
    passed = flip.runs - flip.failures - flip.infeasible
    if flip.infeasible == flip.runs:
        return f"{flip.infeasible} of {flip.runs} could not be followed"
    infeasible = f", {flip.infeasible} could not be followed," if flip.infeasible else ""
    return f"{passed} of {flip.runs} passed{infeasible}"


def _suspects_card(values: Sequence[Hypothesis]) -> list[str]:
    lines = [line for each in values for line in _hypothesis(each, EVIDENCE_MAX)]
    if not values:
        return lines
    best = values[0]
    lines += ["", f"The first in full: {best.claim}"]
    if best.experiment is not None:
        lines.append(f"To be tried: {best.experiment.question}")
        lines.append(f"Refuted if {best.experiment.refuted_if}.")
    return lines


def _cause_card(found: Reproduction, cause: RootCause | None) -> list[str]:
    lines = []
    if cause is not None:
        lines += [f"{cause.title}.", cause.sentence, ""]
    lines += _forced(found) or [f"no failure in {found.explored} orders ({found.bound})"]
    for failure in found.run.failures[:3] if found.run is not None else ():
        operation = failing_operation(failure, found.run)
        place = f"  [{operation.location}]" if operation and operation.location else ""
        lines.append(
            f"{failure.process or 'the system'} fails: {essence(failure, found.run)}{place}"
        )
    same = likeness(found)
    lines.append(f"this is {same}" if found.same_error else f"this is not shown to be {same}")
    lines += [f"{each.question} {each.answer}" for each in found.alternatives]
    if cause is not None:
        lines += ["", *(f"{each.role:<11} {each.path}:{each.line}" for each in cause.locations)]
    return lines


def _diff_card(value: Fix) -> list[str]:
    """The change without the test's own text, which is long and is run instead."""
    changed = _changed(value)
    if len(changed) > DIFF_MAX:
        changed = [line for line in changed if not line.startswith(" ") and line]
    lines = [*fix(value), "", *changed[:DIFF_MAX]]
    if len(changed) > DIFF_MAX:
        lines.append(f"… {len(changed) - DIFF_MAX} more lines")
    if value.worktree:
        lines += ["", "All of it, the test included, is the last commits of"]
        lines.append(value.worktree)
    return lines


def _changed(value: Fix) -> list[str]:
    """The diff of the parts, the shortest file first, so that none is crowded out."""
    pieces = re.split(r"^(?=diff --git )", value.diff, flags=re.MULTILINE)
    own = [
        piece
        for piece in pieces
        if not value.test_path or f" b/{value.test_path}" not in piece.partition("\n")[0]
    ]
    return [
        f"@ {line[6:]}" if line.startswith("+++ b/") else line
        for piece in sorted(own, key=len)
        for line in piece.splitlines()
        if not line.startswith(("diff --git", "index ", "--- ", "new file"))
    ]


def _table(values: Sequence[SubsetResult]) -> list[str]:
    """A line for each subset, under one that names the columns."""
    rows = [("parts", "outcome", "forced", "at once", "late", "more")]
    rows += [
        (
            _name(each),
            each.outcome,
            each.forced or "-",
            each.early or "-",
            each.late or "-",
            str(each.explored),
        )
        for each in values
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]


def _name(result: SubsetResult) -> str:
    return " + ".join(result.parts) or "nothing"


def _sentences(text: str) -> list[str]:
    return re.split(r"(?<=[.!?])\s+(?=[A-Z])", text.strip()) if text.strip() else []


def _percent(share: float) -> str:
    return f"{share * 100:.2g} %"
