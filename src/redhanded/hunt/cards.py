"""What a stage found, in sentences: for the terminal while it runs, and for the gates."""

from __future__ import annotations

from collections.abc import Sequence

from redhanded.case.case import Case, Stage
from redhanded.case.codemap import CodeMap
from redhanded.case.fix import Fix, Proof, SubsetResult
from redhanded.case.hypothesis import Hypothesis, VerdictWord
from redhanded.case.reproduction import NaturalRun, Reproduction, RootCause
from redhanded.case.symptom import Symptom

STAGES: dict[Stage, str] = {
    "observe": "reading the logs: what failed, how often, what is different about it",
    "explore": "reading the source: from the entry to the constraint, across the queue",
    "suspect": "ranking what may be wrong, with evidence for and against",
    "reproduce": "running the unmodified system in a lab and forcing the predicted order",
    "repair": "drafting the parts of a fix and a regression test on a branch of their own",
    "prove": "testing every subset of the parts, old code against new, and all orders in the bound",
}
UNCONTROLLED = (
    "Not controlled: the processes' clocks and random numbers, PostgreSQL's now(), and work inside "
    "one process between two messages.",
    "Isolation between trials: rows, sequences and keys are put back to what they were after "
    "migration; the processes go on running, so their memory is carried over.",
)
QUICK = (
    "Quick hunt: 60 natural trials instead of 200, 20 replays instead of 100, 5 flips of each "
    "constraint instead of 20, only single parts and the proposed fix instead of every subset, "
    "the new test 2 and 4 times instead of 20 and 50, shorter explorations."
)
SHOWN_MAX = 6


def symptom(value: Symptom) -> list[str]:
    """The failure as the logs show it."""
    sentences = []
    if value.rate is not None:
        rate = value.rate
        sentences.append(
            f"{rate.failures} of {rate.trials} {rate.unit} failed "
            f"({_percent(rate.failures / max(rate.trials, 1))}; 95 % interval "
            f"{_percent(rate.interval.low)} to {_percent(rate.interval.high)}), "
            f"logged in {value.lines} lines"
        )
    if value.constraint:
        sentences.append(f"refused by {value.constraint} on {value.table or 'a table'}")
    sentences += [
        f"{each.says or each.text}  [{each.path}:{each.line}]"
        for each in value.statements[:SHOWN_MAX]
    ]
    sentences += [
        f"{each.property}: {each.failing_with} of {each.failing} failing, "
        f"{each.others_with} of {each.others} others (p = {each.p_value:.2g})"
        for each in value.differences[:SHOWN_MAX]
    ]
    return sentences + [f"limit: {limit}" for limit in value.limits]


def code(value: CodeMap) -> list[str]:
    """The first path, and how much was read."""
    sentences = [
        f"{value.files} files, {len(value.routes)} routes, {len(value.enqueues)} enqueues, "
        f"{len(value.consumers)} consumers, {len(value.accesses)} data accesses"
    ]
    if value.paths:
        sentences += [
            f"{'  ' if place else ''}{hop.label}" + (f"  [{hop.location}]" if hop.location else "")
            for place, hop in enumerate(value.paths[0].hops)
        ]
    if value.commits:
        sentences.append("commits that touched this path:")
        sentences += [
            f"  {each.sha[:8]} {each.date[:10]} {each.author}: {each.subject}"
            for each in value.commits[:4]
        ]
    return sentences + [f"limit: {limit}" for limit in value.limits]


def hypotheses(values: Sequence[Hypothesis]) -> list[str]:
    """One line for each, best first."""
    return [
        f"{each.rank}. {each.title} (score {each.score:.2f}"
        + (f", {each.verdict}: {each.why}" if each.verdict != "UNDECIDED" else "")
        + f")  {each.claim}"
        for each in values
    ]


def natural(log: NaturalRun, simultaneous: NaturalRun) -> list[str]:
    """Both baselines."""
    return [
        f"left to itself with {each.how}: {each.failures} of {each.trials} trials failed "
        f"({each.seconds:.1f} s)"
        for each in (log, simultaneous)
    ]


def reproduction(
    found: Reproduction, cause: RootCause | None, judged: Sequence[Hypothesis]
) -> list[str]:
    """What forcing the order showed."""
    if found.schedule is None:
        how = "all of them" if found.exhausted else "not all of them"
        return [f"no failure in {found.explored} orders ({found.bound}; {how})"]
    sentences = [
        f"first failure in controlled trial {found.trials_to_first_failure}; shrunk to "
        f"{found.schedule.deliveries} deliveries and {len(found.schedule.constraints)} ordering "
        f"constraint(s); {found.replays_failed} of {found.replays} replays failed"
    ]
    sentences += [f"  {constraint}" for constraint in found.schedule.constraints]
    sentences += [
        f"the other way round ({flip.flipped}): {flip.runs - flip.failures} of {flip.runs} passed"
        for flip in found.counterfactuals
    ]
    sentences += [f"{each.question} {each.answer}" for each in found.alternatives]
    sentences += [f"{each.verdict}: {each.title}. {each.why}" for each in judged]
    if cause is not None:
        sentences.append(f"root cause: {cause.sentence}")
        sentences += [f"  {each.path}:{each.line}  {each.role}" for each in cause.locations]
    return sentences


def fix(value: Fix) -> list[str]:
    """The parts, and where they are."""
    where = f"branch {value.branch}" if value.branch else value.worktree
    sentences = [f"on {where}; your tree is untouched"]
    for part in value.parts:
        proposed = "proposed" if part.key in value.chosen else "only to be measured"
        sentences.append(f"({part.key}) {part.title}: {proposed}")
    if value.test_path:
        sentences.append(f"new test: {value.test_path}")
    return sentences + [f"note: {note}" for note in value.notes]


def subsets(values: Sequence[SubsetResult]) -> list[str]:
    """One line for each subset."""
    return [
        f"{' + '.join(each.parts) or 'nothing':<14} {each.outcome:<8} forced {each.forced}, "
        f"early {each.early}, late {each.late}, explored {each.explored}"
        for each in values
    ]


def proof(value: Proof) -> list[str]:
    """The counts and the sentence."""
    return [
        f"new test: {value.before.failed}/{value.before.runs} failed before, "
        f"{value.after.failed}/{value.after.runs} after; on a planted check-then-create "
        f"{value.planted.failed}/{value.planted.runs} failed (serially "
        f"{value.planted_serial.failed}/{value.planted_serial.runs}); the project's own tests "
        + ("passed" if value.own_tests.runs and not value.own_tests.failed else "did not pass"),
        value.statement,
    ]


def card(number: int, case: Case) -> list[str]:
    """What a person reads before deciding at a gate."""
    if number == 1:
        return hypotheses(case.hypotheses)
    if number == 2 and case.reproduction is not None:
        return reproduction(case.reproduction, case.root_cause, case.hypotheses)
    if number == 3 and case.fix is not None:
        return [*fix(case.fix), *case.fix.diff.splitlines()]
    if number == 4 and case.proof is not None and case.fix is not None:
        return [*subsets(case.fix.subsets), *proof(case.proof)]
    return []


def summary(case: Case, outcome: VerdictWord) -> str:
    """One sentence for the whole case."""
    found = case.reproduction
    if outcome == "CONFIRMED" and case.root_cause is not None:
        return case.root_cause.sentence
    if outcome == "CONFIRMED":
        return "The failure was caught and replays, but no hypothesis explains it."
    if outcome == "REFUTED" and found is not None:
        return f"No failure within the stated bound: {found.explored} orders ({found.bound})."
    if found is not None:
        return f"No failure in {found.explored} orders; the bound was not exhausted."
    return "Undecided: " + (case.limits[-1] if case.limits else "the hunt was stopped.")


def _percent(share: float) -> str:
    return f"{share * 100:.2g} %"
