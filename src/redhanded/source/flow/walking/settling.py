"""Values of libraries that do something when they are awaited, iterated, entered, or decorate."""

from __future__ import annotations

from dataclasses import replace

from redhanded.case.evidence import Location
from redhanded.source.flow.framework import Moment
from redhanded.source.flow.values import (
    Either,
    Library,
    Made,
    Value,
)
from redhanded.source.flow.walking import happening
from redhanded.source.flow.walking.run import Run
from redhanded.source.flow.walking.scope import Scope


def settled(run: Run, value: Value, moment: Moment, scope: Scope) -> Value:
    """A value after it was awaited, iterated, entered or tested: a query happens then."""
    if isinstance(value, Either):
        if any(isinstance(one, Library) for one in value.values):
            return Either(tuple(settled(run, one, moment, scope) for one in value.values))
        return value
    if not isinstance(value, Library) or not value.steps:
        return value
    for one in run.program.frameworks_of(value.package):
        meaning = one.settle(value, moment, run.program)
        if meaning is not None:
            made = next((each for each in reversed(value.steps) if isinstance(each, Made)), None)
            place = made.location if made is not None and made.location else None
            base = run.record.guards
            run.record.guards = run.record.built_under(value.steps)
            try:
                return happening.happen(
                    run,
                    meaning,
                    value,
                    location=place or run.place(run.line, scope),
                    end_line=place.line if place else run.line,
                    callee=".".join(one for one in value.names if one != "()")[-120:],
                )
            finally:
                run.record.guards = base
    return value


def decorated(run: Run, value: Library, place: Location) -> None:
    """What a decorator of a library begins around a call of the function at ``place``."""
    for one in run.program.frameworks_of(value.package):
        meaning = one.settle(value, "decorate", run.program)
        if meaning is not None:
            run.record.retried |= any(each.retried for each in meaning.callbacks)
            happening.happen(
                run,
                replace(meaning, callbacks=()),
                value,
                location=place,
                end_line=place.line,
                callee=".".join(one for one in value.names if one != "()")[-120:],
            )
            return
