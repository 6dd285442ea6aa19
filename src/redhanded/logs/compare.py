"""What sets some works apart from the others."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from redhanded.case.symptom import Difference
from redhanded.logs.properties import Property
from redhanded.logs.works import Work
from redhanded.stats.association import fisher

P_MAX = 0.01
"""Differences that chance gives more often are left out. Not corrected for the number of properties
asked for, which is below a hundred: read one near the limit with that in mind."""


def differences(
    works: Sequence[Work], asked: Iterable[Property], *, chosen: Collection[int]
) -> tuple[Difference, ...]:
    """Properties that works with a key in ``chosen`` have more often, the least likely by
    chance first.

    Of each family of properties the most telling one, with p below 0.01 (Fisher's exact test).
    """
    best: dict[str, Difference] = {}
    for one in asked:
        difference = _count(works, one, chosen)
        if not _more(difference) or difference.p_value >= P_MAX:
            continue
        kept = best.get(one.family)
        if kept is None or difference.p_value < kept.p_value:
            best[one.family] = difference
    return tuple(sorted(best.values(), key=lambda difference: difference.p_value))


def _count(works: Sequence[Work], one: Property, chosen: Collection[int]) -> Difference:
    having, total = [0, 0], [0, 0]
    for work in works:
        if one.applies(work):
            side = work.key in chosen
            total[side] += 1
            having[side] += one.holds(work)
    return Difference(
        property=one.text,
        failing_with=having[1],
        failing=total[1],
        others_with=having[0],
        others=total[0],
        p_value=fisher(having[1], total[1], having[0], total[0]),
    )


def _more(one: Difference) -> bool:
    return one.failing_with * one.others > one.others_with * one.failing
