"""The failures of one symptom, told with the lines that show them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median

from redhanded.case.evidence import Evidence
from redhanded.case.symptom import Difference, Occurrence, Rate, Series
from redhanded.hunt.observe import said_twice
from redhanded.logs.activity import Activity, series
from redhanded.logs.company import shared_thing
from redhanded.logs.compare import differences
from redhanded.logs.fetch import Place, fetch, shown
from redhanded.logs.files import LogFile
from redhanded.logs.gaps import rounded, rounded_up, spread
from redhanded.logs.identifiers import identifiers
from redhanded.logs.joining import Joined, begin_unseen
from redhanded.logs.limits import no_rate
from redhanded.logs.one_error import OneError
from redhanded.logs.profile import Profile, likeness
from redhanded.logs.properties import Property, properties
from redhanded.logs.read import read_line
from redhanded.logs.search import Match
from redhanded.logs.works import Work
from redhanded.stats.intervals import rate

OCCURRENCES_MAX = 200
LINES_MAX = 12
"""Lines shown of one failure."""
PARTNERS_MAX = 4
GAPS_TRIED = 4
COMPANY = frozenset(("company", "distance", "overlap"))
"""Families of properties that two works have together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What was found about the failures."""

    occurrences: tuple[Occurrence, ...]
    statements: tuple[Evidence, ...]
    limits: tuple[str, ...]
    differences: tuple[Difference, ...] = ()
    rate: Rate | None = None
    repeat_gap_ms: tuple[float, ...] = ()
    requests_per_s: float | None = None
    series: Series | None = None


def by_line(
    failure: OneError, files: Sequence[LogFile], activity: Activity, *, redacted: bool
) -> Story:
    """Without an identifier each line is one failure; ``activity`` is that of all entries."""
    matches = failure.matches[:OCCURRENCES_MAX]
    texts = fetch(files, [(match.path, match.line) for match in matches])
    occurrences = tuple(
        Occurrence(
            identity=f"{match.path}:{match.line}",
            evidence=(_evidence((match.path, match.line), texts, "shows it", redacted),),
            at_ms=match.at_ms,
        )
        for match in matches
    )
    says = f"{counted(len(failure.matches), 'line')} show it"
    first = occurrences[0].evidence[0]
    statement = Evidence(path=first.path, line=first.line, text=first.text, says=says)
    return Story(
        occurrences=occurrences,
        statements=(statement,),
        series=series(
            activity,
            Activity(match.at_ms for match in failure.matches if match.at_ms is not None),
            unit="entries",
        ),
        limits=(
            "the lines that show the symptom carry no job, request or trace id: each line counts "
            "as one failure, and no rate can be given",
            *_left_out(len(failure.matches)),
        ),
    )


class Teller:
    """Tells the failures of one identity."""

    def __init__(
        self,
        files: Sequence[LogFile],
        failure: OneError,
        profile: Profile,
        identity: str,
        joined: Joined,
        redacted: bool,
    ) -> None:
        self._files, self._joined, self._redacted = files, joined, redacted
        self._profile, self._identity = profile, identity
        self._by_value: dict[str, list[Match]] = defaultdict(list)
        self._anonymous = 0
        for match in failure.matches:
            found = match.identifiers.get(identity)
            if found is None:
                self._anonymous += 1
            else:
                self._by_value[found.value].append(match)
        self._failing = {work.key: work for work in joined.failing.values()}
        self._near = shared_thing(joined, failure.matches, self._failing)
        self._repeats = (
            said_twice.NOTHING if self._near else said_twice.said_twice(files, self._by_value)
        )
        self._echoes = self._repeats.by_failure
        shown = {(match.path, match.line) for match in failure.matches}
        self._unseen = begin_unseen(joined, identity, shown)
        self._noun = "job" if likeness(identity)[0] == 0 or not joined.requests else "request"

    def tell(self) -> Story:
        shown_values = sorted(self._by_value, key=self._began)[:OCCURRENCES_MAX]
        telling, showing = self._differences()
        places = [self._joined.timeline.place(row) for rows in showing.values() for row in rows]
        places += [place for one in self._echoes.values() for place in (one.first, one.second)]
        texts = fetch(self._files, [*self._places(shown_values), *places])
        telling = tuple(self._with_examples(one, showing, texts) for one in telling)
        occurrences = tuple(self._occurrence(value, texts) for value in shown_values)
        share = self._rate()
        return Story(
            occurrences=occurrences,
            differences=telling,
            rate=share,
            statements=tuple(self._statements(occurrences, telling, share, texts)),
            repeat_gap_ms=spread(self._gaps_ms()),
            requests_per_s=self._requests_per_s(),
            series=self._series(),
            limits=tuple(self._limits(occurrences)),
        )

    def _began(self, value: str) -> float:
        times = [match.at_ms for match in self._by_value[value] if match.at_ms is not None]
        return min(times, default=float("inf"))

    def _places(self, values: Sequence[str]) -> list[Place]:
        places: list[Place] = []
        for value in values:
            places.extend((match.path, match.line) for match in self._by_value[value][:LINES_MAX])
            work = self._joined.failing.get(value)
            if work is not None:
                near = [work, *self._partners(work)]
                places.extend(self._joined.timeline.place(other.row) for other in near)
        return places

    def _partners(self, work: Work) -> tuple[Work, ...]:
        return self._near.of(work)[:PARTNERS_MAX] if self._near else ()

    def _occurrence(self, value: str, texts: dict[Place, str]) -> Occurrence:
        matches = self._by_value[value]
        label = f"{self._profile.fields[self._identity].name}={value}"
        work = self._joined.failing.get(value)
        partners = self._partners(work) if work else ()
        entity = self._entity(work, matches, texts) if work and partners else None
        told = tuple(self._partner(work, other, texts) for other in partners if work)
        gap_ms = self._near.gap_ms(work) if work and self._near else None
        if (echo := self._echoes.get(value)) is not None:
            entity = shown(said_twice.named(matches, echo), redacted=self._redacted)
            told = (_evidence(echo.first, texts, said_twice.says(echo), self._redacted),)
            gap_ms = echo.gap_ms
        return Occurrence(
            identity=shown(label, redacted=self._redacted),
            evidence=tuple(
                _evidence((match.path, match.line), texts, "shows the failure", self._redacted)
                for match in matches[:LINES_MAX]
            ),
            at_ms=min((match.at_ms for match in matches if match.at_ms is not None), default=None),
            entity=entity,
            partner=told,
            gap_ms=rounded(gap_ms),
        )

    def _partner(self, work: Work, other: Work, texts: dict[Place, str]) -> Evidence:
        place = self._joined.timeline.place(other.row)
        if work.at_ms is None or other.at_ms is None:
            says = f"another {self._unit} for the same {self._thing_name}"
        else:
            gap = other.at_ms - work.at_ms
            words = "after" if gap > 0 else "before"
            says = f"same {self._thing_name}, {abs(gap):,.0f} ms {words} the one that failed"
        return _evidence(place, texts, says, self._redacted)

    def _gaps_ms(self) -> Sequence[float]:
        return self._near.gaps_ms() if self._near else self._repeats.gaps_ms

    @property
    def _gaps_between(self) -> str:
        return "lines of one statement" if self._echoes else "first lines of jobs"

    @property
    def _unit(self) -> str:
        return "request" if self._joined.requests else "job"

    @property
    def _thing_name(self) -> str:
        return self._profile.fields[self._near.thing_key].name if self._near else ""

    def _entity(self, work: Work, matches: Sequence[Match], texts: dict[Place, str]) -> str:
        key = self._near.thing_key if self._near else ""
        found = next((m.identifiers[key] for m in matches if key in m.identifiers), None)
        if found is None:
            path, line = self._joined.timeline.place(work.row)
            found = identifiers(read_line(texts.get((path, line), ""), path, line)).get(key)
        label = f"{self._thing_name}={found.value}" if found else self._thing_name
        return shown(label, redacted=self._redacted)

    def _differences(self) -> tuple[tuple[Difference, ...], dict[str, list[int]]]:
        """What differs, and for each property rows of failing works that have it."""
        gaps = sorted(
            gap
            for work in self._failing.values()
            if self._near and (gap := self._near.gap_ms(work)) is not None
        )
        asked = tuple(
            properties(
                self._joined.all,
                self._joined.timeline,
                near=self._near,
                thing_name=self._thing_name,
                within_ms=sorted({rounded_up(gap) for gap in gaps})[:GAPS_TRIED],
                done="requested" if self._joined.requests else "worked on",
            )
        )
        telling = differences(self._joined.all, asked, chosen=self._failing)
        named = {one.property for one in telling}
        return telling, {one.text: self._showing(one) for one in asked if one.text in named}

    def _showing(self, asked: Property) -> list[int]:
        """The first failing work that has the property, and the nearest other one of the same
        thing, in the order of their arrival."""
        work = next(
            (one for one in self._failing.values() if asked.applies(one) and asked.holds(one)), None
        )
        if work is None:
            return []
        beside = self._partners(work)[:1] if asked.family in COMPANY else ()
        return [one.row for one in sorted((work, *beside), key=lambda one: one.at_ms or 0.0)]

    def _with_examples(
        self, one: Difference, showing: dict[str, list[int]], texts: dict[Place, str]
    ) -> Difference:
        rows = showing.get(one.property, [])
        places = [self._joined.timeline.place(row) for row in rows]
        return replace(
            one, examples=tuple(_evidence(place, texts, "", self._redacted) for place in places)
        )

    def _rate(self) -> Rate | None:
        trials, failures = len(self._joined.all), len(self._failing)
        if not failures or failures > trials or self._unseen:
            return None
        routes = self._joined.routes
        unit = f"{' and '.join(routes[:3])} requests" if routes else f"{self._unit}s"
        return rate(failures, trials, unit=unit)

    def _requests_per_s(self) -> float | None:
        if not self._joined.requests:
            return None
        arrivals = sorted(work.at_ms for work in self._joined.all if work.at_ms is not None)
        busy = [
            bisect_right(arrivals, work.at_ms + 500) - bisect_left(arrivals, work.at_ms - 500)
            for work in self._failing.values()
            if work.at_ms is not None
        ]
        return float(median(busy)) if busy else None

    def _series(self) -> Series | None:
        arrived = (work.at_ms for work in self._joined.all if work.at_ms is not None)
        failed = (work.at_ms for work in self._failing.values() if work.at_ms is not None)
        return series(Activity(arrived), Activity(failed), unit=f"{self._unit}s")

    def _statements(
        self,
        occurrences: Sequence[Occurrence],
        telling: Sequence[Difference],
        share: Rate | None,
        texts: dict[Place, str],
    ) -> list[Evidence]:
        failing_line = occurrences[0].evidence[0]
        lines = sum(len(matches) for matches in self._by_value.values())
        count = len(self._by_value)
        says = f"{counted(count, f'failing {self._noun}')} in {counted(lines, 'line')}"
        told = [_saying(failing_line, says)]
        first = next(iter(self._failing.values()), None)
        request_line = (
            _evidence(self._joined.timeline.place(first.row), texts, "", self._redacted)
            if first
            else failing_line
        )
        if share is not None:
            low, high = share.interval.low, share.interval.high
            told.append(
                _saying(
                    request_line,
                    f"{share.failures:,} of {share.trials:,} {share.unit} led to it: "
                    f"{share.failures / share.trials:.2%} (95 % interval {low:.2%} to {high:.2%})",
                )
            )
        told.extend(self._pairs(occurrences))
        told.extend(_saying(request_line, says) for says in self._waits())
        told.extend(
            _saying(
                request_line,
                f"{one.property}: {one.failing_with} of {one.failing} that failed, "
                f"{one.others_with:,} of {one.others:,} others (p = {one.p_value:.1g})",
            )
            for one in telling
        )
        return told

    def _pairs(self, occurrences: Sequence[Occurrence]) -> list[Evidence]:
        paired = [one for one in occurrences if one.partner and one.gap_ms is not None]
        gaps = sorted(one.gap_ms for one in paired if one.gap_ms is not None)
        if not gaps:
            return []
        share = f"{len(paired)} of {len(occurrences)} failures"
        apart = f"about {median(gaps):,.0f} ms apart ({gaps[0]:,.0f} to {gaps[-1]:,.0f} ms)"
        says = (
            f"{share} had two {self._unit}s for the same {self._thing_name} {apart}"
            if self._near
            else f"before {share} {said_twice.WHAT} {apart}"
        )
        told = [_saying(paired[0].partner[0], says)]
        twice = f"two {self._unit}s" if self._near else "two lines"
        for one in paired:
            says = (
                f"{twice} for {one.entity} {one.gap_ms:,.0f} ms apart, then {one.identity} failed"
            )
            told.append(_saying(one.partner[0], says))
        return told

    def _waits(self) -> list[str]:
        """How long failing and other works waited for another process, if any did."""
        lags: dict[bool, list[float]] = {True: [], False: []}
        for work in self._joined.all:
            if work.lag_ms is not None:
                lags[work.key in self._failing].append(work.lag_ms)
        if not lags[True] or not lags[False]:
            return []
        return [
            f"from the request to its worker: {median(lags[True]):,.0f} ms in the median where it "
            f"failed ({min(lags[True]):,.0f} to {max(lags[True]):,.0f} ms), "
            f"{median(lags[False]):,.0f} ms elsewhere"
        ]

    def _limits(self, occurrences: Sequence[Occurrence]) -> list[str]:
        limits = list(_left_out(len(self._by_value)))
        name = self._profile.fields[self._identity].name
        if self._anonymous:
            limits.append(
                f"{counted(self._anonymous, 'line')} show the symptom without {name}: not counted "
                "as failures of their own"
            )
        if self._unseen:
            limits.append(no_rate(name, self._unit))
        if not self._joined.requests:
            rate_is = "" if self._unseen else "the rate is per job, and "
            limits.append(
                "the logs hold no request that could be traced to the failing jobs: "
                f"{rate_is}gaps are between {self._gaps_between}"
            )
        missing = len(self._by_value) - len(self._joined.failing)
        if missing:
            limits.append(f"{counted(missing, f'failing {self._noun}')} without a traced request")
        if self._near is None and not self._echoes:
            limits.append("the failures share no identifier with other work: no partner is named")
        alone = sum(1 for one in occurrences if not one.partner)
        if self._near is not None and alone:
            limits.append(
                f"for {counted(alone, 'failure')} no other {self._unit} for the same "
                f"{self._thing_name} is in the logs"
            )
        return limits


def _evidence(place: Place, texts: dict[Place, str], says: str, redacted: bool) -> Evidence:
    text = shown(texts.get(place, ""), redacted=redacted)
    return Evidence(path=place[0], line=place[1], text=text, says=says)


def _saying(evidence: Evidence, says: str) -> Evidence:
    return Evidence(path=evidence.path, line=evidence.line, text=evidence.text, says=says)


def _left_out(count: int) -> tuple[str, ...]:
    if count <= OCCURRENCES_MAX:
        return ()
    return (f"{count:,} failures were counted; the first {OCCURRENCES_MAX} are described",)


def counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
