"""Values that stories have: host, version, route, worker, customer."""

from __future__ import annotations

import numpy as np

from redhanded.logs.difference.chains import Chains
from redhanded.logs.difference.questions import Kind, Questions, numbered, pairs_of
from redhanded.logs.difference.stories import Stories


def attributes(told: Stories, chains: Chains) -> Questions:
    """Each value of each attribute, there or not."""
    values = np.int64(max(1, len(told.values)))
    asked, column = numbered(told.attribute_key * values + told.attribute_value)
    columns, stories, _ = pairs_of(column, told.attribute_story, max(1, len(told.failing)))
    first = np.searchsorted(told.story, stories)
    there = first < len(told.story)
    safe = np.minimum(first, max(0, len(told.story) - 1))
    row = np.where(there & (told.story[safe] == stories), safe, -1) if len(told.story) else first
    none = np.full(len(asked), -1, np.int64)
    return Questions(
        kind=Kind.ATTRIBUTE,
        template=none,
        other=none,
        key=asked // values,
        value=asked % values,
        column=columns,
        story=stories,
        number=np.ones(len(columns)),
        row=row,
    )
