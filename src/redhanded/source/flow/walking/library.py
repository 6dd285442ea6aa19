"""Calls of libraries: what their tables say, and what is said where they say nothing."""

from __future__ import annotations

from collections.abc import Mapping

from redhanded.source.flow.framework import CallSite, Meaning
from redhanded.source.flow.values import (
    Library,
    Made,
    Procedure,
    Record,
    Result,
    Unknown,
    Value,
)
from redhanded.source.flow.walking import calls, happening, natural
from redhanded.source.flow.walking.run import Run
from redhanded.source.flow.walking.site import Site
from redhanded.source.flow.walking.words import GLOBALS

STEPS_MAX = 40


def call(run: Run, callee: Library, site: Site, base: Value | None = None) -> Value:
    """Calls what a library gives."""
    special = natural.special(run, callee, site)
    if special is not None:
        return special
    arguments, keywords = site.given()
    meaning = meaning_of(run, callee, arguments, keywords, site, is_new=site.form.new)
    if meaning is not None:
        return perform(run, meaning, callee, arguments, keywords, site)
    plain = natural.plain(run, callee, base, site)
    if plain is not None:
        return plain
    wrapped = handler_in(callee)
    if wrapped is not None:
        return calls.enter(run, wrapped, arguments, keywords, site.form.line)
    result = chained(callee, arguments, keywords, site)
    if callee.package == "global" and callee.through is None and _is_unknown_name(callee):
        return unresolved(run, site, arguments, keywords)
    if not run.program.frameworks_of(callee.package):
        note(run, site, arguments, keywords, result, is_resolved=True)
    elif callee.package != "global" and not run.is_loading:
        number = note(run, site, arguments, keywords, result, is_resolved=True)
        run.record.set_aside(number)
    # What a constructor is given is called later, by whoever uses the object: a verifier of logins.
    if not run.is_loading and not (site.form.new and callee.package != "global"):
        given_functions(run, arguments, site)
    return result


def is_method(run: Run, callee: Library) -> bool:
    """Whether it is a method of something that a library made, or has."""
    return bool(run.program.frameworks_of(callee.package)) and len(callee.steps) > 1


def applied(run: Run, callee: Library, name: str, site: Site) -> Value:
    """``client.get.apply(client, arguments)``, ``client.get.call(client, key)``."""
    arguments, keywords = site.given()
    rest = arguments[1:]
    if name == "apply" and rest:
        rest = tuple(rest[0].parts.values()) if isinstance(rest[0], Record) else (rest[0],)
    site.preset(rest, keywords)
    return call(run, callee, site)


def _is_unknown_name(callee: Library) -> bool:
    first = callee.steps[0] if callee.steps else ""
    return isinstance(first, str) and first not in GLOBALS


def handler_in(callee: Library) -> Procedure | None:
    """The function inside ``asyncHandler(fn)``, when that is called."""
    last = callee.steps[-1] if callee.steps else None
    if isinstance(last, Made):
        inside = [one for one in last.arguments if isinstance(one, Procedure)]
        return inside[-1] if inside else None
    return None


def chained(
    callee: Library, arguments: tuple[Value, ...], keywords: Mapping[str, Value], site: Site
) -> Library:
    made = Made(arguments, keywords, site.location)
    return Library(callee.package, (*callee.steps[:STEPS_MAX], made), through=callee.through)


def meaning_of(
    run: Run,
    callee: Library,
    arguments: tuple[Value, ...],
    keywords: Mapping[str, Value],
    site: Site,
    *,
    is_new: bool = False,
) -> Meaning | None:
    """What the first framework that knows the call says; entries it registers are kept."""
    frameworks = run.program.frameworks_of(callee.package)
    if not frameworks:
        return None
    place = CallSite(
        callee=callee,
        arguments=arguments,
        keywords=keywords,
        location=site.location,
        is_new=is_new,
        is_tagged=site.form.tagged,
    )
    found = None
    for one in frameworks:
        run.program.register(one.registered(place, run.program))
        if found is None:
            found = one.call(place, run.program)
    return found


def perform(
    run: Run,
    meaning: Meaning,
    callee: Library,
    arguments: tuple[Value, ...],
    keywords: Mapping[str, Value],
    site: Site,
) -> Value:
    """Records what a call does, calls back, and gives its result."""
    chain = chained(callee, arguments, keywords, site)
    for name, value in meaning.adds.items():
        cell = run.program.added.setdefault(callee.package, {})
        run.record.journal.write(cell, name, value)
    if meaning.is_lazy:
        if run.record.guards:
            run.record.built[id(chain.steps[-1])] = (chain.steps[-1], run.record.guards)
        return meaning.result if meaning.result is not None else chain
    return happening.happen(
        run,
        meaning,
        chain,
        location=site.location,
        end_line=site.form.end_line,
        callee=site.callee,
        arguments=arguments,
        keywords=keywords,
    )


def unresolved(
    run: Run, site: Site, arguments: tuple[Value, ...], keywords: Mapping[str, Value]
) -> Value:
    """A call of something that is not known: said, and functions given to it may be called."""
    number = note(run, site, arguments, keywords, None, is_resolved=False)
    if not run.is_loading:
        given_functions(run, arguments, site)
    return Result(number) if number is not None else Unknown(site.callee)


def note(
    run: Run,
    site: Site,
    arguments: tuple[Value, ...],
    keywords: Mapping[str, Value],
    result: Value | None,
    *,
    is_resolved: bool,
) -> int | None:
    """An event without an effect."""
    if run.is_loading:
        return None
    return run.record.record(
        location=site.location,
        end_line=site.form.end_line,
        callee=site.callee,
        effect=None,
        result=result,
        arguments=arguments,
        keywords=keywords,
        is_resolved=is_resolved,
    )


def given_functions(run: Run, arguments: tuple[Value, ...], site: Site) -> None:
    """Functions handed to what is not known: they may be called, with what is not known."""
    for one in arguments:
        if isinstance(one, Procedure) and one.closure is not None:
            function = run.program.function_of(one)
            count = len(function.parameters)
            calls.enter(run, one, tuple(Unknown() for _ in range(count)), {}, site.form.line)
