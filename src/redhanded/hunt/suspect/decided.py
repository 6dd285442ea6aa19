"""What the lab's measurement says of a hypothesis that a rule raised: of its lines, nothing else.

CONFIRMED: every replay of the smallest order failed and no run in which a part of it was taken back
did, and either both sides of each constraint of it stand at the hypothesis' lines, or the run shows
by itself the same fault at one of them. REFUTED: nothing failed in an exhausted search; or all that
the order demands stands at other lines, which are known. UNDECIDED otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from redhanded.case.codemap import CodeMap
from redhanded.case.hypothesis import Hypothesis
from redhanded.case.operation import Operation, OperationName
from redhanded.case.reproduction import Reproduction, RootCause
from redhanded.hunt.suspect import verdict
from redhanded.hunt.suspect.measure import NOT_TWICE, frames, times_delivered
from redhanded.hunt.suspect.measured_cause import holds, measured_cause
from redhanded.hunt.suspect.mechanism import Measured, measured_evidence
from redhanded.hunt.suspect.trail import Trail, trail

REACH = 1
"""Lines between a call as it is read and as a stack shows it: its first line or its name's."""
BESIDE = frozenset({"step", "consume"})
"""Roles of lines that lead to the fault and are no part of it."""
ENDS = frozenset({"COMMIT", "ROLLBACK"})
REPEATS = frozenset({"missing-job-deduplication", "webhook-without-idempotency"})
"""Without the same event twice they are not."""
RACES = frozenset({"check-then-create", "stale-read", "overlapping-snapshots"})
SHOWN_AS: dict[str, frozenset[str]] = {
    "missing-job-deduplication": frozenset({"repeated-delivery", "check-then-create"}),
    "webhook-without-idempotency": frozenset({"repeated-delivery", "check-then-create"}),
    "check-then-create": RACES,
    "create-without-unique-constraint": RACES | {"repeated-delivery"},
    "model-unique-not-migrated": RACES | {"repeated-delivery"},
    "find-or-create-without-unique-index": RACES,
    "job-enqueued-before-commit": frozenset({"job-enqueued-before-commit"}),
    "row-committed-enqueue-lost": frozenset({"effects-not-atomic"}),
    "retry-of-non-idempotent-job": frozenset({"retry-of-non-idempotent-job"}),
    "out-of-order-event-applied": frozenset({"out-of-order-event-applied", "stale-read"}),
    "read-modify-write": frozenset({"read-modify-write", "stale-read"}),
    "quota-check": RACES | {"read-modify-write", "wrong-isolation-level"},
    "wrong-isolation-level": RACES | {"wrong-isolation-level", "transaction-not-retried"},
    "lock-looked-at-then-set": RACES | {"read-modify-write", "lease-shorter-than-work"},
    "lock-released-without-owner-check": frozenset({"lease-shorter-than-work"}),
    "lease-shorter-than-work": frozenset({"lease-shorter-than-work"}),
    "lock-without-expiry": frozenset({"effects-not-atomic"}),
    "cache-set-after-invalidation": frozenset({"cache-set-after-invalidation", "stale-read"}),
    "opposite-lock-order": frozenset({"opposite-lock-order"}),
}
"""A rule to the patterns in which its fault shows in a run; of the others no order decides."""


def judge(hypothesis: Hypothesis, measured: Measured) -> Hypothesis:
    """The same with verdict and reason."""
    undecided = verdict.without_failure(hypothesis, measured.reproduction)
    found = measured.reproduction
    if undecided is not None or found is None or found.run is None:
        return undecided or hypothesis
    if not holds(found):
        return verdict.undecided(hypothesis, "the order that failed was not replayed every time")
    shown = SHOWN_AS.get(hypothesis.mechanism)
    if shown is None:
        return verdict.undecided(hypothesis, "no order of messages decides it")
    if hypothesis.mechanism in REPEATS and times_delivered(found.run.operations) < 2:
        return verdict.refuted(hypothesis, NOT_TWICE)
    failing = trail(found.run)
    sides = [list(_acting(name, failing)) for name in _demanded(found)]
    met = [[each for each in side if stands_at(each, hypothesis)] for side in sides]
    cause = measured_cause(found, measured.code)
    same = cause is not None and cause.mechanism in shown
    if same and cause is not None and (shared := _shared(cause, hypothesis)):
        why = f"the order that fails shows this fault at {', '.join(shared)}"
        return _confirmed(hypothesis, found, met, why)
    if cause is None and met and all(met):
        return _confirmed(
            hypothesis, found, met, "what the order demands are operations of its lines"
        )
    if any(met):
        return verdict.undecided(
            hypothesis,
            "its lines take part in the order that fails, which shows another fault"
            if cause is not None and not same
            else "its lines are a part of what the order demands, and not all of it",
        )
    if sides and all(side and all(frames(each) for each in side) for side in sides):
        return verdict.refuted(hypothesis, f"the order is decided elsewhere: {_said(sides)}")
    return verdict.undecided(hypothesis, "the lines of what the order demands are not known")


def stands_at(operation: Operation, hypothesis: Hypothesis) -> bool:
    """Whether a line of the hypothesis sent it, directly or through what it calls."""
    return any(
        place.path == line.path and abs(place.line - line.line) <= REACH
        for place in frames(operation)
        for line in hypothesis.locations
    )


def _demanded(found: Reproduction) -> tuple[OperationName, ...]:
    return found.schedule.names() if found.schedule is not None else ()


def _acting(name: OperationName, failing: Trail) -> Iterator[Operation]:
    """The operation, and where it ends a transaction what that did."""
    operation = failing.named(name)
    if operation is None or name.protocol in ("delivery", "fault"):
        return
    yield operation
    if name.kind in ENDS:
        yield from (each for each in failing.in_transaction_of(operation) if each is not operation)


def _shared(cause: RootCause, hypothesis: Hypothesis) -> list[str]:
    """The measured lines that are those of the hypothesis, too."""
    return [
        str(place.location)
        for place in cause.locations
        if any(
            place.path == line.path and abs(place.line - line.line) <= REACH
            for line in hypothesis.locations
        )
    ]


def _confirmed(
    hypothesis: Hypothesis, found: Reproduction, met: Iterable[list[Operation]], why: str
) -> Hypothesis:
    listed = {each.index: each for side in met for each in side}
    seen = tuple(
        measured_evidence(each.index, each.text, f"{each.name} is sent from its lines")
        for each in list(listed.values())[:2]
    )
    return verdict.confirmed(hypothesis, f"{why.rstrip('.')}{verdict.replayed(found)}", seen)


def _said(sides: Iterable[list[Operation]]) -> str:
    every = (frames(each)[0] for side in sides for each in side[:1])
    return ", ".join(dict.fromkeys(map(str, every)))


def root_cause(hypothesis: Hypothesis, found: Reproduction | None, code: CodeMap) -> RootCause:
    """The root cause that a confirmed hypothesis of a rule stands for.

    What was measured comes first: the sentence of the order that failed, and its lines; then those
    of the hypothesis.
    """
    cause = measured_cause(found, code)
    if cause is None or not _shared(cause, hypothesis):
        return RootCause(
            mechanism=hypothesis.mechanism,
            title=hypothesis.title,
            sentence=hypothesis.claim,
            locations=hypothesis.locations,
        )
    known = {(each.path, each.line) for each in cause.locations}
    more = tuple(
        each
        for place, each in enumerate(hypothesis.locations)
        if (each.path, each.line) not in known and (place == 0 or each.role not in BESIDE)
    )
    return RootCause(
        mechanism=hypothesis.mechanism,
        title=hypothesis.title,
        sentence=cause.sentence,
        locations=(*cause.locations, *more),
    )
