"""Faults that lie in the packages that a program uses.

Each package that holds state is read as a library, whoever uses it, and what the rules find in it
is kept by name, version and content. Shown is what the program can reach: of a package that no
table describes all, of one whose calls a table describes only what other functions of it do, told
by the names that are called on the way.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from redhanded.case.evidence import Location
from redhanded.case.finding import Finding, Reason, Step
from redhanded.hunt.program import lines_of
from redhanded.hunt.scan.known_packages import Report, keep, kept
from redhanded.hunt.scan.own_ways import has_row, overridden
from redhanded.hunt.scan.reading import Source as Program
from redhanded.hunt.suspect.rules.rule import Reading, Rule
from redhanded.source.flow.events import Event
from redhanded.source.flow.events import Path as Way
from redhanded.source.flow.frameworks import FRAMEWORKS
from redhanded.source.flow.installed import Installed, Source, installed, source
from redhanded.source.flow.values import Library, finished

Say = Callable[[str], None]
Look = Callable[[Rule, Reading], list[Finding]]

PACKAGES_MAX = 40
"""New ones that are read in one scan; what is kept costs nothing."""
STATE = re.compile(
    rb"redis|postgres|mysql|mariadb|mongo|sqlite|knex|sequelize|sqlalchemy|memcache"
    rb"|advisory_lock|[Ss]tore\b\.(?:get|set)\b|\bSELECT\b"
    rb"|\.(?:incr|expire|hget|hset|zadd|zrem|lpush|rpush|sadd|srem|setex|setnx|evalsha|lrange)"
)
"""A package with none of these words holds no state in a store."""
CLIENTS = frozenset(
    (
        *("redis", "ioredis", "pg", "pg-pool", "mysql", "mysql2", "mongodb", "mongoose", "sqlite3"),
        *("better-sqlite3", "express", "fastify", "koa", "django", "flask", "fastapi", "starlette"),
        *("sqlalchemy", "psycopg", "psycopg2", "asyncpg", "pymongo", "aioredis", "iovalkey"),
        *("typescript", "lodash", "axios", "requests", "httpx", "numpy", "next", "react"),
        *("@nestjs/common", "@nestjs/core", "@prisma/client", "typeorm", "celery", "kombu"),
    )
)
"""Clients and frameworks: what they do is what their tables say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What was found in packages, and what was not looked at."""

    findings: tuple[Finding, ...] = ()
    limits: tuple[str, ...] = ()
    files: int = 0
    paths: int = 0
    texts: Mapping[str, Callable[[Location], str]] | None = None
    """Of the folders that hold packages, by their names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """How a program uses a package."""

    package: Installed
    at: tuple[Location, ...]
    """Where it is imported."""
    is_described: bool
    """A table says what most of its calls do."""
    calls: tuple[tuple[str, Event], ...] = ()
    """What is called of it that no table describes: the name, and the call."""


def of_program(
    program: Program,
    root: Path,
    folders: Sequence[Path],
    rules: Sequence[Rule],
    look: Look,
    *,
    cache: Path | None,
    say: Say,
) -> Found:
    """The faults in the packages of a program that it reaches. ``folders`` hold packages."""
    if not folders:
        return Found()
    text = program.reading.text
    calls = _calls(program.reading.paths)
    found: list[Finding] = []
    limits: list[str] = []
    fresh = 0
    for use in _uses(program.imports, folders, calls, text):
        one = use.package
        files = source(one)
        if files.too_much:
            limits.append(f"{_named(one)} was not followed into: it has more than is read")
            continue
        if not files.paths or not _holds_state(one, files):
            continue
        if kept(cache, files.mark) is None:
            fresh += 1
            if fresh > PACKAGES_MAX:
                limits.append(f"{_named(one)} was not followed into: too many packages are new")
                continue
            say(f"following {_named(one)}")
        report = _report(one, files, rules, look, cache)
        ours = overridden(use.at, program.module, text)
        asked = [rule.name for rule in rules]
        found += [
            each
            for each in _reached(use, report, asked)
            if each.entry.rpartition(".")[2] not in ours and not has_row(each, root)
        ]
    return Found(findings=tuple(found), limits=tuple(limits), texts=_texts(folders))


def alone(
    names: Sequence[str],
    folders: Sequence[Path],
    rules: Sequence[Rule],
    look: Look,
    *,
    cache: Path | None,
    say: Say,
) -> Found:
    """The faults in packages, whoever uses them. One that is not installed is a limit."""
    found: list[Finding] = []
    limits: list[str] = []
    files = paths = 0
    for name in names:
        one = installed(name, folders)
        if one is None:
            limits.append(f"{name} is not installed here")
            continue
        own = source(one)
        if own.too_much:
            limits.append(f"{_named(one)} was read in part: it has more than is read")
        say(f"reading {_named(one)}")
        report = _report(one, own, rules, look, cache)
        asked = {rule.name for rule in rules}
        found += [
            replace(each, package=_named(one)) for each in report.findings if each.rule in asked
        ]
        files, paths = files + report.files, paths + report.paths
        limits += report.limits
    return Found(
        findings=tuple(found),
        limits=tuple(limits),
        files=files,
        paths=paths,
        texts=_texts(folders),
    )


def _named(one: Installed) -> str:
    return f"{one.name} {one.version}".strip()


def _texts(folders: Sequence[Path]) -> dict[str, Callable[[Location], str]]:
    return {one.name: lines_of(one.parent) for one in folders}


def _calls(paths: Sequence[Way]) -> dict[str, list[tuple[str, Event]]]:
    """By package, the calls that no table describes."""
    found: dict[str, list[tuple[str, Event]]] = {}
    for path in paths:
        for event in (*path.events, *path.beside):
            of = event.result
            if event.effect is None and isinstance(of, Library) and of.package != "global":
                names = [one for one in of.names if one != "()"]
                found.setdefault(of.package, []).append((names[-1] if names else "", event))
    return found


def _uses(
    imports: Mapping[str, Sequence[str]],
    folders: Sequence[Path],
    calls: Mapping[str, Sequence[tuple[str, Event]]],
    text: Callable[[Location], str],
) -> Iterator[Use]:
    known = {package for one in FRAMEWORKS for package in one.packages}
    for name, files in imports.items():
        if name in CLIENTS or name.startswith(("node:", "@types/")):
            continue
        package = installed(name, folders)
        if package is None:
            continue
        is_described = name in known
        called = tuple(calls.get(name, ()))
        if is_described and not any(inner for inner, _ in called):
            continue
        at = tuple(_import_in(file, name, text) for file in files[:4])
        yield Use(package=package, at=at, is_described=is_described, calls=called)


def _import_in(path: str, name: str, text: Callable[[Location], str]) -> Location:
    """The line that imports a package; the first one where that is not seen."""
    word = re.compile(rf"(?:import|from|require)\b.*\b{re.escape(name)}\b")
    for line in range(1, 400):
        if word.search(text(Location(path=path, line=line))):
            return Location(path=path, line=line)
    return Location(path=path, line=1)


def _holds_state(one: Installed, files: Source) -> bool:
    for path in files.paths:
        try:
            if STATE.search((one.root / path).read_bytes()):
                return True
        except OSError:
            continue
    return False


def _report(
    one: Installed, files: Source, rules: Sequence[Rule], look: Look, cache: Path | None
) -> Report:
    known = kept(cache, files.mark) if files.mark else None
    if known is not None:
        return known
    from redhanded.hunt.suspect.rules import RULES
    from redhanded.source.flow.exported import chart_package, names_in  # every tool comes with it

    chart = chart_package(one, files)
    reading = Reading(paths=chart.paths, schema=chart.schema, text=lines_of(one.root))
    with finished():
        found = [each for rule in RULES for each in look(rule, reading)]
    thresholds = {rule.name: rule.threshold for rule in RULES}
    strong = tuple(each for each in found if each.score >= thresholds[each.rule])
    report = Report(
        findings=strong,
        names=names_in(chart),
        files=len(chart.files.modules),
        paths=len(chart.paths),
        limits=chart.limits,
    )
    if files.mark:
        keep(cache, files.mark, report)
    return report


def _reached(use: Use, report: Report, asked: Iterable[str]) -> Iterator[Finding]:
    """The findings that a program can reach, each with where it does."""
    wanted = set(asked)
    led = _led(report.names, [name for name, _ in use.calls])
    for one in report.findings:
        if one.rule not in wanted:
            continue
        name = _first(one, led)
        if name is None and use.is_described:
            continue
        starts = [event for called, event in use.calls if called == name]
        locked = [event for event in starts if event.locks]
        if starts and len(locked) == len(starts):
            continue  # the program lets one run in at a time
        yield _linked(use, one, name, starts)


def _led(names: Mapping[str, Sequence[str]], called: Iterable[str]) -> dict[str, str]:
    """Names that are reached from those that the program calls, and from which of these."""
    found = {one: one for one in called if one in names}
    waiting = list(found)
    while waiting:
        name = waiting.pop(0)
        for one in names.get(name, ()):
            if one in names and one not in found:
                found[one] = found[name]
                waiting.append(one)
    return found


def _first(one: Finding, led: Mapping[str, str]) -> str | None:
    """What the program calls that leads to a finding."""
    functions = [one.location.function or ""]
    functions += [step.location.function or "" for step in one.steps]
    for name in (*functions, one.entry.rpartition(".")[2]):
        if name in led:
            return led[name]
    return None


def _linked(use: Use, one: Finding, name: str | None, starts: Sequence[Event]) -> Finding:
    package = _named(use.package)
    if starts:
        at = starts[0].location
        says = f"the program calls {name} of {package}"
    else:
        at = use.at[0]
        says = f"the program uses {package}"
    reason = Reason(weight=0.0, says=f"{says}; it was read as a library", location=at)
    return replace(
        one,
        steps=(Step(location=at, says=says), *one.steps),
        reasons=(*one.reasons, reason),
        package=package,
    )
