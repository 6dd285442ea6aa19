"""``try``: who catches what an event raises, and what happens then."""

from __future__ import annotations

from redhanded.source.flow import form
from redhanded.source.flow.events import Catcher, Guard
from redhanded.source.flow.form import Expression, Statement
from redhanded.source.flow.values import Computed, Input, Known, Library, Result, Unknown, Value
from redhanded.source.flow.walking import binding, expressions, loading, statements
from redhanded.source.flow.walking.run import Run
from redhanded.source.flow.walking.scope import Scope

WAYS_MAX = 6
RESULTS_MAX = 40


def attempt(run: Run, one: form.Try, scope: Scope) -> bool:
    """Whether what follows the ``try`` is reached."""
    record = run.record
    base, before, catchers = record.guards, record.state, record.catchers
    mark, first = len(record.exits), record.next_number
    opened, acquired = len(record.opened), len(record.acquired)
    ours = tuple(each for handler in one.handlers for each in described(run, handler, one, scope))

    def body() -> bool:
        record.catchers = (*ours, *catchers)
        falls = statements.block(run, one.body, scope)
        record.catchers = catchers
        return falls and statements.block(run, one.otherwise, scope)

    try:
        body_falls, changes = record.journal.branch(body)
    finally:
        record.catchers = catchers
    body_state, after_body = record.state, record.next_number
    going = [(changes, body_state)] if body_falls else []
    raised_state = before._replace(
        transactions=(*before.transactions, *record.opened[opened:]),
        locks=(*before.locks, *record.acquired[acquired:]),
    )
    body_exits = len(record.exits)
    goes_on = False
    guards = []
    for handler in one.handlers:
        guard = raised(run, handler, range(first, after_body), scope)
        guards.append(guard)
        record.guards, record.state = base, raised_state
        record.add_guard(guard)

        def handle(handler: form.Handler = handler) -> bool:
            record.journal.merge([{}, changes])
            if handler.target is not None:
                binding.bind(run, handler.target, caught(handler), scope)
            return statements.block(run, handler.body, scope)

        falls, handled = record.journal.branch(handle)
        if falls:
            goes_on = True
            going.append((handled, record.state))
    del record.exits[body_exits:]
    if goes_on:
        record.exits[mark:] = [each for each in record.exits[mark:] if each.kind != "raise"]
    record.guards = record.without(base, mark, statements.ALL_EXITS) if going else base
    if going and not body_falls and len(guards) == 1:
        record.add_guard(guards[0])
    if going:
        record.journal.merge([each for each, _ in going])
        record.state = statements.merged(before, [state for _, state in going])
    else:
        record.state = body_state
        record.journal.merge([changes])
    after = record.guards
    ends = not statements.block(run, one.final, scope)
    if not going:
        record.guards = after
    return bool(going) and not ends


def caught(handler: form.Handler) -> Value:
    name = handler.target.name if isinstance(handler.target, form.Name) else "error"
    return Unknown(name)


def raised(run: Run, handler: form.Handler, events: range, scope: Scope) -> Guard:
    """That one of the events of the ``try`` raised what the handler takes."""
    names = tuple(Known(one) for one in type_names(handler))
    results = tuple(Result(one) for one in list(events)[:RESULTS_MAX])
    place = run.place(handler.line, scope)
    return Guard(test=Computed("raised", (*names, *results)), holds=True, location=place)


def type_names(handler: form.Handler) -> tuple[str, ...]:
    found: list[str] = []
    for one in handler.types:
        inner = one.items if isinstance(one, form.Sequence) else (one,)
        found.extend(_last_name(each) for each in inner)
    return tuple(found) or ("*",)


def _last_name(one: Expression) -> str:
    return one.name if isinstance(one, form.Name | form.Attribute) else "*"


def described(
    run: Run, handler: form.Handler, around: form.Try, scope: Scope
) -> tuple[Catcher, ...]:
    """A handler as catchers, one for each way through it that is told apart by conditions."""
    inner = Scope(scope.path, scope.function, scope)
    name = ""
    if isinstance(handler.target, form.Name):
        name = handler.target.name
        inner.variables[name] = Unknown(name)
    place = run.place(handler.line, scope)
    again = run.record.retried or any(
        isinstance(one, form.Jump) and one.kind == "continue" for one in handler.body
    )
    ways: list[tuple[tuple[Value, ...], str]] = []
    falls = _ways(run, handler.body, (), ways, inner, name)
    if falls:
        ways.append((falls[0], "tries again" if again and run.record.in_loop else "goes on"))
    return tuple(
        Catcher(types=type_names(handler), tests=tests, outcome=outcome, location=place)  # type: ignore[arg-type]
        for tests, outcome in ways[:WAYS_MAX]
    )


def _ways(
    run: Run,
    body: tuple[Statement, ...],
    tests: tuple[Value, ...],
    ways: list[tuple[tuple[Value, ...], str]],
    scope: Scope,
    caught_name: str,
) -> list[tuple[Value, ...]]:
    """Adds the ways that leave; gives the conditions under which the end is reached, if it is."""
    for one in body:
        if isinstance(one, form.Return) and not one.is_yield:
            value = one.value.value if isinstance(one.value, form.Await) else one.value
            outcome = "returns"
            if isinstance(value, form.Call):
                if passes_on(value, caught_name, scope):
                    outcome = "raises"
                elif _last_name(value.function) == run.frame.function.name != "":
                    outcome = "tries again"
            ways.append((tests, outcome))
            return []
        if isinstance(one, form.Raise):
            ways.append((tests, "raises"))
            return []
        if isinstance(one, form.Jump):
            ways.append((tests, "tries again" if one.kind == "continue" else "goes on"))
            return []
        if (
            isinstance(one, form.Do)
            and isinstance(one.value, form.Call)
            and passes_on(one.value, caught_name, scope)
        ):
            ways.append((tests, "raises"))
            return []
        if isinstance(one, form.If) and len(ways) < WAYS_MAX:
            test = loading.evaluated(run.program, one.test, scope)
            opposite = expressions.opposite(test)
            then = _ways(run, one.then, (*tests, test), ways, scope, caught_name)
            other = _ways(run, one.other, (*tests, opposite), ways, scope, caught_name)
            if not then and not other:
                return []
            if not then:
                tests = other[0]
            elif not other:
                tests = then[0]
    return [tests]


def passes_on(call: form.Call, caught_name: str, scope: Scope) -> bool:
    """``next(error)``: the error goes to a function that was handed in."""
    first = call.arguments[0].value if call.arguments else None
    if not caught_name or first != form.Name(caught_name):
        return False
    if not isinstance(call.function, form.Name):
        return False
    holder = scope.holder(call.function.name)
    value = holder.variables[call.function.name] if holder else None
    return isinstance(value, Input) or (isinstance(value, Library) and holder is not None)
