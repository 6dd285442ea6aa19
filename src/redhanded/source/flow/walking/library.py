"""Calls of libraries: what their tables say, and what is said where they say nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from redhanded.case.evidence import Location
from redhanded.source.flow.effects import Effect
from redhanded.source.flow.events import Transaction
from redhanded.source.flow.framework import THIS, Callback, CallSite, Meaning, Moment
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
    Unknown,
    Value,
)
from redhanded.source.flow.walking import calls, flushing, natural
from redhanded.source.flow.walking.recorder import Held, Open, State, is_handle
from redhanded.source.flow.walking.run import Run
from redhanded.source.flow.walking.scope import Scope
from redhanded.source.flow.walking.site import Site
from redhanded.source.flow.walking.words import GLOBALS

WAITED_FOR = frozenset(("database", "keys", "queue", "network"))
AT_ONCE = frozenset(("respond", "identifier", "clock", "verify", "sleep"))
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
    if not run.is_loading:
        given_functions(run, arguments, site)
    return result


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
    if meaning.is_lazy:
        return meaning.result if meaning.result is not None else chain
    return happen(
        run,
        meaning,
        chain,
        location=site.location,
        end_line=site.form.end_line,
        callee=site.callee,
        arguments=arguments,
        keywords=keywords,
    )


def happen(
    run: Run,
    meaning: Meaning,
    chain: Library,
    *,
    location: Location,
    end_line: int,
    callee: str,
    arguments: tuple[Value, ...] = (),
    keywords: Mapping[str, Value] | None = None,
) -> Value:
    """The effects of a meaning, one event each."""
    record = run.record
    first: int | None = None
    if meaning.flushes:
        flushing.flush(run, meaning, location, end_line, callee)
    for effect in meaning.effects:
        effect = flushing.completed(run, effect)
        number = record.next_number
        result = renumbered(meaning.result, number) if meaning.result is not None else None
        if meaning.autobegin and effect.session is not None:
            _begin_by_itself(run, effect, number)
        record.record(
            location=location,
            end_line=end_line,
            callee=callee,
            effect=effect,
            result=result,
            arguments=arguments,
            keywords=keywords,
            is_async=meaning.is_async or _is_waited_for(effect, location.path),
        )
        first = number if first is None else first
        _after(run, effect, number, meaning)
    if first is None:
        value = renumbered(meaning.result, -1) if meaning.result is not None else chain
    elif meaning.result is None:
        value = Result(first)
    else:
        value = renumbered(meaning.result, first)
    given = call_back(run, meaning, first, value)
    return given if given is not None else value


def _is_waited_for(effect: Effect, path: str) -> bool:
    if path.endswith((".py", ".pyi")):
        return False
    return effect.store in WAITED_FOR and effect.kind not in AT_ONCE


def _begin_by_itself(run: Run, effect: Effect, number: int) -> None:
    record = run.record
    assert effect.session is not None
    for one in record.state.transactions:
        if not one.handles or any(is_handle(effect.session, each) for each in one.handles):
            return
    value = Transaction(number=number, isolation=effect.isolation, handle=effect.session)
    record.open(Open(value, (effect.session,)))


def _after(run: Run, effect: Effect, number: int, meaning: Meaning) -> None:
    """What an effect changes for those after it."""
    record = run.record
    if effect.kind == "begin" and not any(one.in_transaction for one in meaning.callbacks):
        handle = effect.session if effect.session is not None else Result(number)
        value = Transaction(
            number=number,
            isolation=effect.isolation,
            handle=None if meaning.whole_path else handle,
        )
        record.open(Open(value, () if meaning.whole_path else (handle, Result(number))))
    elif effect.kind in ("commit", "rollback"):
        ended = ended_by(run, effect)
        if ended is not None:
            record.end_transaction(ended)
    elif effect.kind == "acquire" and not any(one.holding for one in meaning.callbacks):
        inside = record.transaction_of(effect) if "xact" in effect.verb else None
        record.hold(Held(number, inside.number if inside else None, effect))
    elif effect.kind == "release":
        record.release(effect)
    if effect.lock and effect.kind != "acquire":
        inside = record.transaction_of(effect)
        if inside is not None:
            record.hold(Held(number, inside.number, effect))


def ended_by(run: Run, effect: Effect) -> Open | None:
    """The transaction that a commit or rollback ends."""
    transactions = run.record.state.transactions
    for one in reversed(transactions):
        if any(is_handle(effect.session, each) for each in one.handles):
            return one
    if effect.session is None and transactions:
        return transactions[-1]
    return next((one for one in reversed(transactions) if not one.handles), None)


def call_back(run: Run, meaning: Meaning, first: int | None, value: Value) -> Value | None:
    """Calls what the library calls; what the call gives by that, if it does."""
    given: Value | None = None
    for callback in meaning.callbacks:
        found = _one_callback(run, callback, meaning, first, value)
        if callback.gives:
            given = found
    return given


def _one_callback(
    run: Run, callback: Callback, meaning: Meaning, first: int | None, value: Value
) -> Value:
    record = run.record
    in_loop, retried = record.in_loop, record.retried
    number = first if first is not None else -1
    arguments = tuple(renumbered(one, number) for one in callback.arguments)
    if callback.arguments and callback.arguments[0] is THIS:
        arguments = (value, *arguments[1:])
    opened: Open | None = None
    if callback.in_transaction and first is not None:
        effect = next((one for one in meaning.effects if one.kind == "begin"), meaning.effects[0])
        candidates = (*arguments[:1], effect.session, Result(first))
        handles = tuple(one for one in candidates if isinstance(one, Library | Result | Record))
        transaction = Transaction(
            number=first,
            isolation=effect.isolation,
            handle=None if meaning.whole_path else handles[0],
        )
        opened = Open(transaction, () if meaning.whole_path else handles)
        record.open(opened)
    if callback.holding and first is not None:
        record.hold(Held(first, None, meaning.effects[0]))
    record.in_loop = in_loop or callback.in_loop or callback.retried
    record.retried = retried or callback.retried
    keywords = {name: renumbered(one, number) for name, one in callback.keywords.items()}
    try:
        return call_value(run, callback.function, arguments, keywords)
    finally:
        record.in_loop, record.retried = in_loop, retried
        if opened is not None:
            record.end_transaction(opened)
        if callback.holding and first is not None:
            locks = tuple(one for one in record.state.locks if one.number != first)
            record.state = State(record.state.transactions, locks)


def call_value(
    run: Run, function: Value, arguments: tuple[Value, ...], keywords: dict[str, Value]
) -> Value:
    """Calls a value with arguments that are not written anywhere."""
    if isinstance(function, Procedure):
        return calls.enter(run, function, arguments, keywords, run.line)
    if isinstance(function, Library):
        inside = handler_in(function)
        if inside is not None:
            return calls.enter(run, inside, arguments, keywords, run.line)
    if isinstance(function, Either):
        for one in function.values:
            if isinstance(one, Procedure):
                return call_value(run, one, arguments, keywords)
    return Unknown()


def settled(run: Run, value: Value, moment: Moment, scope: Scope) -> Value:
    """A value after it was awaited, iterated, entered or tested: a query happens then."""
    if isinstance(value, Either):
        if any(isinstance(one, Library) for one in value.values):
            return Either(tuple(settled(run, one, moment, scope) for one in value.values))
        return value
    if not isinstance(value, Library) or not value.steps:
        return value
    for one in run.program.frameworks_of(value.package):
        meaning = one.settle(value, moment, run.program)
        if meaning is not None:
            made = next((each for each in reversed(value.steps) if isinstance(each, Made)), None)
            place = made.location if made is not None and made.location else None
            return happen(
                run,
                meaning,
                value,
                location=place or run.place(run.line, scope),
                end_line=place.line if place else run.line,
                callee=".".join(one for one in value.names if one != "()")[-120:],
            )
    return value


def decorated(run: Run, value: Library, line: int) -> None:
    """What a decorator of a library begins around a call."""
    for one in run.program.frameworks_of(value.package):
        meaning = one.settle(value, "decorate", run.program)
        if meaning is not None:
            scope = run.frame.scope if run.frames else Scope("", 0)
            run.record.retried |= any(each.retried for each in meaning.callbacks)
            happen(
                run,
                replace(meaning, callbacks=()),
                value,
                location=run.place(line, scope),
                end_line=line,
                callee=".".join(one for one in value.names if one != "()")[-120:],
            )
            return


def renumbered(value: Value, number: int, depth: int = 6) -> Value:
    """``THIS`` in a value replaced by the event's result."""
    if depth == 0 or isinstance(value, Known | Unknown | Procedure | Kind | Input):
        return value
    if isinstance(value, Result):
        return Result(number, value.parts, value.of) if value.event == THIS.event else value
    if isinstance(value, Computed):
        operands = tuple(renumbered(one, number, depth - 1) for one in value.operands)
        return Computed(value.operator, operands)
    if isinstance(value, Either):
        return Either(tuple(renumbered(one, number, depth - 1) for one in value.values))
    if isinstance(value, Record) and value.of is None and type(value.parts) is dict:
        parts = {name: renumbered(one, number, depth - 1) for name, one in value.parts.items()}
        return Record(parts, is_complete=value.is_complete)
    if isinstance(value, Library) and isinstance(value.through, Result):
        through = renumbered(value.through, number, depth - 1)
        return Library(value.package, value.steps, through=through)
    return value


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
