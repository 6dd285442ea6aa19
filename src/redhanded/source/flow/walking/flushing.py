"""Instances that were changed and are written later: ``row.stock -= 1; row.save()``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from redhanded.case.evidence import Location
from redhanded.source.flow.effects import Effect
from redhanded.source.flow.framework import Meaning
from redhanded.source.flow.values import Kind, Record, Result, Value
from redhanded.source.flow.walking import drawn
from redhanded.source.flow.walking.recorder import Open, Pending, is_handle
from redhanded.source.flow.walking.run import Run
from redhanded.source.flow.walking.scope import Scope


def completed(run: Run, effect: Effect, meaning: Meaning) -> Effect:
    """An effect that writes an instance, with the attributes that were set on it since."""
    entity = effect.entity
    if meaning.autobegin and effect.session is None and isinstance(entity, Result):
        return _on_its_session(run, effect, entity)
    if not isinstance(entity, Result) or effect.kind not in ("save", "update", "upsert"):
        return effect
    changed = taken(run, entity)
    if not changed:
        return effect
    return replace(effect, values={**_written(changed, meaning), **effect.values})


def _on_its_session(run: Run, effect: Effect, entity: Result) -> Effect:
    """What an instance leads to is asked for on the session that gave the instance."""
    draft = run.record.draft(entity.event)
    gave = draft.parts["effect"] if draft is not None else None
    session = gave.session if isinstance(gave, Effect) else None
    return replace(effect, session=session, entity=None)


def _written(values: Mapping[str, Value], meaning: Meaning) -> dict[str, Value]:
    if meaning.written is None:
        return dict(values)
    return {name: meaning.written(one) for name, one in values.items()}


def taken(run: Run, entity: Result) -> dict[str, Value]:
    """The attributes set on an instance since it was last written."""
    cell = run.record.changed.get(Result(entity.event, entity.parts))
    return dict(cell) if cell else {}


Place = tuple[Location, int, str]


def keep(run: Run, meaning: Meaning, place: Place, arguments: tuple[Value, ...]) -> None:
    """Keeps the effects of ``session.add(row)`` for the next flush: they happen there."""
    location, end_line, callee = place
    record = run.record
    for effect in meaning.effects:

        def act(effect: Effect = effect) -> None:
            effect = drawn.filled(run, completed(run, effect, meaning))
            if meaning.autobegin and effect.session is not None:
                record.begin_by_itself(effect, record.next_number)
            number = record.record(
                location=location,
                end_line=end_line,
                callee=callee,
                effect=effect,
                arguments=arguments,
                is_async=meaning.is_async,
            )
            for one in (*arguments[:1], meaning.result):
                if (
                    isinstance(one, Record)
                    and isinstance(one.parts, dict)
                    and "id" not in one.parts
                ):
                    record.journal.write(one.parts, "id", Result(number, ("id",)))

        record.later(act, effect=effect)


def flush(run: Run, meaning: Meaning, location: Location, end_line: int, callee: str) -> None:
    """What was kept for the session, and a ``save`` for each instance that was changed."""
    session = next((one.session for one in meaning.effects if one.session is not None), None)
    library = next((one.library for one in meaning.effects), "")
    _flush(run, session, library, (location, end_line, callee), meaning)


def _flush(run: Run, session: Value | None, library: str, place: Place, meaning: Meaning) -> None:
    def is_meant(one: Pending) -> bool:
        if one.effect is None or (library and one.effect.library != library):
            return False
        return session is None or one.session is None or is_handle(one.session, session)

    for one in run.record.take(is_meant):
        one.act()
    _write_changed(run, session, library, place, meaning)


def before_end(run: Run, opened: Open, line: int) -> None:
    """A block that commits at its end flushes before."""
    kept = [one for one in run.record.state.pending if one.effect is not None]
    if not kept and not run.record.changed:
        return
    scope = run.frame.scope if run.frames else Scope("", 0)
    place = (run.place(line, scope), line, "")
    session = opened.value.handle
    mine = [one for one in kept if session is None or one.session is None]
    if session is not None:
        mine = [one for one in kept if one.session and is_handle(one.session, session)]
    draft = run.record.draft(opened.value.number)
    began = draft.parts["effect"] if draft is not None else None
    if opened.began is not None and isinstance(began, Effect):
        _flush(run, session, began.library, place, opened.began)
    elif mine and mine[0].effect is not None:
        _flush(run, session, mine[0].effect.library, place, Meaning())


def after_end(run: Run, transaction: int, *, is_committed: bool) -> None:
    """Calls back what waited for the commit; after a rollback it is forgotten."""
    for one in run.record.take(lambda one: one.effect is None and one.transaction == transaction):
        if is_committed:
            one.act()


def forget(run: Run, session: Value | None) -> None:
    """A rollback: what was kept for the session is never written."""
    run.record.take(
        lambda one: (
            one.effect is not None
            and (session is None or one.session is None or is_handle(one.session, session))
        )
    )


def at_the_end(run: Run) -> None:
    """The path ends: what was kept for a flush that is not seen happens all the same."""
    for one in run.record.take(lambda one: one.effect is not None):
        one.act()


def _write_changed(
    run: Run, session: Value | None, library: str, place: Place, meaning: Meaning
) -> None:
    record = run.record
    location, end_line, callee = place
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
            values=_written(cell, meaning),
            session=read.session if read.session is not None else session,
        )
        record.record(location=location, end_line=end_line, callee=callee, effect=effect)
        for name in list(cell):
            record.journal.remove(cell, name)
