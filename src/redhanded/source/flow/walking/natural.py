"""What the languages themselves provide: collections, text, mathematics, promises, timers."""

from __future__ import annotations

from redhanded.source.flow.effects import Effect
from redhanded.source.flow.events import Entry
from redhanded.source.flow.framework import FoundEntry
from redhanded.source.flow.values import (
    Computed,
    Either,
    Input,
    Known,
    Library,
    Made,
    Procedure,
    Record,
    Result,
    Unknown,
    Value,
)
from redhanded.source.flow.walking import (
    asynchronous,
    borrowed,
    expressions,
    folders,
    handy,
    happening,
    library,
    literals,
    members,
)
from redhanded.source.flow.walking.run import Run
from redhanded.source.flow.walking.scope import either
from redhanded.source.flow.walking.site import Site
from redhanded.source.flow.walking.words import (
    CALLING,
    DETACHED,
    GLOBALS,
    LATER,
    PLAIN,
    PURE_PACKAGES,
    RUNNING,
    SAME,
    SEQUENCES,
    SLEEPS,
    TOGETHER,
)

UNROLLED_MAX = 200
KEEPING = ("Map", "WeakMap")


def special(run: Run, callee: Library, site: Site) -> Value | None:
    """Calls whose arguments are evaluated in a way of their own."""
    key = (callee.package, callee.names)
    if key in TOGETHER:
        return asynchronous.together(run, site)
    if key in DETACHED:
        return asynchronous.detached(run, lambda: _first(run, site))
    loaded = folders.call(run, callee, site)
    if loaded is not None:
        return loaded
    if callee.package == "global":
        if callee.names == ("Promise",) and site.form.new:
            return _promise(run, site)
        if callee.names == ("Promise", "()", "resolve") or callee.names == ("Promise", "resolve"):
            arguments, _ = site.given()
            value = arguments[0] if arguments else Known(None)
            if len(callee.steps) == 3 and run.promised:
                run.promised[-1].append(value)
            return asynchronous.awaited(run, value, site.scope)
        if callee.names[-1:] and callee.names[-1] in LATER and len(callee.steps) <= 2:
            return _later(run, callee, site)
    return None


def _first(run: Run, site: Site) -> Value:
    arguments, _ = site.given()
    return asynchronous.awaited(run, arguments[0], site.scope) if arguments else Known(None)


def _promise(run: Run, site: Site) -> Value:
    """``new Promise((resolve, reject) => …)``: what ``resolve`` is called with."""
    arguments, _ = site.given()
    made = Made((), {}, site.location)
    resolve = Library("global", ("Promise", made, "resolve"))
    reject = Library("global", ("Promise", made, "reject"))
    run.promised.append([])
    try:
        if arguments:
            happening.call_value(run, arguments[0], (resolve, reject), {})
    finally:
        given = run.promised.pop()
    return either(given) if given else Unknown("promise")


def _later(run: Run, callee: Library, site: Site) -> Value:
    arguments, _ = site.given()
    function = arguments[0] if arguments else Unknown()
    delay = arguments[1] if len(arguments) > 1 else Known(0)
    seconds = (
        delay.value / 1000 if isinstance(delay, Known) and isinstance(delay.value, int) else None
    )
    timer = str(callee.names[-1])
    if isinstance(function, Library):
        if timer != "setTimeout":
            return Known(None)
        effect = Effect(
            kind="sleep", store="process", library="global", verb=timer, expiry_s=seconds
        )
        number = _record(run, site, effect, arguments)
        if run.promised and function.names[:2] == ("Promise", "()"):
            run.promised[-1].append(Known(None))
        return Result(number)
    if run.is_loading and timer == "setInterval" and isinstance(function, Procedure):
        name = f"every {seconds:g} s" if seconds is not None else "at an interval"
        entry = Entry(kind="schedule", name=f"{name} ({site.location})", location=site.location)
        run.program.register([FoundEntry(entry=entry, functions=(function,))])
        return Unknown("timer")
    return asynchronous.detached(
        run, lambda: happening.call_value(run, function, tuple(arguments[2:]), {})
    )


def _record(run: Run, site: Site, effect: Effect, arguments: tuple[Value, ...]) -> int:
    return run.record.record(
        location=site.location,
        end_line=site.form.end_line,
        callee=site.callee,
        effect=effect,
        arguments=arguments,
    )


def plain(run: Run, callee: Library, base: Value | None, site: Site) -> Value | None:
    """What a function of the language gives; None: it is not known."""
    key = (callee.package, callee.names)
    arguments, keywords = site.given()
    if key in SLEEPS:
        seconds = arguments[0] if arguments else Unknown()
        known = seconds.value if isinstance(seconds, Known) else None
        effect = Effect(
            kind="sleep",
            store="process",
            library=callee.package,
            verb="sleep",
            expiry_s=float(known) if isinstance(known, int | float) else None,
        )
        return Result(_record(run, site, effect, arguments))
    borrowed_value = borrowed.given(run, callee, arguments)
    if borrowed_value is not None:
        return borrowed_value
    handled = handy.given(run, callee, arguments)
    if handled is not None:
        return handled
    if key in RUNNING:
        return asynchronous.awaited(run, arguments[0], site.scope) if arguments else Known(None)
    if callee.package == "functools" and callee.names == ("partial",) and arguments:
        return arguments[0]
    if callee.package == "typing" and callee.names == ("cast",) and len(arguments) > 1:
        return arguments[1]
    if callee.package == "asyncio" and callee.names == ("to_thread",) and arguments:
        return happening.call_value(run, arguments[0], arguments[1:], keywords)
    if callee.package == "global":
        return _global(run, callee, base, arguments, site)
    if callee.package == "logging":
        return library.chained(callee, arguments, keywords, site)
    if callee.package in PURE_PACKAGES:
        name = f"call:{callee.package}.{'.'.join(callee.names)}"
        return Computed(name, arguments)
    if base is not None and callee.names and callee.names[-1] in CALLING and _functions(arguments):
        return _iterated(run, base, callee.names[-1], site)
    return None


def _functions(arguments: tuple[Value, ...]) -> bool:
    return any(isinstance(one, Procedure) for one in arguments[:1])


def _global(
    run: Run, callee: Library, base: Value | None, arguments: tuple[Value, ...], site: Site
) -> Value | None:
    names = callee.names
    first = names[0] if names else ""
    if first not in GLOBALS:
        return None
    if len(names) == 1 and first in SEQUENCES and arguments:
        over = asynchronous.settled(run, arguments[0], "iterate", site.scope)
        if first == "enumerate":
            pair = Record({"0": Unknown("index"), "1": members.element(run, over)})
            return Record({members.EACH: pair}, is_complete=False)
        return over
    if names in (("map",), ("filter",)) and len(arguments) >= 2:
        element = members.element(run, arguments[1])
        given = each(run, arguments[0], (element,))
        kept = given if first == "map" else element
        return Record({members.EACH: kept}, is_complete=False)
    if names == ("zip",):
        pair = Record({str(at): members.element(run, one) for at, one in enumerate(arguments)})
        return Record({members.EACH: pair}, is_complete=False)
    if len(names) == 3 and names[0] in KEEPING and isinstance(callee.steps[1], Made):
        held = _kept(run, callee.steps[1], str(names[2]), arguments)
        if held is not None:
            return held
    if names == ("Array", "from") and arguments:
        if len(arguments) > 1:
            given = each(run, arguments[1], (members.element(run, arguments[0]), Unknown("index")))
            return Record({members.EACH: given}, is_complete=False)
        return arguments[0]
    if names == ("Object", "assign") and arguments:
        return _assigned(arguments)
    if names in (("Object", "values"), ("Object", "freeze"), ("Object", "seal")) and arguments:
        return arguments[0]
    if names == ("Object", "entries") and arguments:
        pair = Record({"0": Unknown("key"), "1": members.element(run, arguments[0])})
        return Record({members.EACH: pair}, is_complete=False)
    if names == ("dict",) and site.given()[1]:
        return Record(dict(site.given()[1]))
    if names == ("getattr",) and len(arguments) >= 2:
        return members.item(run, arguments[0], arguments[1])
    if site.form.new or names in (("Map",), ("Set",), ("dict",), ("list",), ("set",)):
        made = Made(arguments, {}, site.location)
        return Library("global", (*callee.steps, made))
    if base is not None and names[-1] in CALLING and _functions(arguments):
        return _iterated(run, base, names[-1], site)
    if _functions(arguments):
        for one in arguments:
            if isinstance(one, Procedure) and not run.is_loading:
                each(run, one, (Unknown(),))
    return Computed(f"call:{'.'.join(names)}", arguments)


def _kept(run: Run, made: Made, name: str, arguments: tuple[Value, ...]) -> Value | None:
    """What a Map of the function's own holds: one of what was put into it, whatever the key. It is
    kept with the call that made it."""
    cell = made.keywords
    if not isinstance(cell, dict):
        return None
    if name == "set" and len(arguments) == 2:
        before = [cell[members.EACH]] if members.EACH in cell else []
        run.record.journal.write(cell, members.EACH, either([*before, arguments[1]]))
        return None
    return cell.get(members.EACH) if name == "get" else None


def _assigned(arguments: tuple[Value, ...]) -> Value:
    parts: dict[str, Value] = {}
    is_complete = True
    for one in arguments:
        is_complete &= literals.spread(one, parts)
    first = arguments[0]
    if isinstance(first, Record) and first.of is not None:
        return first
    return Record(parts, is_complete=is_complete)


def each(run: Run, function: Value, arguments: tuple[Value, ...]) -> Value:
    """A function called with one of many elements."""
    record = run.record
    in_loop, base = record.in_loop, record.guards
    record.in_loop = True
    try:
        return happening.call_value(run, function, arguments, {})
    finally:
        record.in_loop, record.guards = in_loop, base


def method(run: Run, base: Value, name: str, site: Site) -> Value:
    """A method of a value that no class or library of the program explains."""
    arguments, keywords = site.given()
    if isinstance(base, Known):
        worked_out = folders.text_method(base, name, arguments)
        if worked_out is not None:
            return worked_out
    if name in CALLING and any(isinstance(one, Procedure | Library) for one in arguments[:1]):
        return _iterated(run, base, name, site)
    if (
        isinstance(base, Record)
        and base.of is None
        and name in ("push", "append", "unshift", "add")
    ):
        if isinstance(base.parts, dict) and arguments and _is_listed(run, base, name):
            before = list(base.parts.values())
            after = [*before, *arguments] if name != "unshift" else [*arguments, *before]
            for place, one in enumerate(after):
                run.record.journal.write(base.parts, str(place), one)
        elif isinstance(base.parts, dict) and arguments:
            cell = base.parts
            each = [cell[members.EACH]] if members.EACH in cell else []
            run.record.journal.write(cell, members.EACH, either([*each, arguments[0]]))
        return Known(None)
    if isinstance(base, Record) and base.of is None and name in ("get", "pop") and arguments:
        return members.item(run, base, arguments[0])
    if isinstance(base, Record) and base.of is None and name == "update" and arguments:
        if isinstance(arguments[0], Record) and isinstance(base.parts, dict):
            for part, value in dict(arguments[0].parts).items():
                run.record.journal.write(base.parts, part, value)
        return Known(None)
    if isinstance(base, Record) and base.of is None and name in ("items", "entries"):
        pair = Record({"0": Unknown("key"), "1": members.element(run, base)})
        return Record({members.EACH: pair}, is_complete=False)
    if isinstance(base, Input):
        key = arguments[0] if arguments else None
        parts = (*base.parts[: members.PARTS_MAX], name)
        if name in ("get", "header", "param", "query") and isinstance(key, Known):
            parts = (*parts, str(key.value))
        if name in ("json", "text", "formData", "get", "header", "items", "values") or name in SAME:
            return Input(base.source, parts)
    if name in SAME and isinstance(base, Result | Either | Record) and not _is_drawn(run, base):
        return base
    if name in PLAIN:
        return Computed(f"call:{name}", (base, *arguments))
    return library.unresolved(run, site, arguments, keywords)


def _is_listed(run: Run, base: Record, name: str) -> bool:
    """Whether all elements of a sequence are known by their places, and more are put beside."""
    if name not in ("push", "append", "unshift") or run.record.in_loop or not base.is_complete:
        return False
    return all(str(place) in base.parts for place in range(len(base.parts)))


def _is_drawn(run: Run, value: Value) -> bool:
    """A text that is drawn at random or told by a clock is shortened by ``slice``."""
    if not isinstance(value, Result):
        return False
    draft = run.record.draft(value.event)
    effect = draft.parts["effect"] if draft is not None else None
    return isinstance(effect, Effect) and effect.kind in ("identifier", "clock")


def unrolled(value: Value) -> list[Value] | None:
    """The elements of a sequence that is known as a whole and not long."""
    if not isinstance(value, Record) or not value.is_complete or value.of is not None:
        return None
    if members.EACH in value.parts or len(value.parts) > UNROLLED_MAX:
        return None
    return list(value.parts.values())


def _one_by_one(run: Run, elements: list[Value], name: str, function: Value) -> Value:
    """While files are loaded, what is done to each of some elements is done to each."""
    found: list[Value] = []
    for place, element in enumerate(elements):
        given = happening.call_value(run, function, (element, Known(place)), {})
        if name == "map":
            found.append(given)
        elif name == "forEach" or expressions.truth(given) is not False:
            found.append(element)
    return Record({str(at): one for at, one in enumerate(found)})


def _iterated(run: Run, base: Value, name: str, site: Site) -> Value:
    """``items.map(f)`` and the like: the function runs once, for any element."""
    arguments, _ = site.given()
    over = asynchronous.settled(run, base, "iterate", site.scope)
    if run.is_loading and isinstance(over, Record):
        elements = unrolled(over)
        if elements is not None and name in ("forEach", "map", "filter"):
            return _one_by_one(run, elements, name, arguments[0])
    element = members.element(run, over)
    function = arguments[0]
    first = run.record.next_number
    if name in ("reduce", "reduceRight"):
        start = arguments[1] if len(arguments) > 1 else element
        given = each(run, function, (start, element, Unknown("index")))
        return either([start, given])
    given = each(run, function, (element, Unknown("index"), over))
    is_async = isinstance(function, Procedure) and asynchronous.is_async(run, function)
    if name == "forEach" and is_async:
        for number in range(first, run.record.next_number):
            draft = run.record.draft(number)
            if draft is not None:
                draft.awaited, draft.dropped_at = False, site.location
    if name in ("map", "flatMap"):
        if is_async:
            run.async_calls.add(id(site.form))
        return Record({members.EACH: given}, is_complete=False)
    if name in ("some", "every", "findIndex"):
        return Computed(f"call:{name}", (over, given))
    if name in ("find", "findLast"):
        return either([element, Known(None)]) if isinstance(element, Record) else element
    return over
