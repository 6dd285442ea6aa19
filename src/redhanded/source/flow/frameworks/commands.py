"""Programs started by people or the clock: click, Typer, APScheduler, schedule.

References: https://click.palletsprojects.com/, https://typer.tiangolo.com/,
https://apscheduler.readthedocs.io/en/3.x/userguide.html, https://schedule.readthedocs.io/.
"""

from __future__ import annotations

from collections.abc import Iterable

from redhanded.source.flow.events import Entry
from redhanded.source.flow.framework import CallSite, FoundEntry, Mount, Surroundings
from redhanded.source.flow.frameworks.chain import given, is_python, links, procedure_of
from redhanded.source.flow.frameworks.python_routes import decorated, place_of
from redhanded.source.flow.frameworks.reading import elements, pattern, text
from redhanded.source.flow.frameworks.table import LibraryTable
from redhanded.source.flow.values import Library, Made, Procedure, Value

CLOCKS = ("apscheduler", "schedule", "fastapi_utils", "aiocron", "rocketry", "flask_apscheduler")
SHELLS = ("click", "typer", "cyclopts", "asyncclick")
TIMED = frozenset({"scheduled_job", "repeat_every", "crontab", "task"})
UNITS = ("weeks", "days", "hours", "minutes", "seconds")


def _entries(around: Surroundings) -> Iterable[FoundEntry | Mount]:
    for here, function, values in decorated(around, *SHELLS, *CLOCKS):
        for value in values:
            last = links(value)[-1]
            if value.package in SHELLS and last.name in ("command", "callback"):
                name = text(given(last.made, 0, "name")) or function.name
                entry = Entry(
                    kind="command",
                    name=name,
                    location=place_of(here, around),
                    library=value.package,
                )
                yield FoundEntry(entry=entry, functions=(here,))
                break
            if value.package in CLOCKS and last.name in TIMED:
                yield _timed(_when(last.made), here, value.package, (), around)


def _registered(site: CallSite, around: Surroundings) -> Iterable[FoundEntry]:
    if not is_python(site) or site.callee.package not in CLOCKS:
        return
    last = links(site.callee)[-1]
    made = Made(site.arguments, site.keywords, site.location)
    function: Procedure | None = None
    when = "on schedule"
    arguments: tuple[Value, ...] = ()
    if last.name in ("add_job", "add_schedule"):
        function = procedure_of(given(site, 0, "func", "func_or_task_id"))
        trigger = given(site, 1, "trigger")
        when = _when(Made((trigger,) if trigger is not None else (), made.keywords))
        arguments = elements(given(site, 2, "args"))
    elif last.name == "do" and site.callee.package == "schedule":
        function = procedure_of(given(site, 0, "job_func"))
        when = " ".join(
            [
                one.name if one.made is None else _called(one.name, one.made)
                for one in links(site.callee)[:-1]
            ]
        )
        arguments = site.arguments[1:]
    if function is not None:
        yield _timed(when, function, site.callee.package, arguments, around)


def _called(name: str, made: Made) -> str:
    given_ones = " ".join(pattern(one) or "" for one in made.arguments).strip()
    return f"{name} {given_ones}".strip()


def _timed(
    when: str,
    here: Procedure,
    library: str,
    arguments: tuple[Value, ...],
    around: Surroundings,
) -> FoundEntry:
    entry = Entry(
        kind="schedule",
        name=f"{when} {around.function_of(here).name}",
        location=place_of(here, around),
        library=library,
    )
    return FoundEntry(entry=entry, functions=(here,), arguments=arguments)


def _when(made: Made | None) -> str:
    """``"interval", minutes=5`` and ``CronTrigger(hour=3)`` as people read them."""
    if made is None:
        return "on schedule"
    first = given(made, 0, "trigger", "cron")
    keywords = dict(made.keywords)
    kind = text(first) or ""
    if isinstance(first, Library):
        last = links(first)[-1]
        kind = last.name.removesuffix("Trigger").lower()
        keywords = dict(last.made.keywords) if last.made is not None else {}
        if last.name == "from_crontab":
            return f"cron {text(given(last.made, 0)) or ''}".strip()
    if kind == "interval" or not kind:
        said = [f"{pattern(keywords[one]) or '?'} {one}" for one in UNITS if one in keywords]
        return f"every {' '.join(said)}" if said else "on schedule"
    if kind == "cron":
        parts = ("minute", "hour", "day", "month", "day_of_week")
        return "cron " + " ".join(pattern(keywords.get(one)) or "*" for one in parts)
    return f"cron {kind}" if " " in kind else kind


FRAMEWORK = LibraryTable(
    name="commands and schedules",
    packages=(*SHELLS, *CLOCKS),
    declares=_entries,
    registers=_registered,
)
