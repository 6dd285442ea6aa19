"""What becomes of each finding: shown or not, old or new, and whether the scan fails for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from redhanded.case.evidence import Location
from redhanded.case.finding import Finding
from redhanded.case.scan import Counts, Reported, ScanRequest, State
from redhanded.hunt.scan.baseline import Compared
from redhanded.hunt.scan.fingerprints import Fingerprint
from redhanded.hunt.scan.suppression import Suppressions
from redhanded.hunt.suspect.rules.rule import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """A finding, what it is known by, and its state."""

    finding: Finding
    rule: Rule
    fingerprint: Fingerprint
    state: State
    because: str = ""


def states(
    found: Sequence[tuple[Rule, Finding, Fingerprint]],
    request: ScanRequest,
    *,
    suppressed: Suppressions,
    compared: Compared,
    touched: Callable[[Finding], bool],
) -> tuple[Weighed, ...]:
    """The state of each: what a person wrote about it comes first, then what is known of it."""
    weighed = []
    for rule, finding, fingerprint in found:
        comment = suppressed.of(finding)
        state: State = "new"
        if comment is not None:
            state = "suppressed"
        elif fingerprint.whole in compared.known:
            state = "known"
        elif not touched(finding):
            state = "elsewhere"
        elif finding.score < least(rule, request):
            state = "weak"
        weighed.append(
            Weighed(
                finding=finding,
                rule=rule,
                fingerprint=fingerprint,
                state=state,
                because=comment.reason if comment else "",
            )
        )
    return tuple(weighed)


def least(rule: Rule, request: ScanRequest) -> float:
    """The score from which on a finding is shown: what fails is never hidden."""
    fail_on = rule.threshold if request.fail_on is None else request.fail_on
    return min(rule.threshold, fail_on)


def reported(weighed: Sequence[Weighed], request: ScanRequest) -> tuple[Reported, ...]:
    """Those to show, the most certain first; what fails before what does not."""
    shown = [one for one in weighed if one.state == "new" or _on_demand(one, request)]
    shown.sort(key=lambda one: _order(one, request))
    return tuple(
        Reported(
            rank=rank,
            finding=one.finding,
            title=one.rule.title,
            remedy=one.rule.remedy,
            score=one.finding.score,
            fingerprint=one.fingerprint.whole,
            state=one.state,
            fails=fails(one, request),
            because=one.because,
        )
        for rank, one in enumerate(shown, 1)
    )


def fails(one: Weighed, request: ScanRequest) -> bool:
    """Whether the scan ends with 1 for it."""
    if request.never_fails or request.write_baseline is not None or one.state != "new":
        return False
    limit = one.rule.threshold if request.fail_on is None else request.fail_on
    return one.finding.score >= limit


def counts(weighed: Collection[Weighed]) -> Counts:
    """How many there are of each state."""
    number = Counter(one.state for one in weighed)
    return Counts(
        new=number["new"],
        weak=number["weak"],
        suppressed=number["suppressed"],
        known=number["known"],
        elsewhere=number["elsewhere"],
    )


def _on_demand(one: Weighed, request: ScanRequest) -> bool:
    return request.shows_all and one.state != "elsewhere"


def _order(one: Weighed, request: ScanRequest) -> tuple[object, ...]:
    at: Location = one.finding.location
    return (
        not fails(one, request),
        one.state != "new",
        -one.finding.score,
        at.path,
        at.line,
        one.rule.name,
        one.finding.message,
    )
