"""What a framework says of a call happens: events, transactions, locks, callbacks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from redhanded.case.evidence import Location
from redhanded.source.flow import form
from redhanded.source.flow.effects import Effect
from redhanded.source.flow.events import Transaction
from redhanded.source.flow.framework import LAST, THIS, Callback, Meaning
from redhanded.source.flow.values import (
    Computed,
    Either,
    Input,
    Kind,
    Known,
    Library,
    Procedure,
    Record,
    Result,
    Unknown,
    Value,
)
from redhanded.source.flow.walking import calls, classes, drawn, flushing, injection, library
from redhanded.source.flow.walking.recorder import Held, Open, is_handle
from redhanded.source.flow.walking.run import Frame, Run
from redhanded.source.flow.walking.scope import Scope
from redhanded.source.flow.walking.site import Site

WAITED_FOR = frozenset(("database", "keys", "queue", "network"))
AT_ONCE = frozenset(("respond", "identifier", "clock", "verify", "sleep"))


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
    if isinstance(meaning.result, Result) and meaning.result.event == LAST.event:
        meaning = replace(meaning, result=_last(run, chain, meaning.result))
    if meaning.at_flush and not run.is_loading:
        flushing.keep(run, meaning, (location, end_line, callee), arguments)
        return meaning.result if meaning.result is not None else Known(None)
    if meaning.flushes:
        flushing.flush(run, meaning, location, end_line, callee)
    for effect in meaning.effects:
        effect = drawn.filled(run, flushing.completed(run, effect, meaning))
        number = record.next_number
        result = renumbered(meaning.result, number) if meaning.result is not None else None
        if meaning.autobegin and effect.session is not None:
            record.begin_by_itself(effect, number)
        record.record(
            location=location,
            end_line=end_line,
            callee=callee,
            effect=effect,
            result=result,
            arguments=arguments,
            keywords=keywords,
            is_async=(meaning.is_async or _is_waited_for(effect, location.path))
            and not any(one.is_outcome for one in meaning.callbacks),
        )
        first = number if first is None else first
        _after(run, effect, number, meaning)
        if effect.kind == "script" and "queued" in effect.options:
            _give_out(run, effect, number)
    if first is None:
        value = renumbered(meaning.result, -1) if meaning.result is not None else chain
    elif meaning.result is None:
        value = Result(first)
    else:
        value = renumbered(meaning.result, first)
    given = call_back(run, meaning, first, value)
    return given if given is not None else value


PAIRS = frozenset(("ioredis", "iovalkey"))
"""Packages whose batches give for each command an error and its result."""


def _give_out(run: Run, effect: Effect, number: int) -> None:
    """A batch gives the results of its commands, in their order."""
    place = 0
    for draft in run.record.drafts:
        queued = draft.parts["effect"]
        if draft.number >= number or not isinstance(queued, Effect) or queued.kind == "script":
            continue
        if "queued" not in queued.options or queued.session != effect.session:
            continue
        given: Value = Result(draft.number)
        if effect.library in PAIRS:
            given = Record({"0": Known(None), "1": given})
        cell = run.record.changed.setdefault(Result(number), {})
        run.record.journal.write(cell, str(place), given)
        place += 1


def _last(run: Run, chain: Library, result: Result) -> Value:
    """What the last event gave on the object that is called: a cursor's rows."""
    for draft in reversed(run.record.drafts):
        effect = draft.parts["effect"]
        session = effect.session if isinstance(effect, Effect) else None
        if not isinstance(session, Library) or session.package != chain.package:
            continue
        if chain.steps[: len(session.steps)] == session.steps:
            return Result(draft.number, result.parts, result.of)
    return Unknown(".".join(chain.names[-2:]))


def _is_waited_for(effect: Effect, path: str) -> bool:
    if path.endswith((".py", ".pyi")):
        return False
    return effect.store in WAITED_FOR and effect.kind not in AT_ONCE


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
        handles = () if meaning.whole_path else (handle, Result(number))
        record.open(Open(value, handles, meaning if meaning.flushes else None))
    elif effect.kind in ("commit", "rollback"):
        if effect.kind == "rollback":
            flushing.forget(run, effect.session)
        ended = ended_by(run, effect)
        if ended is not None:
            record.end_transaction(ended)
            flushing.after_end(run, ended.value.number, is_committed=effect.kind == "commit")
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


_Place = tuple[tuple[Frame, ...], int]


def _here(run: Run) -> _Place:
    """The function and the line that a walk stands at."""
    return tuple(run.frames[-1:]), run.line


@contextmanager
def _at(run: Run, place: _Place) -> Iterator[None]:
    """What comes when no function runs any more is seen where it was asked for."""
    frames, line = place
    if run.frames:
        yield
        return
    run.frames.extend(frames)
    run.line = line
    try:
        yield
    finally:
        del run.frames[:]


def call_back(run: Run, meaning: Meaning, first: int | None, value: Value) -> Value | None:
    """Calls what the library calls; what the call gives by that, if it does."""
    given: Value | None = None
    for callback in meaning.callbacks:
        transactions = [one for one in run.record.state.transactions if not one.handles]
        transactions = transactions or list(run.record.state.transactions)
        if callback.after_commit and transactions:
            here = _here(run)

            def act(callback: Callback = callback, place: _Place = here) -> Value:
                with _at(run, place):
                    return _one_callback(run, callback, meaning, first, value)

            run.record.later(act, transaction=transactions[0].value.number)
            continue
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
        began = meaning if meaning.flushes else None
        opened = Open(transaction, () if meaning.whole_path else handles, began)
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
            flushing.before_end(run, opened, run.line)
            record.leave(opened)
            flushing.after_end(run, opened.value.number, is_committed=True)
        if callback.holding and first is not None:
            record.let_go(first)
            locks = tuple(one for one in record.state.locks if one.number != first)
            record.state = record.state._replace(locks=locks)


def call_value(
    run: Run, function: Value, arguments: tuple[Value, ...], keywords: dict[str, Value]
) -> Value:
    """Calls a value with arguments that are not written anywhere."""
    if isinstance(function, Procedure):
        if not function.path.endswith((".py", ".pyi")):
            function = injection.bound(run.program, function)
        return calls.enter(run, function, arguments, keywords, run.line)
    if isinstance(function, Library):
        inside = library.handler_in(function)
        if inside is not None:
            return calls.enter(run, inside, arguments, keywords, run.line)
        return library.call(run, function, unwritten(run, function, arguments, keywords))
    if isinstance(function, Kind):
        return classes.construct(run, function, arguments, keywords, run.line)
    if isinstance(function, Either):
        for one in function.values:
            if isinstance(one, Procedure):
                return call_value(run, one, arguments, keywords)
    return Unknown()


def unwritten(
    run: Run, callee: Library, arguments: tuple[Value, ...], keywords: dict[str, Value]
) -> Site:
    """The site of a call that a library makes by itself."""
    name = ".".join(one for one in callee.names if one != "()")
    scope = run.frame.scope if run.frames else Scope("", 0)
    written = form.Call(form.Name(name[-120:]), (), run.line, 1, run.line)
    site = Site(run, written, scope)
    site.preset(arguments, keywords)
    return site


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
