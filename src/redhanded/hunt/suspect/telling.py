"""How a measured cause is told: its sentence in the system's own names, and its lines."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from redhanded.case.codemap import CodeMap
from redhanded.case.evidence import Location
from redhanded.case.hypothesis import RootLocation
from redhanded.case.operation import Operation
from redhanded.case.wording import said
from redhanded.hunt.suspect.measure import frames
from redhanded.hunt.suspect.mechanism import line_text
from redhanded.hunt.suspect.trail import Trail
from redhanded.lab.footprint.builtins import DEFINITIONS

_PACKAGE = re.compile(r"(^|/)(node_modules|site-packages|dist-packages)/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """What the operations of a failing run say of its cause."""

    mechanism: str
    title: str
    sentence: str
    places: tuple[tuple[str, Operation], ...]
    """Roles with the operations that play them, in the order of the sentence."""


def step_at(operation: Operation, known: Trail) -> str:
    """What an operation is and where it stands: ``UPDATE seats (src/seats.js:12)``."""
    return f"{said(operation, known.operations)}{at_line(operation, known)}"


def at_line(operation: Operation, known: Trail) -> str:
    """`` (src/seats.js:12)``; empty where the line is not known."""
    place = next(iter(own_lines(operation, known)), None)
    return f" ({place})" if place is not None else ""


def refused_with(write: Operation) -> str:
    """What the service said to a write that it refused, as the end of a clause."""
    failure = write.failure
    if failure is None:
        return ""
    named = f" of {failure.constraint}" if failure.constraint else ""
    return f", which is refused ({failure.code}{named})"


def who(operation: Operation, other: Operation | None = None) -> str:
    """Whose work it is; the process where ``other`` is work of the same delivery."""
    task = operation.name.task or operation.process
    if other is None or other.name.task != operation.name.task:
        return task
    alike = other.name.role == operation.name.role
    return f"{operation.process if alike else operation.name.role} (for {task})"


def thing(read: Operation, change: Operation) -> str:
    """What was read by the one and changed by the other: a table, or a key as names show it."""
    for theirs in change.touches:
        for mine in read.touches:
            if theirs.access == "write" and theirs.conflicts(mine):
                if read.name.protocol == "redis":
                    return read.name.target
                if mine.resource == DEFINITIONS:
                    return "the tables that there are"
                named = [each for each in (mine.resource, theirs.resource) if each != "*"]
                return named[0] if named else read.name.target
    return read.name.target


def locations(found: Explained, known: Trail, code: CodeMap) -> tuple[RootLocation, ...]:
    """The lines of an explanation; those that are not known are left out.

    What calls them is given too: where a read and a write meet in one function, else the line that
    led to the write. Where the innermost frame is a package's, its line comes after the
    application's. A line that plays several roles is listed with the last.
    """
    listed: dict[tuple[str, int], tuple[str, Location]] = {}
    for role, place in _roles(found.places, known):
        key = (place.path, place.line)
        if role == "call" and key in listed:
            continue
        listed.pop(key, None)
        listed[key] = (role, place)
    return tuple(
        RootLocation(
            path=place.path,
            line=place.line,
            role=role,
            text=line_text(code, place.path, place.line),
            function=place.function,
        )
        for role, place in listed.values()
    )


def own_lines(operation: Operation, known: Trail) -> tuple[Location, ...]:
    """The application's frames from the one that means this statement, innermost first.

    A line that sends different statements for different callers (``query(text, values)``) means
    none of them; what called it does.
    """
    own = _application(operation)
    while len(own) > 1 and _passes_on(own[0], known):
        own = own[1:]
    return own


def _passes_on(place: Location, known: Trail) -> bool:
    sent: dict[Location, set[str]] = {}
    for each in known.operations:
        lines = _application(each)
        if place in lines[:-1]:
            caller = lines[lines.index(place) + 1]
            sent.setdefault(caller, set()).add(f"{each.name.kind} {each.name.target}")
    return len(sent) > 1 and len(set().union(*sent.values())) > 1


def _roles(places: Iterable[tuple[str, Operation]], known: Trail) -> Iterator[tuple[str, Location]]:
    given = tuple(places)
    lines = 0
    for role, operation in given:
        own = own_lines(operation, known)[:1]
        inside = _inside_package(operation)
        lines += len(own)
        yield from ((role, place) for place in (*own, inside) if place is not None)
    acting = {role: operation for role, operation in given if role in ("look-up", "write")}
    if "write" in acting and lines:
        yield from (("call", place) for place in _calling(acting, known))
    elif not lines:
        yield from (("call", place) for place in _led_to(given[-1][1], known))


def _calling(acting: dict[str, Operation], known: Trail) -> tuple[Location, ...]:
    """The lines of one function from which what reads and what writes were called."""
    wrote = own_lines(acting["write"], known)
    looked = own_lines(acting["look-up"], known) if "look-up" in acting else ()
    for line in looked:
        for other in wrote:
            if line.place == other.place:
                return (line, other)
    return wrote[1:2]


def _led_to(operation: Operation, known: Trail) -> tuple[Location, ...]:
    """Where no line at all is known: that of the last operation before with one, in its cause."""
    above = (own_lines(each, known) for each in known.before(operation))
    return next((lines[:1] for lines in above if lines), ())


def _application(operation: Operation) -> tuple[Location, ...]:
    return tuple(each for each in frames(operation) if not _PACKAGE.search(each.path))


def _inside_package(operation: Operation) -> Location | None:
    innermost = next(iter(frames(operation)), None)
    package = innermost is not None and _PACKAGE.search(innermost.path) is not None
    return innermost if package else None
