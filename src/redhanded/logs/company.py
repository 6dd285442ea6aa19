"""By what works belong together: the identifier that chosen ones share with others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from redhanded.logs.joining import Joined
from redhanded.logs.neighbours import Neighbours, neighbours
from redhanded.logs.search import Match
from redhanded.logs.works import Work
from redhanded.stats.association import fisher

_GROUP_MAX = 5_000
"""A thing that more works share than this sets none of them apart."""


def shared_thing(
    joined: Joined, matches: Sequence[Match], failing: Mapping[int, Work]
) -> Neighbours | None:
    """The identifier by which most failing works have company and others mostly have not.

    Between fields that do equally well, one whose value the error itself mentions; then the one
    that is the rarer among the others.
    """
    best: tuple[tuple[float, bool, float, str], Neighbours] | None = None
    for key in joined.thing_keys:
        near = neighbours(joined.all, key)
        if max((len(group) for group in near.groups.values()), default=0) > _GROUP_MAX:
            continue
        with_company = sum(near.shared(work) for work in failing.values())
        if not with_company or 2 * with_company < len(failing):
            continue
        others_with = sum(near.shared(work) for work in joined.all) - with_company
        p_value = fisher(with_company, len(failing), others_with, len(joined.all) - len(failing))
        rank = (-with_company / len(failing), not _mentioned(key, matches), p_value, key)
        if best is None or rank < best[0]:
            best = (rank, near)
    return best[1] if best else None


def _mentioned(key: str, matches: Sequence[Match]) -> bool:
    """Whether the value, or its part after a prefix, stands again in the entry's error."""
    for match in matches:
        found = match.identifiers.get(key)
        if found is None or match.record is None:
            continue
        core = max(found.value.replace("-", "_").split("_"), key=len)
        if len(core) >= 4 and match.record.text.count(core) > 1:
            return True
    return False
