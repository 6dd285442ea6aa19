"""From entries that show a failure to the works that failed, and to all comparable ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from redhanded.logs.counters import without_other_counters
from redhanded.logs.profile import Profile, identifying, likeness, request_field, value_hash
from redhanded.logs.record import Record
from redhanded.logs.search import Match
from redhanded.logs.timeline import Rows, Timeline
from redhanded.logs.works import Work, routes_of, works

_COVERAGE_MIN = 0.4
"""Share of the matches that must have a field before it may say what one failure is; the database's
own log may show each failure once more, without it."""
_TRACKED_MAX = 14
_PART = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """Failing works among all that came the same way."""

    timeline: Timeline
    all: list[Work]
    """Requests of the routes that led to failures, or all jobs if the log shows no requests."""
    failing: dict[str, Work]
    """Value of the identity to the work that led to it."""
    requests: bool
    """True if ``all`` are requests, False if they are jobs."""
    routes: tuple[str, ...]
    thing_keys: tuple[str, ...]


def identity_field(matches: Sequence[Match], profile: Profile) -> str | None:
    """The field that tells one failure from another: the finest one that its retries share.

    Fields are those whose values behave like identifiers. One that never repeats among the matches
    names an attempt where another field does repeat; two matches with one value, one template and
    the same number of the attempt are two failures. Names decide only between equals.
    """
    candidates = [
        _candidate(key, matches, len(profile.fields[key].values)) for key in identifying(profile)
    ]
    found_all = [found for found in candidates if found is not None]
    common = [found for found in found_all if found.share >= _COVERAGE_MIN]
    if not common:
        return None
    groups = max(found.groups for found in common)
    jobs = [found for found in found_all if found.work == 0 and found.groups >= groups]
    good = list(dict.fromkeys((*common, *jobs)))
    repeated = any(found.repeats for found in good if found.part < _PART)
    return min(good, key=lambda found: found.rank(repeated=repeated)).key


def join(
    timeline_of: Callable[[Sequence[str]], Timeline],
    matches: Sequence[Match],
    profile: Profile,
    identity: str,
) -> Joined:
    """Joins the entries of the logs by identifiers; ``timeline_of`` gives those that have any of
    the fields it is asked for."""
    request = request_field(profile)
    tracked = _tracked(matches, profile, identity, request)
    home = [(match.path, match.line) for match in matches]
    timeline = without_other_counters(
        timeline_of(tracked), identity, [key for key in tracked if key != identity], home
    )
    values = dict.fromkeys(
        match.identifiers[identity].value for match in matches if identity in match.identifiers
    )
    things = tuple(key for key in tracked if key not in (identity, request))
    if request is not None:
        joined = _by_request(timeline, tuple(values), identity, request, things)
        if joined is not None:
            return joined
    everything = works(timeline, identity, job_key=None, thing_keys=things)
    by_key = {work.key: work for work in everything}
    failing = {value: by_key[value_hash(value)] for value in values}
    return Joined(
        timeline=timeline,
        all=everything,
        failing=failing,
        requests=False,
        routes=(),
        thing_keys=things,
    )


def begin_unseen(joined: Joined, identity: str, shown: Collection[tuple[str, int]]) -> bool:
    """Whether jobs show only once something is wrong with them: nobody knows then how many there
    were. ``shown`` are the lines of the failure, by file and line; their level does not matter.

    A request shows by the line that a web server writes of it, however it ends.
    """
    if joined.requests:
        return False
    timeline = joined.timeline
    begun = timeline.beginnings(identity)
    return all(timeline.place(row) in shown for row in begun[~timeline.bad[begun]].tolist())


def _by_request(
    timeline: Timeline,
    values: tuple[str, ...],
    identity: str,
    request: str,
    things: tuple[str, ...],
) -> Joined | None:
    """None if most failing jobs cannot be traced to a request."""
    if identity == request:
        jobs = [key for key in things if likeness(key)[0] == 0]
        origin = {value: value_hash(value) for value in values}
        job_key = jobs[0] if jobs else None
    else:
        origin = _origins(timeline, values, identity, request, things)
        job_key = identity
    if 2 * len(origin) < len(values):
        return None
    named = routes_of(timeline, request, origin.values())
    if not named:
        return None
    everything = works(timeline, request, job_key=job_key, thing_keys=things, routes=named)
    by_key = {work.key: work for work in everything}
    return Joined(
        timeline=timeline,
        all=everything,
        failing={value: by_key[key] for value, key in origin.items() if key in by_key},
        requests=True,
        routes=tuple(timeline.routes[route] for route in sorted(named)),
        thing_keys=things,
    )


def _origins(
    timeline: Timeline,
    values: tuple[str, ...],
    identity: str,
    request: str,
    things: tuple[str, ...],
) -> dict[str, int]:
    """The request behind each job: named on the job's lines, or the last one before the job that
    names the same thing."""
    found: dict[str, int] = {}
    for value in values:
        rows = timeline.rows(identity, value_hash(value))
        key = _earliest(timeline, request, rows)
        if key is None:
            key = _by_thing(timeline, request, rows, things)
        if key is not None:
            found[value] = key
    return found


def _by_thing(timeline: Timeline, request: str, rows: Rows, things: tuple[str, ...]) -> int | None:
    begun = timeline.at_ms[rows].min()
    for thing in things:
        named = timeline.identifiers[thing][rows]
        for value in dict.fromkeys(named[named != 0].tolist()):
            same = timeline.rows(thing, value)
            before = same[
                (timeline.identifiers[request][same] != 0) & (timeline.at_ms[same] <= begun)
            ]
            if len(before):
                latest = before[timeline.at_ms[before].argmax()]
                return int(timeline.identifiers[request][latest])
    return None


def _earliest(timeline: Timeline, request: str, rows: Rows) -> int | None:
    column = timeline.identifiers[request][rows]
    named = rows[column != 0]
    if not len(named):
        return None
    first = named[timeline.at_ms[named].argsort(kind="stable")[0]]
    return int(timeline.identifiers[request][first])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Candidate:
    key: str
    share: float
    """Of the matches, those that have it."""
    groups: int
    repeats: bool
    part: int
    distinct: int
    """Values in the whole log: of two fields that tell the failures apart equally well, the one
    that changes more often is the finer one."""

    @property
    def work(self) -> int:
        """How much its name is that of a piece of work; 0: of a job."""
        return likeness(self.key)[0]

    def rank(self, *, repeated: bool) -> tuple[bool, bool, int, int, int, str]:
        single = repeated and not self.repeats and self.work != 0
        return self.part >= _PART, single, -self.groups, self.work, -self.distinct, self.key


def _candidate(key: str, matches: Sequence[Match], distinct: int) -> _Candidate | None:
    values: Counter[str] = Counter()
    tries: set[tuple[str, str, int]] = set()
    for match in matches:
        identifier = match.identifiers.get(key)
        if identifier is None:
            continue
        values[identifier.value] += 1
        if match.attempt is not None:
            one = (identifier.value, match.template, match.attempt)
            if one in tries:
                return None
            tries.add(one)
    if not values:
        return None
    return _Candidate(
        key=key,
        share=sum(values.values()) / len(matches),
        groups=len(values),
        repeats=max(values.values()) > 1,
        part=likeness(key)[0],
        distinct=distinct,
    )


def _tracked(
    matches: Sequence[Match], profile: Profile, identity: str, request: str | None
) -> tuple[str, ...]:
    """The identity, the request and the identifiers that failing entries have come first."""
    fields = identifying(profile)
    in_matches = Counter(key for match in matches for key in match.identifiers)
    ranked = sorted(
        (key for key in fields if likeness(key)[0] < _PART),
        key=lambda key: (-in_matches[key], -len(profile.fields[key].values), key),
    )
    first = [identity] if request is None else [identity, request]
    return tuple(dict.fromkeys([*first, *ranked]))[:_TRACKED_MAX]


def process_of(record: Record) -> str:
    """Who wrote the entry: its stream, and its process or container where it names one."""
    for name in ("pid", "process.pid", "process", "hostname", "host", "pod", "container", "worker"):
        value = record.entry.fields.get(name)
        if value is not None:
            return f"{record.source} ({name} {value})"
    return record.source
