"""What a model draws for a unique column of a new row that it was given nothing for:
``code = mapped_column(unique=True, default=lambda: uuid4().hex[:6])``, ``code = randomUUID()``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from redhanded.source.flow import form
from redhanded.source.flow.effects import Effect, EffectKind
from redhanded.source.flow.module import Field
from redhanded.source.flow.schema import Table
from redhanded.source.flow.values import Kind, Library, Procedure, Result, Value, sources
from redhanded.source.flow.walking import classes, expressions, happening
from redhanded.source.flow.walking.recorder import ELSEWHERE
from redhanded.source.flow.walking.run import Run

ADDING: frozenset[EffectKind] = frozenset({"insert", "find-or-create"})
DEFAULTS = ("default", "default_factory", "insert_default")
"""Keywords of a field, in Python, that say what makes its value."""


def filled(run: Run, effect: Effect) -> Effect:
    """An insert with what its model draws for columns that hold a value once."""
    if run.is_loading or effect.store != "database" or effect.kind not in ADDING:
        return effect
    schema = run.program.schema
    table = schema.table(effect.subject) or schema.table(effect.model or None)
    if table is None:
        return effect
    drawn = dict(_drawn(run, table, effect))
    return replace(effect, values={**effect.values, **drawn}) if drawn else effect


def _drawn(run: Run, table: Table, effect: Effect) -> Iterator[tuple[str, Value]]:
    once = {one.columns[0] for one in table.uniques if len(one.columns) == 1}
    wanted = {one.attribute or one.name for one in table.columns if one.name in once}
    wanted -= {name for name, value in effect.values.items() if not _is_elsewhere(value)}
    if not wanted:
        return
    for name in dict.fromkeys((effect.model, *table.models)):
        for kind in run.program.classes_named(name):
            for each in run.program.class_of(kind).fields:
                value = _of_field(run, kind, each) if each.name in wanted else None
                if value is not None:
                    yield each.name, value
            return


def _is_elsewhere(value: Value) -> bool:
    """Whether it was drawn beside the path, where nobody sees of how many."""
    found = sources(value)
    return any(isinstance(one, Result) and one.event >= ELSEWHERE for one in found)


def _of_field(run: Run, kind: Kind, each: Field) -> Value | None:
    """What a field of a new instance begins with, if that is drawn."""
    if not isinstance(each.value, form.Call) or each.is_static:
        return None
    scope = classes.scope_of(run.program, kind)
    if not kind.path.endswith((".py", ".pyi")):
        return expressions.evaluate(run, each.value, scope)
    for one in each.value.arguments:
        if one.name in DEFAULTS:
            maker = expressions.evaluate(run, one.value, scope)
            if isinstance(maker, Procedure) or _is_drawing(maker):
                return happening.call_value(run, maker, (), {})
    return None


def _is_drawing(maker: Value) -> bool:
    """A function of a library: ``uuid.uuid4``; what the language itself makes is empty."""
    return isinstance(maker, Library) and maker.package != "global"
