"""Functions among the arguments of a call, and what a method was called on."""

from __future__ import annotations

from redhanded.source.flow.framework import Callback, CallSite
from redhanded.source.flow.frameworks.chain import several
from redhanded.source.flow.values import (
    Either,
    Input,
    Library,
    Made,
    Procedure,
    Record,
    Unknown,
    Value,
)

FAILED = Unknown("error")
"""What a callback is given first."""
JOB = Input("job")


def function(value: Value | None) -> Value | None:
    """A function of the program, also one that a library wraps (``asyncHandler(f)``)."""
    if isinstance(value, Procedure):
        return value
    if isinstance(value, Library) and value.steps and isinstance(value.steps[-1], Made):
        for one in value.steps[-1].arguments:
            if isinstance(one, Procedure):
                return one
    if isinstance(value, Either):
        return next((one for one in map(function, value.values) if one is not None), None)
    return None


def functions(values: tuple[Value, ...]) -> tuple[Value, ...]:
    """All functions among arguments, lists of them included, in order."""
    found: list[Value] = []
    for value in values:
        if isinstance(value, Record) and value.of is None:
            found.extend(functions(several(value)))
        elif (one := function(value)) is not None:
            found.append(one)
    return tuple(found)


def last_function(site: CallSite) -> Value | None:
    """A callback at the end of the arguments."""
    return function(site.arguments[-1]) if site.arguments else None


def called_back(site: CallSite, *results: Value) -> tuple[Callback, ...]:
    """A function at the end of the arguments gets an error or the results."""
    called = last_function(site)
    return () if called is None else (Callback(function=called, arguments=(FAILED, *results)),)


def base(library: Library) -> Library:
    """What a method was called on."""
    return Library(library.package, library.steps[:-1], library.through)


def made(library: Library) -> Made | None:
    """The call that the last step is."""
    last = library.steps[-1] if library.steps else None
    return last if isinstance(last, Made) else None


def gives(site: CallSite) -> Library:
    """What a call gives that does nothing yet: the callee with the call as a step."""
    step = Made(site.arguments, site.keywords, site.location)
    return Library(site.callee.package, (*site.callee.steps, step), site.callee.through)


def words(text: str) -> frozenset[str]:
    """The words of a text, for tables of names."""
    return frozenset(text.split())
