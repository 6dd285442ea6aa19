"""One hypothesis where a mechanism of the hunt and a rule say the same: with the better of both."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from redhanded.case.evidence import Evidence
from redhanded.case.hypothesis import Hypothesis
from redhanded.hunt.suspect import (
    create_without_idempotency,
    id_collision,
    missing_job_deduplication,
)

SILENT = 0.3
"""What it takes away that the rule of the same name, which knows what makes it safe, is silent."""
CREATING = frozenset(
    {
        "check-then-create",
        "webhook-without-idempotency",
        "retry-of-non-idempotent-job",
        "create-without-unique-constraint",
        "find-or-create-without-unique-index",
        "model-unique-not-migrated",
    }
)
"""Rules that say more of a plain create than that it is one."""


def one_of_each(
    from_rules: Sequence[Hypothesis], others: Iterable[Hypothesis], *, asked: bool
) -> list[Hypothesis]:
    """What rules raised, and of the others what they do not say; ``asked``: whether they were."""
    kept = list(from_rules)
    for each in others:
        same = [one for one in kept if _says_the_same(one, each)]
        if each.mechanism == id_collision.name and same:
            # The arithmetic goes by the rate that the log shows; a rule has none.
            kept = [one for one in kept if one not in same]
            kept.append(replace(each, locations=same[0].locations))
        elif not same:
            silent = asked and each.mechanism == missing_job_deduplication.name
            kept.append(_doubted(each) if silent else each)
        elif each.mechanism == missing_job_deduplication.name:
            kept = [
                replace(one, experiment=each.experiment) if one in same else one for one in kept
            ]
    return kept


def _says_the_same(one: Hypothesis, other: Hypothesis) -> bool:
    if other.mechanism == id_collision.name:
        return one.mechanism == other.mechanism
    if other.mechanism == missing_job_deduplication.name:
        return one.mechanism == other.mechanism and bool(_lines(one) & set(_first(other)))
    if other.mechanism == create_without_idempotency.name:
        return one.mechanism in CREATING and bool(_lines(one) & set(_first(other)))
    return False


def _lines(one: Hypothesis) -> set[tuple[str, int]]:
    return {(each.path, each.line) for each in one.locations}


def _first(one: Hypothesis) -> Iterator[tuple[str, int]]:
    """Where the evidence of a mechanism begins: at the call that it is about."""
    yield from ((each.path, each.line) for each in one.evidence[:1])


def _doubted(each: Hypothesis) -> Hypothesis:
    place = each.evidence[0]
    against = Evidence(
        path=place.path,
        line=place.line,
        text=place.text,
        says="the rule that knows what makes this safe finds nothing here",
        supports=False,
        weight=SILENT,
    )
    score = round(max(0.0, each.score - SILENT), 3)
    return replace(each, evidence=(*each.evidence, against), score=score)
