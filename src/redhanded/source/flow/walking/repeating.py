"""Loops: the body runs once, with what it changes not known at its start."""

from __future__ import annotations

from redhanded.source.flow import form
from redhanded.source.flow.events import Guard
from redhanded.source.flow.form import Statement
from redhanded.source.flow.values import Unknown, Value
from redhanded.source.flow.walking import (
    asynchronous,
    binding,
    expressions,
    members,
    natural,
    statements,
)
from redhanded.source.flow.walking.run import Run
from redhanded.source.flow.walking.scope import Changes, Scope, either

LEAVING = frozenset(("return", "raise", "stop"))


def loop(run: Run, one: form.Loop, scope: Scope) -> bool:
    """Whether what follows the loop is reached."""
    record = run.record
    over = None
    if one.kind == "each":
        value = expressions.evaluate(run, one.over, scope)
        over = asynchronous.settled(run, value, "iterate", scope)
        elements = natural.unrolled(over) if run.is_loading else None
        if elements is not None and len(elements) > 1:
            return one_by_one(run, one, elements, scope)
    base, before = record.guards, record.state
    in_loop, retried = record.in_loop, record.retried
    mark = len(record.exits)
    is_endless = False

    def once() -> bool:
        nonlocal is_endless
        for name in assigned(one.body):
            holder = scope.holder(name)
            if holder is not None and (holder.parent is not None or run.is_loading):
                current = holder.variables[name]
                record.journal.write(holder.variables, name, either([current, Unknown(name)]))
        record.in_loop = True
        record.retried = retried or repeats(one)
        if over is not None:
            binding.bind(run, one.target, members.element(run, over), scope)
        else:
            condition = expressions.test(run, one.over, scope)
            known = expressions.truth(condition)
            is_endless = known is True
            if known is False:
                return False
            if known is None:
                place = run.place(one.line, scope)
                record.add_guard(Guard(test=condition, holds=True, location=place))
        return statements.block(run, one.body, scope)

    falls, changes = record.journal.branch(once)
    after = record.state
    record.in_loop, record.retried = in_loop, retried
    ways: list[Changes] = [changes] if is_endless else [{}, changes]
    record.journal.merge(ways)
    record.state = statements.merged(before, [before, after] if falls else [after])
    breaks = any(exit.kind == "break" for exit in record.exits[mark:])
    record.exits[mark:] = [exit for exit in record.exits[mark:] if exit.kind in LEAVING]
    record.guards = record.without(base, mark, LEAVING)
    return not is_endless or breaks


def one_by_one(run: Run, one: form.Loop, elements: list[Value], scope: Scope) -> bool:
    """While files are loaded, a loop over what is known runs for each element."""
    for element in elements:
        binding.bind(run, one.target, element, scope)
        mark = len(run.record.exits)
        falls = statements.block(run, one.body, scope)
        kinds = {each.kind for each in run.record.exits[mark:]}
        if not falls and not kinds & {"continue", "break"}:
            return False
    return True


def assigned(body: tuple[Statement, ...]) -> tuple[str, ...]:
    """Names that statements give a new value to, in order, functions in them left out."""
    found: dict[str, None] = {}
    _gather(body, found)
    return tuple(found)


def _gather(body: tuple[Statement, ...], found: dict[str, None]) -> None:
    for one in body:
        if isinstance(one, form.Let):
            if one.kind not in ("const", "let"):
                _target(one.target, found)
        elif isinstance(one, form.Do):
            if isinstance(one.value, form.Assigning):
                _target(one.value.target, found)
        elif isinstance(one, form.If):
            _gather(one.then, found)
            _gather(one.other, found)
        elif isinstance(one, form.Loop | form.With):
            _gather(one.body, found)
        elif isinstance(one, form.Try):
            _gather(one.body, found)
            for handler in one.handlers:
                _gather(handler.body, found)
            _gather(one.otherwise, found)
            _gather(one.final, found)


def _target(target: form.Expression, found: dict[str, None]) -> None:
    if isinstance(target, form.Name):
        found[target.name] = None
    elif isinstance(target, form.Sequence):
        for item in target.items:
            _target(item, found)
    elif isinstance(target, form.Mapping):
        for pair in target.pairs:
            _target(pair.value, found)


def repeats(one: form.Loop) -> bool:
    """Whether a loop tries again what failed: a ``try`` whose success leaves it, and whose failure
    goes on with the next turn."""
    for place, statement in enumerate(one.body):
        if not isinstance(statement, form.Try) or not statement.handlers:
            continue
        after = one.body[place + 1 :]
        leaves = _leaves((*statement.body, *statement.otherwise)) or _leaves(after)
        if leaves and any(not _ends(handler.body) for handler in statement.handlers):
            return True
    return False


def _leaves(body: tuple[Statement, ...]) -> bool:
    """Whether the end of a block leaves the loop."""
    return any(
        (isinstance(one, form.Return) and not one.is_yield)
        or (isinstance(one, form.Jump) and one.kind == "break")
        for one in body
    )


def _ends(body: tuple[Statement, ...]) -> bool:
    """Whether a handler never comes to the next turn."""
    return any(
        isinstance(one, form.Raise | form.Return)
        or (isinstance(one, form.Jump) and one.kind == "break")
        for one in body
    )
