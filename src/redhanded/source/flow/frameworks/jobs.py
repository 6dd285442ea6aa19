"""What all queues of ECMAScript have: options of jobs, and entries for those who take them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from redhanded.source.flow.effects import Effect
from redhanded.source.flow.events import Entry
from redhanded.source.flow.framework import CallSite, FoundEntry, Surroundings
from redhanded.source.flow.frameworks.reading import JOB, function, members, pattern, text
from redhanded.source.flow.module import Module
from redhanded.source.flow.values import Computed, Known, Library, Made, Record, Unknown, Value


def enqueue(
    site: CallSite,
    queue: str | None,
    job: str | None,
    data: Value | None,
    options: Mapping[str, Value],
    verb: str = "",
) -> Effect:
    """A job is put on a queue."""
    return Effect(
        kind="enqueue",
        store="queue",
        library=site.callee.package,
        verb=verb or str(site.callee.names[-1]),
        subject=queue,
        job=job,
        values=dict(members(data)) if members(data) else {"data": data or Known(None)},
        options=dict(options),
    )


def consumer(
    site: CallSite,
    queue: str | None,
    job: str | None,
    work: Value | None,
    options: Mapping[str, Value],
    around: Surroundings,
    arguments: tuple[Value, ...] = (JOB,),
) -> FoundEntry | None:
    """A function takes jobs; one that stands in a file of its own is looked up there."""
    called = function(work) or in_file(work, site.location.path, around)
    if called is None:
        return None
    entry = Entry(
        kind="job",
        name=f"{queue or '*'}:{job or '*'}",
        location=site.location,
        library=site.callee.package,
        queue=queue,
        job=job,
        options=dict(options),
    )
    return FoundEntry(entry=entry, functions=(called,), arguments=arguments)


def in_file(value: Value | None, beside: str, around: Surroundings) -> Value | None:
    """``path.join(__dirname, 'work.js')``: what that file gives as its only or default export."""
    end = _file_name(value)
    if end is None:
        return None
    stem = re.sub(r"\.[cm]?[jt]s$", "", end.replace("\\", "/")).lstrip("./")
    wanted = [one for one in around.modules() if _is_named(one.path, stem)]
    folder = beside.rsplit("/", 1)[0] if "/" in beside else ""
    near = [one for one in wanted if one.path.startswith(folder)] or wanted
    return _given_by(near[0], around) if len(near) == 1 else None


def _is_named(path: str, stem: str) -> bool:
    plain = re.sub(r"\.[cm]?[jt]sx?$", "", path)
    return plain == stem or plain.endswith(f"/{stem}")


def _file_name(value: Value | None) -> str | None:
    """The written end of a path."""
    if isinstance(value, Computed) and value.operands:
        return _file_name(value.operands[-1]) if value.operator.startswith("call") else _last(value)
    if isinstance(value, Library) and value.steps and isinstance(value.steps[-1], Made):
        inner = value.steps[-1].arguments
        return _file_name(inner[0 if "URL" in value.names else -1]) if inner else None
    found = text(value)
    return found if found and re.search(r"\.[cm]?[jt]s$", found) else None


def _last(value: Computed) -> str | None:
    found = pattern(value)
    match = re.search(r"[^*]*\.[cm]?[jt]s$", found or "")
    return match[0] if match else None


def _given_by(module: Module, around: Surroundings) -> Value | None:
    for export in module.exports:
        if export.exported in ("=", "default") and export.value is not None:
            return function(around.evaluate(export.value, module.path))
    return None


def options_of(*given: Value | None) -> dict[str, Value]:
    """Options by name; later ones win. What is not known in whole is said."""
    found: dict[str, Value] = {}
    for one in given:
        if isinstance(one, Record):
            found.update(one.parts)
            if not one.is_complete:
                found.setdefault("?", Unknown("options"))
        elif one is not None and not isinstance(one, Known):
            found.setdefault("?", one)
    return found
