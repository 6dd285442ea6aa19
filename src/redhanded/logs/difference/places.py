"""When something shows in a chain: where a cause stands before its consequences."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from redhanded.logs.difference.chains import Chains, offsets_ms
from redhanded.logs.difference.latency import medians
from redhanded.logs.difference.questions import numbered
from redhanded.logs.difference.stories import Stories

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_USUAL_MIN = 3
"""A template has a usual place in a kind of chain if so many passing chains have it there."""


class Place(NamedTuple):
    """Medians in milliseconds; NaN where it is not known."""

    in_chain_ms: float
    """From the beginning of the chain, on the scale of passing chains."""
    in_story_ms: float
    """From the beginning of the story, as it happened."""


NOWHERE = Place(float("nan"), float("nan"))
ALWAYS = Place(0.0, 0.0)
"""Of conditions that hold for a whole story."""


class Places:
    """Where events stand in their chains.

    Chains differ in speed, and each difference shows in other chains: their own times would bring
    neighbours out of order. So an event stands where its template usually stands in chains that
    begin with the same template; one that has no usual place, between its neighbours that have.
    """

    def __init__(self, told: Stories, chains: Chains, symptom: Ints) -> None:
        self._told = told
        self._templates = np.int64(max(1, len(told.templates)))
        self._type = _types(told, chains)
        self._usual_codes, self._usual = self._learn(chains)
        self._in_chain = self._along(chains)
        begin = _earliest(told.at_ms, told.story, len(told.failing))[told.story]
        self._in_story = told.at_ms - begin
        shows = np.flatnonzero(np.isin(told.template, symptom) & told.failing[told.story])
        self.symptom = self.shown(shows)
        self._since_chain = _earliest(told.at_ms[shows], told.chain[shows], told.chains)
        self._since_story = _earliest(told.at_ms[shows], told.story[shows], len(told.failing))

    def shown(self, rows: Ints) -> Place:
        """Of events that show something."""
        return Place(_median(self._in_chain[rows]), _median(self._in_story[rows]))

    def expected(self, template: int, beside: Ints) -> Place:
        """Of a template that is absent: where it usually stands in chains of the kind that the
        events ``beside`` are in, or in any."""
        kinds = self._type[self._told.chain[beside]]
        codes = kinds[kinds >= 0] * self._templates + template
        if not len(codes):
            codes = self._usual_codes[self._usual_codes % self._templates == template]
        own = np.flatnonzero(self._told.template == template)
        return Place(_median(self._look_up(codes)), _median(self._in_story[own]))

    def after_symptom(self, rows: Ints) -> bool:
        """Whether most of ``rows`` come later than the first symptom of their chain, or of their
        story for rows outside of chains. Chains without a symptom do not say."""
        chain = self._told.chain[rows]
        since = np.where(
            chain >= 0, self._since_chain[chain], self._since_story[self._told.story[rows]]
        )
        return bool(_median(self._told.at_ms[rows] - since) > 0)

    def _learn(self, chains: Chains) -> tuple[Ints, Floats]:
        told = self._told
        offset = offsets_ms(told, chains)[chains.first_row]
        code = self._type[chains.first_chain] * self._templates + chains.first_template
        passing = ~told.failing[told.story[chains.first_row]] & ~np.isnan(offset)
        codes, index = numbered(code[passing])
        frequent = np.bincount(index, minlength=len(codes)) >= _USUAL_MIN
        usual = medians(offset[passing], index, len(codes))
        return codes[frequent], usual[frequent]

    def _look_up(self, codes: Ints) -> Floats:
        if not len(self._usual_codes):
            return np.full(len(codes), np.nan)
        place = np.minimum(np.searchsorted(self._usual_codes, codes), len(self._usual_codes) - 1)
        return np.where(self._usual_codes[place] == codes, self._usual[place], np.nan)

    def _along(self, chains: Chains) -> Floats:
        """Of each event its place; NaN outside of chains."""
        told, rows = self._told, chains.order
        result = np.full(len(told.story), np.nan)
        if not len(rows):
            return result
        usual = self._look_up(self._type[chains.chain] * self._templates + told.template[rows])
        begins = np.flatnonzero(np.append(True, np.diff(chains.chain) != 0))
        usual[begins] = 0.0
        result[rows] = _between(usual, told.at_ms[rows], chains.chain)
        return result


def _between(usual: Floats, at_ms: Floats, chain: Ints) -> Floats:
    """Usual places, and of events without one a place between those of their neighbours, as far
    along as they are in time; behind the last one as long after it as they were."""
    count = np.arange(len(usual))
    known = ~np.isnan(usual)
    before = np.maximum.accumulate(np.where(known, count, 0))
    after = np.minimum.accumulate(np.where(known, count, len(usual))[::-1])[::-1]
    inside = after < len(usual)
    after = np.where(inside, after, before)
    inside &= chain[after] == chain
    since = np.nan_to_num(at_ms - at_ms[before])
    span = np.where(inside, np.nan_to_num(at_ms[after] - at_ms[before]), 0.0)
    way = np.where(inside, usual[after] - usual[before], 0.0)
    scale = np.divide(way, span, out=np.ones(len(usual)), where=span > 0)
    result: Floats = usual[before] + np.where(known, 0.0, since * np.where(inside, scale, 1.0))
    return result


def _types(told: Stories, chains: Chains) -> Ints:
    """Of each chain the template that it begins with; -1 for numbers that no event has, and for
    -1."""
    found = np.full(told.chains + 1, -1, np.int64)
    begins = np.flatnonzero(np.append(True, np.diff(chains.chain) != 0)[: len(chains.chain)])
    found[chains.chain[begins]] = told.template[chains.order[begins]]
    return found


def _earliest(at_ms: Floats, index: Ints, count: int) -> Floats:
    """The earliest time of each index; NaN where there is none. One element more, for -1."""
    first = np.full(count + 1, np.inf)
    known = ~np.isnan(at_ms) & (index >= 0)
    np.minimum.at(first, index[known], at_ms[known])
    return np.where(np.isinf(first), np.nan, first)


def _median(values: Floats) -> float:
    known = values[~np.isnan(values)]
    return float(np.median(known)) if len(known) else float("nan")
