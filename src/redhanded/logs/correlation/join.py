"""One story for each value of a key: its lines, and those that other identifiers lead to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from redhanded.logs.correlation.events import Events, Whole, keyed
from redhanded.logs.distinct import distinct, extremes, numbered, tally

Ints = NDArray[np.int64]

_HOPS_MAX = 4
"""Identifiers followed one after the other: request, job, the job's own job, its mail."""
_SINGLE_MIN = 0.9
"""Share of the values of a key that meet one story only, for the key to lead on: a job belongs to
one request, an account to many."""
_LED_MAX = 256
"""Values of one key that one story may lead to; a story with more is a batch and does not lead."""
_OVERLAP_MIN = 0.5
_NONE, _SHARED = -1, -2


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """Which story each event belongs to."""

    root: int
    """The key whose values the stories are."""
    story: Whole
    """Of each event; -1 if none, or if several are as likely."""
    hops: Whole
    """Of each event, identifiers followed from the root to it: 0 where the line has the root's."""
    value: NDArray[np.uint64]
    """Of each story, the hash of its root's value."""
    leading: tuple[int, ...]
    """Keys that were followed."""
    shared: tuple[int, ...]
    """Keys some values of which several stories have: entities, accounts. Such values set stories
    beside each other and are not followed; the other values of the key may be."""
    node: Whole
    """Of each identifier of the events, the number of its value (under its key)."""
    limits: tuple[str, ...] = ()


def join(events: Events, root: int) -> Joined:
    """Stories by the key ``root``, across processes and queues.

    A line with a value of the root belongs to its story. A value of another key that stands in one
    story only leads to its other lines, and so on, up to four times. A key of whose values more
    than a tenth meet several stories is shared and leads nowhere: a user does not glue the world
    together. Keys of one meaning under two names are one, where their values (no plain numbers)
    mostly agree.
    """
    merged = _merged(events)
    key, home_key = merged[events.id_key], int(merged[root])
    row = events.id_row
    node, node_key, first = _nodes(key, events.id_value)
    story_of_node = np.full(len(node_key), _NONE, node.dtype)
    roots = np.flatnonzero(node_key == home_key)
    story_of_node[roots] = np.arange(len(roots))
    story = _agreed(row, story_of_node[node], len(events.template))
    story[story == _SHARED] = _NONE
    hops = np.where(story >= 0, np.int8(0), np.int8(-1))
    leading: set[int] = set()
    shared: set[int] = set()
    limits: list[str] = []
    for hop in range(1, _HOPS_MAX + 1):
        met = _agreed(node, story[row], len(node_key))
        met[node_key == home_key] = _NONE
        kinds = _leading(met, node_key, shared)
        leading |= kinds
        led = np.flatnonzero((met >= 0) & np.isin(node_key, sorted(kinds)))
        led = _bounded(led, met, node_key, events, limits)
        story_of_node[led] = met[led]
        reached = _agreed(row, story_of_node[node], len(story))
        new = np.flatnonzero((story == _NONE) & (reached >= 0))
        if not len(new):
            break
        story[new], hops[new] = reached[new], hop
    return Joined(
        root=root,
        story=story,
        hops=hops,
        value=events.id_value[first[roots]],
        leading=tuple(sorted(leading)),
        shared=_several(node, node_key, story[row], home_key),
        node=node,
        limits=tuple(dict.fromkeys(limits)),
    )


def _nodes(key: Whole, value: NDArray[np.uint64]) -> tuple[Whole, Whole, Ints]:
    """Of each identifier the number of its (key, value); of each of these its key and one place."""
    node, first = numbered(keyed(key, value))
    return node, key[first], first


def _agreed(group: Whole, label: Whole, groups: int) -> Whole:
    """Of each group the one label that its elements have; -1 for none, -2 for several."""
    low, found = extremes(group, label, groups)
    found[(found >= 0) & (low != found)] = _SHARED
    return found


def _leading(met: Whole, node_key: Whole, shared: set[int]) -> set[int]:
    """Keys nearly all values of which meet one story; the others are added to ``shared``."""
    count = int(node_key.max(initial=-1)) + 1
    one = np.bincount(node_key[met >= 0], minlength=count)
    several = np.bincount(node_key[met == _SHARED], minlength=count)
    found = set()
    for at in np.flatnonzero(one + several).tolist():
        if one[at] >= _SINGLE_MIN * (one[at] + several[at]) and at not in shared:
            found.add(at)
        else:
            shared.add(at)
    return found


def _several(node: Whole, node_key: Whole, story: Whole, home_key: int) -> tuple[int, ...]:
    """Keys with a value that stands in two stories or more."""
    met = _agreed(node, story, len(node_key))
    found = np.unique(node_key[(met == _SHARED) & (node_key != home_key)])
    return tuple(int(each) for each in found)


def _bounded(led: Ints, met: Whole, node_key: Whole, events: Events, limits: list[str]) -> Ints:
    """``led`` without the values of stories that lead to too many of one key."""
    width = np.int64(len(events.keys) + 1)
    code = met[led] * width + node_key[led]
    _, index, size = np.unique(code, return_inverse=True, return_counts=True)
    many = size[index] > _LED_MAX
    if many.any():
        stories = len(np.unique(met[led[many]]))
        names = ", ".join(events.keys[at] for at in np.unique(node_key[led[many]]).tolist())
        limits.append(
            f"{stories:,} stories name more than {_LED_MAX} values of {names} each: they are taken "
            "for batches, and what these values lead to is not joined to them"
        )
    kept: Ints = led[~many]
    return kept


def _merged(events: Events) -> Whole:
    """Of each key the one that stands for it: the most frequent of those whose values agree."""
    count = len(events.keys)
    common = _common(events)
    sizes = common.diagonal()
    lines = tally(events.id_key, count)
    chosen = np.arange(count, dtype=events.id_key.dtype)
    numeric = events.numeric or (False,) * count
    names = [at for at in range(count) if not numeric[at] and sizes[at] >= 2]
    for one in sorted(names, key=lambda at: (-lines[at], at)):
        if chosen[one] != one:
            continue
        for other in names:
            free = chosen[other] == other != one and lines[other] <= lines[one]
            if free and common[one, other] >= _OVERLAP_MIN * min(sizes[one], sizes[other]):
                chosen[other] = one
    return chosen


def _common(events: Events) -> Ints:
    """How many values each two keys share; on the diagonal, how many each has."""
    count = len(events.keys)
    numbers, _ = numbered(events.id_value)
    pairs = distinct(numbers * np.int64(count + 1) + events.id_key)
    value, key = pairs // (count + 1), pairs % (count + 1)
    found = np.diag(np.bincount(key, minlength=count)[:count])
    for distance in range(1, count):
        same = np.flatnonzero(value[distance:] == value[:-distance])
        if not len(same):
            break
        one, other = key[same], key[same + distance]
        np.add.at(found, (one, other), 1)
        np.add.at(found, (other, one), 1)
    return found
