"""Instances that were changed and are written later: ``row.stock -= 1; row.save()``."""

from __future__ import annotations

from dataclasses import replace

from redhanded.case.evidence import Location
from redhanded.source.flow.effects import Effect
from redhanded.source.flow.framework import Meaning
from redhanded.source.flow.values import Kind, Result, Value
from redhanded.source.flow.walking.run import Run


def completed(run: Run, effect: Effect) -> Effect:
    """An effect that writes an instance, with the attributes that were set on it since."""
    entity = effect.entity
    if not isinstance(entity, Result) or effect.kind not in ("save", "update", "upsert"):
        return effect
    changed = taken(run, entity)
    if not changed:
        return effect
    return replace(effect, values={**changed, **effect.values})


def taken(run: Run, entity: Result) -> dict[str, Value]:
    """The attributes set on an instance since it was last written."""
    cell = run.record.changed.get(Result(entity.event, entity.parts))
    return dict(cell) if cell else {}


def flush(run: Run, meaning: Meaning, location: Location, end_line: int, callee: str) -> None:
    """A ``save`` for each instance that was changed, in the order in which they were read."""
    record = run.record
    session = next((one.session for one in meaning.effects if one.session is not None), None)
    library = next((one.library for one in meaning.effects), "")
    for entity, cell in list(record.changed.items()):
        draft = record.draft(entity.event)
        read = draft.parts["effect"] if draft is not None else None
        if not cell or not isinstance(read, Effect) or read.store != "database":
            continue
        if library and read.library != library:
            continue
        of = draft.parts["result"] if draft is not None else None
        kind = of.of if isinstance(of, Result) and isinstance(of.of, Kind) else None
        effect = Effect(
            kind="save",
            store="database",
            library=read.library,
            verb="flush",
            subject=read.subject,
            model=read.model or (kind.name if kind else ""),
            entity=entity,
            values=dict(cell),
            session=read.session if read.session is not None else session,
        )
        record.record(location=location, end_line=end_line, callee=callee, effect=effect)
        for name in list(cell):
            record.journal.remove(cell, name)
