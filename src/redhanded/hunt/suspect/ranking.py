"""All mechanisms asked, their answers in order, and what the lab said of each."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from redhanded.case.codemap import CodeMap
from redhanded.case.finding import Finding
from redhanded.case.hypothesis import Hypothesis
from redhanded.case.reproduction import NaturalRun, Reproduction, RootCause
from redhanded.case.symptom import Symptom
from redhanded.hunt.suspect import (
    cause_outside_the_code,
    create_without_idempotency,
    id_collision,
    missing_job_deduplication,
    not_enough_evidence,
    webhook_redelivery,
    worker_overlap,
)
from redhanded.hunt.suspect.found import raised
from redhanded.hunt.suspect.measure import take_apart
from redhanded.hunt.suspect.mechanism import Measured, Mechanism
from redhanded.hunt.suspect.merged import one_of_each
from redhanded.hunt.suspect.root_cause import locate, sentence

MECHANISMS: tuple[Mechanism, ...] = (
    missing_job_deduplication,
    create_without_idempotency,
    webhook_redelivery,
    worker_overlap,
    id_collision,
    cause_outside_the_code,
    not_enough_evidence,
)

OCCASIONS = frozenset({webhook_redelivery.name, worker_overlap.name})
"""They give a defect the occasion to show, and are none."""


def rank(
    symptom: Symptom,
    code: CodeMap,
    found: Iterable[Finding] | None = None,
    *,
    tables: Collection[str] = (),
) -> tuple[Hypothesis, ...]:
    """Hypotheses for this program, most likely first; ranks count from 1.

    ``found``: what the rules find in it, None where they were not asked; ``tables``: those that a
    broken invariant speaks of. The order is that of the scores (see ``mechanism.hypothesis``);
    among equal ones those of rules come first, then the order of ``MECHANISMS``. What is dismissed
    by arithmetic comes last.
    """
    suspected = [mechanism.suspect(symptom, code) for mechanism in MECHANISMS]
    every = one_of_each(
        raised(symptom, code, found or (), tables),
        [each for each in suspected if each is not None],
        asked=found is not None,
    )
    every.sort(key=lambda each: (each.verdict == "REFUTED", -each.score))
    return tuple(replace(each, rank=place) for place, each in enumerate(every, 1))


def judge(
    hypotheses: tuple[Hypothesis, ...],
    reproduction: Reproduction | None,
    natural: NaturalRun | None,
    code: CodeMap,
) -> tuple[Hypothesis, ...]:
    """The same hypotheses, in the same order, with what the lab said of each."""
    from redhanded.hunt.suspect import decided  # the lab comes with it

    measured = Measured(reproduction=reproduction, natural=natural, code=code)
    by_name = {mechanism.name: mechanism for mechanism in MECHANISMS}

    def judged(each: Hypothesis) -> Hypothesis:
        known = by_name.get(each.mechanism)
        first = known.judge(each, measured) if known is not None else each
        if first.verdict == "CONFIRMED":
            return replace(first, locations=locate(first.mechanism, reproduction, code))
        if known is not None and (first.verdict == "REFUTED" or not each.locations):
            return first
        return decided.judge(each, measured)

    return tuple(judged(each) for each in hypotheses)


def blame(
    hypotheses: tuple[Hypothesis, ...], reproduction: Reproduction | None, code: CodeMap
) -> RootCause | None:
    """The root cause: the confirmed hypothesis of the best rank, or else what the order shows.

    What only gives the occasion (a sender that repeats) is blamed only if no defect is confirmed
    and the failing order does not show one either. None where nothing explains the failure.
    """
    from redhanded.hunt.suspect import decided  # the lab comes with it
    from redhanded.hunt.suspect.measured_cause import measured_cause

    confirmed = [each for each in hypotheses if each.verdict == "CONFIRMED"]
    confirmed.sort(key=lambda each: (each.mechanism in OCCASIONS, each.rank))
    if not confirmed or confirmed[0].mechanism in OCCASIONS:
        measured = measured_cause(reproduction, code)
        if measured is not None or not confirmed:
            return measured
    blamed = confirmed[0]
    own = any(blamed.mechanism == mechanism.name for mechanism in MECHANISMS)
    caught = take_apart(reproduction, code)
    if not own or caught is None or caught.refused is None:
        return decided.root_cause(blamed, reproduction, code)
    locations = locate(blamed.mechanism, reproduction, code)
    return RootCause(
        mechanism=blamed.mechanism,
        title=blamed.title,
        sentence=sentence(blamed, locations, reproduction, code),
        locations=locations,
    )
