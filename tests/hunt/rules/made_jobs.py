"""Producers and consumers made by hand, and tables with and without unique indexes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from made_paths import effect, event, path

from redhanded.case.evidence import Location
from redhanded.hunt.suspect.rules.rule import Reading, Rule
from redhanded.source.flow.effects import Effect
from redhanded.source.flow.events import Event, Handover, Path
from redhanded.source.flow.schema import Schema, Table, Unique
from redhanded.source.flow.values import Value

PLACE = Location(path="db/001.sql", line=3)
ID = Unique(columns=("id",), said=("migration",), location=PLACE, is_primary=True)


def table(name: str, *unique: str, **known: Any) -> Table:
    """A table with a primary key and, if columns are given, one unique index on them."""
    uniques = [ID]
    if unique:
        uniques.append(Unique(columns=unique, said=("migration",), location=PLACE))
    return Table(name=name, uniques=tuple(uniques), location=PLACE, **known)


def enqueue(
    number: int, options: dict[str, Value] | None = None, library: str = "bullmq", **known: Any
) -> Event:
    """A job is put on the queue ``mail``."""
    of = effect("enqueue", "mail", store="queue", job="mail", options=options or {})
    return event(number, replace(of, library=library), **known)


def consumer(*events: Event, library: str = "bullmq", **known: Any) -> Path:
    """What takes the jobs of ``mail``."""
    return path(*events, kind="job", name="mail:mail", library=library, **known)


def joined(producer: Path, taker: Path | None, *tables: Table) -> Reading:
    """A program of two paths; every job of the first goes to the second."""
    paths = (producer,)
    if taker is not None:
        jobs = tuple(
            Handover(event=one.number, entry=1)
            for one in producer.events
            if isinstance(one.effect, Effect) and one.effect.kind == "enqueue"
        )
        paths = (replace(producer, jobs=jobs), taker)
    schema = Schema(tables={one.name: one for one in tables}, has_migrations=bool(tables))
    return Reading(paths=paths, schema=schema, text=lambda _: "")


def shown(rule: Rule, reading: Reading) -> list[Any]:
    """The findings that are shown without being asked for."""
    return [one for one in rule.look(reading) if one.score >= rule.threshold]
