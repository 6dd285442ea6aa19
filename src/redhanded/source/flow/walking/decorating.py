"""Decorated functions: what a decorator does around each call."""

from __future__ import annotations

from redhanded.case.evidence import Location
from redhanded.source.flow.values import Library, Made, Procedure, Record, Value
from redhanded.source.flow.walking import calls, classes, flushing, managing, settling
from redhanded.source.flow.walking.run import Run


def enter(
    run: Run,
    procedure: Procedure,
    arguments: tuple[Value, ...],
    keywords: dict[str, Value],
    line: int,
    *,
    is_entry: bool = False,
) -> Value:
    """Calls a decorated function: through its own decorators, inside what libraries begin."""
    values = classes.decorators(run.program, procedure)
    for one in values:
        if isinstance(one, Library) and one.names[-1:] and one.names[-1] in managing.GENERATORS:
            made = Made(arguments, keywords)
            return Library("contextlib", (one.names[-1], Made((procedure,)), made))
    record = run.record
    before, retried = record.state, record.retried
    first = record.next_number
    for one in values:
        if isinstance(one, Library):
            place = Location(path=procedure.path, line=run.program.function_of(procedure).line)
            settling.decorated(run, one, place)
    try:
        wrapper = next((one for one in values if isinstance(one, Procedure)), None)
        if wrapper is not None:
            wrapped = _wrapped(run, wrapper, procedure, line)
            if wrapped is not None:
                key = (procedure.path, procedure.function)
                run.bare.add(key)
                try:
                    if procedure.receiver is not None and procedure.path.endswith(".py"):
                        arguments = (procedure.receiver, *arguments)
                    return calls.enter(run, wrapped, arguments, keywords, line, is_entry=is_entry)
                finally:
                    run.bare.discard(key)
        return calls.enter(run, procedure, arguments, keywords, line, is_entry=is_entry, bare=True)
    finally:
        record.retried = retried
        managing.leave_all(run, before, Record(), first)
        opened = {each.value.number for each in before.transactions}
        for each in record.state.transactions:
            number = each.value.number
            if number not in opened and number in range(first, first + len(values)):
                record.leave(each)
                flushing.after_end(run, number, is_committed=True)


def _wrapped(run: Run, wrapper: Procedure, procedure: Procedure, line: int) -> Procedure | None:
    """The function that a decorator of the program makes of another."""
    plain = Procedure(procedure.path, procedure.function, None, procedure.closure)
    key = (procedure.path, procedure.function)
    run.bare.add(key)
    try:
        value = calls.enter(run, wrapper, (plain,), {}, line)
    finally:
        run.bare.discard(key)
    if isinstance(value, Procedure) and value != plain:
        return value
    return None
