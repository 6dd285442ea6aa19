"""Paths made by hand, for rules that are tested without reading a program."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from redhanded.case.evidence import Location
from redhanded.hunt.suspect.rules.rule import Reading
from redhanded.source.flow.effects import Effect
from redhanded.source.flow.events import Entry, Event, Guard, Path, Transaction
from redhanded.source.flow.schema import Schema, Table
from redhanded.source.flow.values import Computed, Input, Known, Result, Value

FILE = "shop/till.py"


def effect(kind: str, subject: str | None = None, **known: Any) -> Effect:
    """An effect on a table, unless the kind says that it is another store."""
    keys = {"get", "set", "increment", "remove", "expire", "script", "acquire", "release"}
    store = "keys" if kind in keys else "network" if kind == "send" else "database"
    store = known.pop("store", store)
    return Effect(kind=kind, store=store, library="x", verb=kind, subject=subject, **known)


def event(number: int, of: Effect | None, **known: Any) -> Event:
    """An event on line 10 + its number."""
    line = known.pop("line", 10 + number)
    location = known.pop("location", Location(path=FILE, line=line, function="work"))
    return Event(
        number=number,
        location=location,
        end_line=line,
        effect=of,
        callee=known.pop("callee", "call"),
        result=known.pop("result", Result(number)),
        **known,
    )


def path(*events: Event, kind: str = "route", name: str = "POST /till", **known: Any) -> Path:
    """A path with calls that do nothing where numbers are left out."""
    entry = Entry(kind=kind, name=name, location=Location(path=FILE, line=1), **known)  # type: ignore[arg-type]
    given = {one.number: one for one in events}
    rest = (event(number, None) for number in range(max(given)))
    return Path(
        entry=entry, events=tuple(given.get(one.number, one) for one in (*rest, events[-1]))
    )


def reading(*paths: Path, tables: tuple[Table, ...] = (), text: str = "") -> Reading:
    schema = Schema(tables={one.name: one for one in tables}, has_migrations=bool(tables))
    return Reading(paths=paths, schema=schema, text=lambda _: text)


def within(
    number: int, *events: Event, isolation: str = "", handle: Value | None = None
) -> list[Event]:
    """The same events in a transaction."""
    one = Transaction(number=number, isolation=isolation, handle=handle)
    return [replace(each, transaction=one, around=(*each.around, one)) for each in events]


def minus(value: Value, other: Value | None = None) -> Computed:
    return Computed("-", (value, other or asked("amount")))


def asked(*parts: str) -> Input:
    return Input("request", ("body", *parts))


def guard(test: Value, holds: bool = False, line: int = 12) -> Guard:
    return Guard(test=test, holds=holds, location=Location(path=FILE, line=line))


def compare(operator: str, one: Value, other: Value | int) -> Computed:
    return Computed(operator, (one, Known(other) if isinstance(other, int) else other))


def held(by: int, *events: Event) -> list[Event]:
    """The same events while a lock is held."""
    return [replace(each, locks=(*each.locks, by)) for each in events]
