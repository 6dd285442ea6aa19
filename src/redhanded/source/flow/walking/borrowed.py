"""What widely used packages add to the language: functions that bind, copy, promise and iterate.

lodash.com/docs, underscorejs.org, bluebirdjs.com/docs, nodejs.org/api/util.html
"""

from __future__ import annotations

from redhanded.source.flow.values import Either, Known, Library, Procedure, Record, Value
from redhanded.source.flow.walking import happening, members
from redhanded.source.flow.walking.run import Run
from redhanded.source.flow.walking.words import words

COLLECTING = ("lodash", "underscore")
MERGING = words("extend assign defaults merge extendOwn assignIn defaultsDeep")
MERGERS = words("xtend object-assign extend deep-extend lodash.merge lodash.assign lodash.defaults")
EACH = words("each map mapSeries forEach eachSeries filter reduce any some props")
"""Of Bluebird's ``Promise``: the function runs for each of some things."""


def given(run: Run, callee: Library, arguments: tuple[Value, ...]) -> Value | None:
    """What a call of one gives; None: it is none of these."""
    names = callee.names
    if callee.package in COLLECTING and len(names) == 1 and arguments:
        is_iterated = names[0] in EACH and len(arguments) > 1
        if is_iterated and isinstance(arguments[1], Procedure):
            return _each(run, str(names[0]), arguments)
        return _of_collecting(str(names[0]), arguments)
    if callee.package in MERGERS and not names and arguments:
        return merged(arguments)
    if callee.package == "util":
        if names == ("promisify",) and arguments and isinstance(arguments[0], Library):
            return arguments[0]
        if names in (("_extend",), ("extend",)) and arguments:
            return merged(arguments)
    is_promise = callee.package == "global" and names[:1] == ("Promise",)
    if is_promise and len(names) == 2 and names[1] in EACH and len(arguments) > 1:
        return _each(run, str(names[1]), arguments)
    if is_promise and names[1:] in (("try",), ("attempt",), ("method",)) and arguments:
        return happening.call_value(run, arguments[0], (), {})
    return None


def _of_collecting(name: str, arguments: tuple[Value, ...]) -> Value | None:
    first = arguments[0]
    if name == "bind" and isinstance(first, Procedure):
        return bound(first, arguments[1] if len(arguments) > 1 else None)
    if name in ("partial", "debounce", "throttle", "once") and isinstance(first, Procedure):
        return first
    if name in MERGING:
        return merged(arguments)
    if name in ("drop", "rest", "tail"):
        count = arguments[1] if len(arguments) > 1 else Known(1)
        return without_first(first, count)
    if name in ("clone", "cloneDeep", "toArray", "compact", "uniq"):
        return first
    return None


def without_first(value: Value, count: Value) -> Value:
    """A sequence without some of its first elements."""
    if not isinstance(value, Record) or not isinstance(count, Known):
        return value
    if not isinstance(count.value, int) or not value.is_complete:
        return value
    rest = list(value.parts.values())[count.value :]
    return Record({str(place): one for place, one in enumerate(rest)})


def bound(procedure: Procedure, this: Value | None) -> Procedure:
    """A function with what ``this`` is in it."""
    if this is None or this == Known(None):
        return procedure
    return Procedure(procedure.path, procedure.function, this, procedure.closure)


def merged(arguments: tuple[Value, ...]) -> Value:
    """An object with the parts of several, the later ones going before."""
    parts: dict[str, Value] = {}
    is_complete = True
    for one in arguments:
        choices = one.values if isinstance(one, Either) else (one,)
        records = [each for each in choices if isinstance(each, Record)]
        is_complete &= len(records) == len(choices)
        for each in records:
            is_complete &= each.is_complete
            for name, value in dict(each.parts).items():
                parts[name] = value if is_complete or name not in parts else parts[name]
    return Record(parts, is_complete=is_complete)


def _each(run: Run, name: str, arguments: tuple[Value, ...]) -> Value:
    element = members.element(run, arguments[0])
    record = run.record
    in_loop, base = record.in_loop, record.guards
    record.in_loop = True
    try:
        before = (arguments[2],) if name == "reduce" and len(arguments) > 2 else ()
        result = happening.call_value(run, arguments[1], (*before, element), {})
    finally:
        record.in_loop, record.guards = in_loop, base
    if name in ("each", "forEach", "eachSeries"):
        return arguments[0]
    if name == "reduce":
        return result
    return Record({members.EACH: result}, is_complete=False)
