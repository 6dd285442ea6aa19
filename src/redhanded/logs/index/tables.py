"""What an index says of all its files together, in the shapes that joining works on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from redhanded.case.symptom import Marker
from redhanded.logs.activity import BINS_MAX, Activity
from redhanded.logs.index.building import Index
from redhanded.logs.index.rows import IndexedFile, tally_from
from redhanded.logs.profile import DISTINCT_MAX, FIELDS_MAX, FieldProfile, Profile
from redhanded.logs.tally import Tally
from redhanded.logs.timeline import Timeline

_TIMES_AT_ONCE = 100_000


def tally_of(known: Index) -> Tally:
    """What was hard to read."""
    return {
        file.name: tally_from(part.facts.tally)
        for file, part in zip(known.files, known.parts, strict=True)
    }


def activity_of(known: Index) -> Activity:
    """All entries over time."""
    found = Activity()
    for part in known.parts:
        count_times(found, part.columns.at_ms)
    return found


def count_times(activity: Activity, at_ms: np.ndarray) -> None:
    """Adds many times at once."""
    for begin in range(0, len(at_ms), _TIMES_AT_ONCE):
        some = at_ms[begin : begin + _TIMES_AT_ONCE]
        times, counts = np.unique(some[~np.isnan(some)].astype(np.int64), return_counts=True)
        shift = 0
        while len(times) > BINS_MAX:
            shift += 1
            times, place = np.unique(times >> 1, return_inverse=True)
            counts = np.bincount(place, counts).astype(np.int64)
        counted = dict(zip(times.tolist(), counts.tolist(), strict=True))
        activity.merge(Activity.counted(counted, shift))


def markers_of(known: Index) -> tuple[Marker, ...]:
    """Starts and deploys of all files, in the order of time."""
    found = (marker for part in known.parts for marker in part.facts.markers)
    return tuple(sorted(found, key=lambda marker: marker.at_ms))


def profile_of(known: Index) -> Profile:
    """What the fields of all files hold."""
    profile = Profile()
    for part in known.parts:
        columns = part.columns
        profile.lines += len(columns)
        profile.request_lines += int((columns.route >= 0).sum())
        for number, (name, facts) in enumerate(part.facts.keys.items()):
            seen = profile.fields.get(name)
            if seen is None:
                if len(profile.fields) >= FIELDS_MAX:
                    continue
                seen = profile.fields[name] = FieldProfile()
            mine = columns.key == number
            values, rows = columns.value[mine], columns.row[mine]
            asked = columns.route[rows] >= 0
            seen.lines += int(mine.sum())
            seen.request_lines += int(asked.sum())
            seen.numeric += facts.numeric
            seen.names.update(facts.names)
            _note(seen.values, values)
            _note(seen.request_values, values[asked])
    return profile


def _note(known: set[int], values: np.ndarray) -> None:
    room = DISTINCT_MAX - len(known)
    if room > 0:
        known.update(np.unique(values)[: room + len(known)].tolist())


def timeline_of(known: Index, keys: Sequence[str]) -> Timeline:
    """The entries with at least one of the identifiers ``keys``."""
    names: dict[str, dict[str, int]] = {"process": {}, "route": {}}
    pieces = [_piece(part, number, keys, names) for number, part in enumerate(known.parts)]
    joined = {name: np.concatenate([piece[name] for piece in pieces]) for name in pieces[0]}
    return Timeline(
        file=joined["file"],
        line=joined["line"],
        at_ms=joined["at_ms"],
        process=joined["process"],
        route=joined["route"],
        duration_ms=joined["duration_ms"],
        bad=joined["bad"],
        identifiers={key: joined[f"key {key}"] for key in keys},
        files=tuple(file.name for file in known.files),
        processes=tuple(names["process"]),
        routes=tuple(names["route"]),
    )


def _piece(
    part: IndexedFile, number: int, keys: Sequence[str], names: dict[str, dict[str, int]]
) -> dict[str, np.ndarray]:
    columns = part.columns
    numbers = {name: position for position, name in enumerate(part.facts.keys)}
    found: dict[str, np.ndarray] = {}
    having = np.zeros(len(columns), bool)
    for key in keys:
        column = np.zeros(len(columns), np.int64)
        if key in numbers:
            mine = columns.key == numbers[key]
            column[columns.row[mine]] = columns.value[mine]
            having[columns.row[mine]] = True
        found[f"key {key}"] = column
    rows = np.flatnonzero(having)
    result = {name: column[rows] for name, column in found.items()}
    result |= {
        "file": np.full(len(rows), number, np.int32),
        "line": columns.line[rows],
        "at_ms": columns.at_ms[rows],
        "duration_ms": columns.duration_ms[rows],
        "bad": columns.severity[rows] > 0,
        "process": _renumbered(columns.process[rows], part.facts.processes, names["process"]),
        "route": _renumbered(columns.route[rows], part.facts.routes, names["route"]),
    }
    return result


def _renumbered(column: np.ndarray, own: tuple[str, ...], names: dict[str, int]) -> np.ndarray:
    """Numbers of a file's own table to those of the table of all files; -1 stays."""
    places = np.array([names.setdefault(name, len(names)) for name in own] + [-1], np.int32)
    return np.asarray(places[column])
