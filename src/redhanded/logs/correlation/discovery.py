"""Which keys identify something, found in their values; names decide only between equals."""

from __future__ import annotations

from dataclasses import dataclass

from redhanded.logs.correlation.events import Events, keyed
from redhanded.logs.distinct import extremes, numbered, tally
from redhanded.logs.profile import likeness

_LINES_PER_VALUE_MAX = 200
"""A value on more lines than this, on average, names a part of the system."""
_RECURS_MIN = 0.5
_PART = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """What the data say of one key."""

    index: int
    name: str
    lines: int
    values: int
    lines_per_value: float
    """Mean."""
    recurs: float
    """Share of its values that stand on lines of two templates or more."""
    crosses: float
    """Share of its values that two sources or more wrote."""

    @property
    def identifies(self) -> bool:
        """Many values, each on few lines."""
        return self.values >= 2 and self.lines_per_value <= _LINES_PER_VALUE_MAX


def keys_of(events: Events) -> tuple[Key, ...]:
    """The keys of all identifiers, in the order of ``events.keys``; linear but for sorting."""
    key, row = events.id_key, events.id_row
    count = len(events.keys)
    node, first = numbered(keyed(key, events.id_value))
    home = key[first]
    lines = tally(key, count)
    values = tally(home, count)
    several = []
    for column in (events.template, events.source):
        low, high = extremes(node, column, len(first), row)
        several.append(tally(home[low < high], count))
    return tuple(
        Key(
            index=at,
            name=events.keys[at],
            lines=int(lines[at]),
            values=int(values[at]),
            lines_per_value=float(lines[at] / max(1, values[at])),
            recurs=float(several[0][at] / max(1, values[at])),
            crosses=float(several[1][at] / max(1, values[at])),
        )
        for at in range(count)
    )


def root_of(keys: tuple[Key, ...]) -> Key | None:
    """The key whose values are the stories: what recurs from line to line, many values, on most
    lines; None if nothing does.

    A key of many values is preferred to one of few that stands on as many lines (the request before
    the account), unless it names a part of a piece of work (a span, an attempt).
    """
    good = [
        key
        for key in keys
        if key.identifies and key.recurs >= _RECURS_MIN and likeness(key.name)[1] < _PART
    ]
    if not good:
        return None
    most = max(key.lines for key in good)
    wide = [key for key in good if 2 * key.lines >= most]
    return min(wide, key=lambda key: (-key.values, likeness(key.name)[1], -key.lines, key.name))
