"""All mechanisms asked, their answers in order, and what the lab said of each."""

from __future__ import annotations

from dataclasses import replace

from redhanded.case.codemap import CodeMap
from redhanded.case.hypothesis import Hypothesis
from redhanded.case.reproduction import NaturalRun, Reproduction, RootCause
from redhanded.case.symptom import Symptom
from redhanded.hunt.suspect import (
    cause_outside_the_code,
    create_without_idempotency,
    id_collision,
    missing_job_deduplication,
    webhook_redelivery,
    worker_overlap,
)
from redhanded.hunt.suspect.mechanism import Measured, Mechanism
from redhanded.hunt.suspect.root_cause import locate, sentence

MECHANISMS: tuple[Mechanism, ...] = (
    missing_job_deduplication,
    create_without_idempotency,
    webhook_redelivery,
    worker_overlap,
    id_collision,
    cause_outside_the_code,
)


def rank(symptom: Symptom, code: CodeMap) -> tuple[Hypothesis, ...]:
    """Hypotheses for this program, most likely first; ranks count from 1.

    The order is that of the scores (see ``mechanism.hypothesis``); equal scores keep the order of
    ``MECHANISMS``. What is dismissed by arithmetic comes last.
    """
    raised = [mechanism.suspect(symptom, code) for mechanism in MECHANISMS]
    found = [each for each in raised if each is not None]
    found.sort(key=lambda each: (each.verdict == "REFUTED", -each.score))
    return tuple(replace(each, rank=place) for place, each in enumerate(found, 1))


def judge(
    hypotheses: tuple[Hypothesis, ...],
    reproduction: Reproduction | None,
    natural: NaturalRun | None,
    code: CodeMap,
) -> tuple[Hypothesis, ...]:
    """The same hypotheses, in the same order, with what the lab said of each."""
    measured = Measured(reproduction=reproduction, natural=natural, code=code)
    by_name = {mechanism.name: mechanism for mechanism in MECHANISMS}
    judged = [by_name[each.mechanism].judge(each, measured) for each in hypotheses]
    return tuple(
        replace(each, locations=locate(each.mechanism, reproduction, code))
        if each.verdict == "CONFIRMED"
        else each
        for each in judged
    )


def blame(
    hypotheses: tuple[Hypothesis, ...], reproduction: Reproduction | None, code: CodeMap
) -> RootCause | None:
    """The root cause: the confirmed hypothesis of the best rank, or else what the order shows.

    What only gives the occasion (a sender that repeats) is blamed only if no defect is confirmed
    and the failing order does not show one either. None where nothing explains the failure.
    """
    from redhanded.hunt.suspect.measured_cause import measured_cause  # the lab comes with it

    confirmed = [each for each in hypotheses if each.verdict == "CONFIRMED"]
    occasion = {webhook_redelivery.name, worker_overlap.name}
    confirmed.sort(key=lambda each: (each.mechanism in occasion, each.rank))
    if not confirmed or confirmed[0].mechanism in occasion:
        measured = measured_cause(reproduction, code)
        if measured is not None or not confirmed:
            return measured
    blamed = confirmed[0]
    locations = locate(blamed.mechanism, reproduction, code)
    return RootCause(
        mechanism=blamed.mechanism,
        title=blamed.title,
        sentence=sentence(blamed, locations, reproduction, code),
        locations=locations,
    )
