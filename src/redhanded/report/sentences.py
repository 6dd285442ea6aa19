"""What a case says, in plain sentences; the terminal, the page and the Markdown share them."""

from __future__ import annotations

import math

from redhanded.case.case import Case
from redhanded.case.evidence import Evidence
from redhanded.case.fix import Counted, Fix, SubsetResult
from redhanded.case.reproduction import Counterfactual, NaturalRun, Reproduction
from redhanded.case.symptom import Rate, Symptom


def headline(case: Case) -> str:
    """The one sentence to remember."""
    if case.root_cause is not None:
        return case.root_cause.sentence
    if case.summary:
        return case.summary
    if case.outcome == "REFUTED":
        return "No failure within the stated bound."
    return "The cause is not decided."


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


def what_to_do(case: Case) -> tuple[str, ...]:
    """Next steps, each one a sentence; commands stand in backquotes."""
    target = case.target
    if case.outcome == "REFUTED":
        return (
            "Nothing to change on this evidence. Read the limits: they say what was not tried.",
        )
    if case.outcome == "UNDECIDED":
        return (
            *case.limits[:3],
            f"Go on with `redhanded hunt {target} --resume` once that is settled.",
        )
    steps = []
    if case.fix is not None and case.fix.chosen:
        parts = ", ".join(case.fix.chosen)
        steps.append(
            f"Read the change (parts {parts}): "
            f"`git -C {target} diff {case.fix.base}..{case.fix.branch}`."
        )
        if case.proof is not None and case.proof.proven:
            steps.append(f"Take it over: `git -C {target} merge {case.fix.branch}`.")
        else:
            steps.append("The change is not proven; read the table of its parts before using it.")
        if case.fix.test_path:
            steps.append(f"Keep the test that comes with it: `{case.fix.test_path}`.")
    steps.append(f"Make it fail again: `redhanded replay {case.identifier} --target {target}`.")
    return tuple(steps)


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
    said = []
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
    return f"{failed} in {value.seconds:.0f} s: {value.how}"


def reproduction(value: Reproduction) -> tuple[str, ...]:
    """What the lab did and what came of it."""
    said = []
    if value.trials_to_first_failure is not None:
        seconds = (
            f", {value.seconds_to_first_failure:.1f} s after the first"
            if value.seconds_to_first_failure is not None
            else ""
        )
        said.append(f"First failure in controlled trial {value.trials_to_first_failure}{seconds}.")
        same = "the same error on the same constraint as in the log"
        said.append(f"It is {same}." if value.same_error else f"It is not shown to be {same}.")
    if value.schedule is not None:
        said.append(
            f"Shrunk from {value.shrunk_from} to {len(value.schedule.constraints)} ordering "
            f"constraints over {value.schedule.deliveries} deliveries."
        )
    if value.replays:
        said.append(
            f"Replayed: {value.replays_failed} of {value.replays} replays failed the same way."
        )
    said += [counterfactual(flip) for flip in value.counterfactuals]
    if value.explored:
        done = "all of them within" if value.exhausted else "not all within"
        said.append(f"{value.explored:,} orders tried without failure, {done} {value.bound}.")
    return tuple(said)


def counterfactual(flip: Counterfactual) -> str:
    """What happened with one constraint the other way round."""
    passed = flip.runs - flip.failures - flip.infeasible
    dropped = f" ({len(flip.dropped)} contradicting constraint dropped)" if flip.dropped else ""
    infeasible = f", {flip.infeasible} infeasible" if flip.infeasible else ""
    return f"Flipped: {passed} of {flip.runs} pass{infeasible}{dropped}: {flip.flipped}."


def counted(value: Counted) -> str:
    """``20 of 20 fail`` or ``50 of 50 pass``."""
    if value.runs == 0:
        return "not run"
    if value.failed:
        return f"{value.failed} of {value.runs} fail"
    return f"{value.runs} of {value.runs} pass"


def parts(result: SubsetResult) -> str:
    """Names of a subset's parts."""
    return " + ".join(result.parts) if result.parts else "none (the code as it is)"


def fix(value: Fix) -> tuple[str, ...]:
    """The chosen parts, one sentence each."""
    chosen = [part for part in value.parts if part.key in value.chosen]
    return tuple(f"({part.key}) {part.title}: {part.why}." for part in chosen)


def evidence(value: Evidence) -> str:
    """The place and what it shows."""
    place = f"{value.path}:{value.line}"
    return f"{place}  {value.says or value.text.strip()}"
