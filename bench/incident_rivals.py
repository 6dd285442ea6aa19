"""What the usual scores make of the same incidents: novelty, and Ochiai's coefficient."""

from __future__ import annotations

import numpy as np
from incident_maker import Incident
from numpy.typing import NDArray

from redhanded.logs.difference.chains import chains_of
from redhanded.logs.difference.families import FAMILIES
from redhanded.logs.difference.stories import Stories

Named = tuple[int, int]
"""A template and the one before it, -1 if none."""


def novelty(incident: Incident, failing: NDArray[np.bool_]) -> list[Named]:
    """Templates that only failing windows have: in most of these first, then by first time."""
    there = _presence(incident)
    inside = there[failing].sum(0)
    only = np.flatnonzero((inside > 0) & (there[~failing].sum(0) == 0))
    only = only[only != incident.symptom]
    first = np.full(len(incident.templates), np.inf)
    hit = failing[incident.window]
    np.minimum.at(first, incident.template[hit], incident.at_ms[hit])
    return [(int(at), -1) for at in only[np.lexsort((first[only], -inside[only]))]]


def ochiai(incident: Incident, failing: NDArray[np.bool_]) -> list[Named]:
    """All templates by Ochiai's coefficient of being there and failing, the highest first."""
    there = _presence(incident)
    inside, total = there[failing].sum(0), there.sum(0)
    score = inside / np.sqrt(np.maximum(1, failing.sum() * total))
    score[incident.symptom] = -1
    return [(int(at), -1) for at in np.argsort(-score, kind="stable")[:50]]


def ochiai_of_questions(told: Stories, symptom: int) -> list[Named]:
    """The questions that we ask, each story with a number above zero having it, by Ochiai."""
    chains = chains_of(told)
    failing = int(told.failing.sum())
    found: list[tuple[float, int, Named]] = []
    for family in FAMILIES:
        asked = family(told, chains)
        above = asked.number > 0
        column = asked.column[above]
        inside = np.bincount(column[told.failing[asked.story[above]]], minlength=asked.count)
        total = np.bincount(column, minlength=asked.count)
        score = inside / np.sqrt(np.maximum(1, failing * total))
        for at in np.argsort(-score, kind="stable")[:50].tolist():
            pair = int(asked.template[at]), int(asked.other[at])
            if symptom not in pair:
                found.append((-float(score[at]), len(found), pair))
    return [pair for _, _, pair in sorted(found)[:50]]


def _presence(incident: Incident) -> NDArray[np.bool_]:
    there = np.zeros((len(incident.failing), len(incident.templates)), bool)
    there[incident.window, incident.template] = True
    return there
