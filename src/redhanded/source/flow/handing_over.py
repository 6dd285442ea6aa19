"""Jobs: which entry takes what a path puts on a queue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from redhanded.source.flow.effects import Effect
from redhanded.source.flow.events import Entry, Handover, Path


def joined(paths: Sequence[Path]) -> tuple[Path, ...]:
    """The paths with their handovers, matched by library, queue and name of the job."""
    consumers: dict[str, list[tuple[int, Entry]]] = {}
    for at, one in enumerate(paths):
        if one.entry.kind == "job":
            consumers.setdefault(one.entry.library, []).append((at, one.entry))
    found = []
    for path in paths:
        jobs = tuple(
            Handover(event=event.number, entry=at)
            for event in path.events
            if event.effect is not None and event.effect.kind == "enqueue"
            for at, entry in consumers.get(event.effect.library, ())
            if takes(entry, event.effect)
        )
        found.append(replace(path, jobs=jobs) if jobs else path)
    return tuple(found)


def takes(entry: Entry, effect: Effect) -> bool:
    """Whether a consumer gets what is put there."""
    if entry.library != effect.library:
        return False
    if entry.queue is not None and effect.subject is not None and entry.queue != effect.subject:
        return False
    if entry.job is not None and effect.job is not None:
        return entry.job == effect.job
    if (entry.job is None and effect.job is None) or entry.job is None:
        return entry.queue is not None and entry.queue == effect.subject
    return False
