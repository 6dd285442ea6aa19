"""What a hunt takes for the failure, and for the program that it looks for the cause in."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from redhanded.case.codemap import CodeMap
from redhanded.case.errors import InputError
from redhanded.case.request import HuntRequest
from redhanded.case.symptom import Symptom
from redhanded.case.system import SymptomPattern, System
from redhanded.hunt import observe
from redhanded.logs.index.place import usual_folder

NO_LOG = "No log was given: how often it fails and what distinguishes it is not known."
NO_LINE = (
    "The symptom is a broken invariant, which no log line shows: how often it fails in production "
    "and what distinguishes it is not known."
)
UNREAD = "The logs that were given were not searched, since the symptom is a broken invariant."


def invariants(asked: str | None, system: System | None) -> tuple[str, ...]:
    """The invariants that are the symptom: the one that is named, all where nothing is said.

    Empty where the symptom is something else: a text, or what [symptom] says.
    """
    if system is None:
        return ()
    known = tuple(each.name for each in system.invariants)
    if asked:
        return tuple(name for name in known if name == asked)
    pattern = system.symptom
    return () if pattern.log or pattern.sqlstate or pattern.status else known


def symptom(
    request: HuntRequest, system: System | None, root: Path, say: Callable[[str], None]
) -> Symptom:
    """What the logs say of the failure that was asked for; of an invariant they say nothing.

    Where nothing was asked for, it is the failure that the logs show by themselves.
    Raises ``InputError`` for logs that cannot be read and for a text that they do not hold.
    """
    names = invariants(request.symptom, system)
    if names:
        limits = (NO_LINE, UNREAD) if request.logs else (NO_LINE,)
        return Symptom(text=", ".join(names), invariants=names, limits=limits)
    text = request.symptom or ""
    if not request.logs:
        return Symptom(text=text, limits=(NO_LOG,))
    try:
        return observe.gather(
            request.logs,
            text or None,
            root=root,
            redact=request.redact,
            folder=usual_folder(),
            on_progress=say,
        )
    except InputError as error:
        others = ", ".join(each.name for each in system.invariants) if system else ""
        if not others:
            raise
        raise InputError(
            f"{error} A broken invariant can be the symptom too: --symptom with one of {others}."
        ) from error


def source(system: System | None) -> tuple[str, ...]:
    """The folders that hold the program: all of it where nothing says so."""
    return system.source if system else (".",)


def tables(found: Symptom, system: System | None, code: CodeMap) -> frozenset[str]:
    """The tables of the program that the broken invariants speak of."""
    broken = [one for one in system.invariants if one.name in found.invariants] if system else []
    words = {word.lower() for one in broken for word in re.findall(r"\w+", one.sql or "")}
    known = {one.table for one in code.accesses} | {one.table for one in code.constraints}
    return frozenset(table for table in known if table.lower() in words)


def pattern(system: System, found: Symptom) -> SymptomPattern:
    """What the lab looks for, beside what the contract says: for invariants no line at all."""
    if found.invariants:
        return SymptomPattern(rate=system.symptom.rate)
    return replace(system.symptom, log=found.text or system.symptom.log)
