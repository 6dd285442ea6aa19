"""Calls of libraries written by hand: what a program text gives a framework's table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from redhanded.case.evidence import Location
from redhanded.source.flow.effects import Effect
from redhanded.source.flow.framework import CallSite, Framework, Meaning, Surroundings
from redhanded.source.flow.module import Function
from redhanded.source.flow.schema import Column, Schema, Table, Unique
from redhanded.source.flow.values import (
    Computed,
    Either,
    Input,
    Kind,
    Known,
    Library,
    Made,
    Procedure,
    Record,
    Result,
    Stored,
    Unknown,
    Value,
)

HERE = Location(path="app.js", line=9)
VALUES = (
    Known,
    Library,
    Procedure,
    Kind,
    Record,
    Result,
    Input,
    Computed,
    Stored,
    Either,
    Unknown,
)


SEATS = Table(
    name="seats",
    columns=(
        Column(name="id", type="integer", attribute="id"),
        Column(name="show_id", type="integer", attribute="showId"),
        Column(name="free", type="integer", attribute="free"),
        Column(name="version", type="integer", attribute="version", is_version=True),
    ),
    uniques=(Unique(columns=("id",), said=("model",), location=None, is_primary=True),),
    models=("Seat",),
)


class Nothing:
    """Surroundings without files; the model ``Seat`` is the table ``seats``."""

    schema = Schema(tables={"seats": SEATS}, has_migrations=False)

    def function_of(self, procedure: Procedure) -> Function:
        return Function(name="f", parameters=(), body=(), line=1, end_line=1)

    def bases(self, kind: Kind) -> tuple[Value, ...]:
        return ()

    def decorators(self, of: Procedure | Kind) -> tuple[Value, ...]:
        return ()

    def modules(self) -> Iterable[Any]:
        return ()


AROUND = cast(Surroundings, Nothing())
WORK = Procedure("app.js", 1)


def value(of: Any) -> Value:
    """Python's dicts, lists and literals as values."""
    if isinstance(of, VALUES):
        return of
    if isinstance(of, dict):
        return Record({name: value(one) for name, one in of.items()})
    if isinstance(of, list):
        return Record({str(place): value(one) for place, one in enumerate(of)})
    return Known(of)


def library(package: str, *steps: str | tuple[Any, ...]) -> Library:
    """A tuple among the steps is a call with those arguments."""
    return Library(
        package,
        tuple(
            one if isinstance(one, str) else Made(tuple(map(value, one)), {}, HERE) for one in steps
        ),
    )


def site(callee: Library, *arguments: Any, new: bool = False, tagged: bool = False) -> CallSite:
    return CallSite(
        callee=callee,
        arguments=tuple(map(value, arguments)),
        keywords={},
        location=HERE,
        is_new=new,
        is_tagged=tagged,
    )


def meaning(framework: Framework, callee: Library, *arguments: Any, **more: bool) -> Meaning:
    found = framework.call(site(callee, *arguments, **more), AROUND)
    assert found is not None, callee.names
    return found


def effect(framework: Framework, callee: Library, *arguments: Any, **more: bool) -> Effect:
    """The only effect of a call."""
    found = meaning(framework, callee, *arguments, **more).effects
    assert len(found) == 1, found
    return found[0]
