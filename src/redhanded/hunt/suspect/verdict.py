"""The words CONFIRMED, REFUTED and UNDECIDED, and when each may be said."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from redhanded.case.evidence import Evidence
from redhanded.case.hypothesis import Hypothesis
from redhanded.case.reproduction import Reproduction

NEEDS = {
    "lease-shorter-than-work": "lease ended",
    "lock-released-without-owner-check": "lease ended",
}
"""What has to happen beside an order before a fault shows."""
LIKELY = 0.6
"""A score from which on a hypothesis has to be tried before anything is called refuted."""


def confirmed(hypothesis: Hypothesis, why: str, seen: tuple[Evidence, ...] = ()) -> Hypothesis:
    """It was made to happen, and the prediction held."""
    return replace(hypothesis, verdict="CONFIRMED", why=why, evidence=(*hypothesis.evidence, *seen))


def refuted(hypothesis: Hypothesis, why: str, seen: tuple[Evidence, ...] = ()) -> Hypothesis:
    """What it says must be so was measured not to be."""
    return replace(hypothesis, verdict="REFUTED", why=why, evidence=(*hypothesis.evidence, *seen))


def undecided(hypothesis: Hypothesis, why: str) -> Hypothesis:
    """Neither; ``why`` says what is missing."""
    return replace(hypothesis, verdict="UNDECIDED", why=why)


def without_failure(hypothesis: Hypothesis, reproduction: Reproduction | None) -> Hypothesis | None:
    """The verdict where nothing failed in the lab; None where something did.

    REFUTED only if the search within its stated bound came to its end.
    """
    if reproduction is None:
        return undecided(hypothesis, "the system was not run in the lab")
    if reproduction.run is not None and reproduction.run.failed:
        if not reproduction.same_error:
            return undecided(hypothesis, "the lab failed with another error than the log shows")
        return None
    tried = f"{reproduction.explored} orders" if reproduction.explored else "no order"
    bound = f" ({reproduction.bound})" if reproduction.bound else ""
    if untried(hypothesis, reproduction):
        needed = NEEDS[hypothesis.mechanism]
        return undecided(hypothesis, f"in none of {tried} happened what it needs: {needed}{bound}")
    if reproduction.exhausted and reproduction.explored:
        return refuted(hypothesis, f"no failure in {tried}, all there are within the bound{bound}")
    return undecided(hypothesis, f"no failure in {tried}{bound}; the search was not exhaustive")


def untried(hypothesis: Hypothesis, reproduction: Reproduction) -> bool:
    """Whether orders alone do not show the fault, and what does never happened."""
    needed = NEEDS.get(hypothesis.mechanism)
    return needed is not None and needed not in reproduction.happened


def likely_untried(
    hypotheses: Iterable[Hypothesis], reproduction: Reproduction | None
) -> Hypothesis | None:
    """The likeliest fault of which that is so, if it is likely at all."""
    likely = [each for each in hypotheses if each.score >= LIKELY]
    return next((each for each in likely if reproduction and untried(each, reproduction)), None)


def counterfactuals_pass(reproduction: Reproduction | None) -> bool:
    """Whether every flipped constraint that could be tried took the failure away."""
    if reproduction is None:
        return False
    return all(each.failures == 0 for each in reproduction.counterfactuals)


def replayed(reproduction: Reproduction | None) -> str:
    """The clause about replays and counterfactuals, empty where none were made."""
    if reproduction is None or not reproduction.replays:
        return ""
    flips = [each for each in reproduction.counterfactuals if each.runs]
    passed = sum(each.runs - each.failures for each in flips)
    total = sum(each.runs for each in flips)
    clause = f", {reproduction.replays_failed} of {reproduction.replays} replays"
    return clause + (f"; with a step flipped {passed} of {total} passed" if total else "")
