"""All entries of an index as events, in the shape in which they are joined and compared."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from redhanded.logs.correlation.events import Events
from redhanded.logs.index.building import Index
from redhanded.logs.index.merging import merged
from redhanded.logs.templates.keeping import miner_of


def events_of_index(known: Index) -> Events:
    """Rows are those of the files one after the other; see ``begins_of``."""
    whole = merged(known.parts)
    columns, facts = whole.columns, whole.facts
    templates = miner_of(facts.templates).finish()
    return Events(
        file=np.repeat(
            np.arange(len(known.parts)), [len(part.columns) for part in known.parts]
        ).astype(np.int64),
        line=columns.line.astype(np.int64),
        at_ms=columns.at_ms.astype(np.float64),
        level=columns.level.astype(np.int64),
        template=templates.of_id[columns.template].astype(np.int64),
        source=columns.process.astype(np.int64),
        id_row=columns.row.astype(np.int64),
        id_key=columns.key.astype(np.int64),
        id_value=columns.value.astype(np.uint64),
        files=tuple(file.name for file in known.files),
        sources=facts.processes,
        templates=templates.texts,
        keys=tuple(facts.keys),
        numeric=tuple(2 * key.numeric > sum(key.names.values()) for key in facts.keys.values()),
        attribute_row=columns.attribute_row.astype(np.int64),
        attribute_key=columns.attribute_key.astype(np.int64),
        attribute_value=_values(columns.attribute_key, columns.attribute_value, facts.attributes),
        attribute_keys=tuple(facts.attributes),
        attribute_values=tuple(value for own in facts.attributes.values() for value in own),
    )


def begins_of(known: Index) -> NDArray[np.int64]:
    """The row at which each file begins."""
    return np.cumsum([0, *(len(part.columns) for part in known.parts)])[:-1].astype(np.int64)


def _values(
    key: NDArray[Any], value: NDArray[Any], tables: dict[str, tuple[str, ...]]
) -> NDArray[np.int64]:
    """Numbers of each field's own table to those of all tables one after the other."""
    begins = np.cumsum([0, *(len(own) for own in tables.values())]).astype(np.int64)
    return np.asarray(begins[key.astype(np.int64)] + value)
