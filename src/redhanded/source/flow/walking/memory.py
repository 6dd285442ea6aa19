"""What a process keeps between two requests: variables at the top of files, parts of singletons.

A read or change of it inside a function is an event, so that a check and an act on it with a wait
between them can be seen.
"""

from __future__ import annotations

from typing import NamedTuple

from redhanded.case.evidence import Location
from redhanded.source.flow import form
from redhanded.source.flow.effects import Effect, EffectKind
from redhanded.source.flow.form import Expression
from redhanded.source.flow.values import (
    Computed,
    Either,
    Input,
    Kind,
    Known,
    Library,
    Record,
    Result,
    Unknown,
    Value,
)
from redhanded.source.flow.walking import binding, expressions, members, natural
from redhanded.source.flow.walking.run import Run
from redhanded.source.flow.walking.scope import Scope, either
from redhanded.source.flow.walking.site import Site, written
from redhanded.source.flow.walking.words import CALLING, COLLECTIONS, READS, WRITES


class State(NamedTuple):
    """A piece of a process's memory."""

    subject: str
    cell: dict[str, Value]
    name: str


def subject(run: Run, one: Expression, scope: Scope) -> State | None:
    """The piece of memory that an expression names; None: it is something else."""
    if run.is_loading:
        return None
    if isinstance(one, form.Name):
        holder = scope.holder(one.name)
        if holder is None or holder.parent is not None:
            return _imported(run, one, scope) if holder is None else None
        return variable(run, holder, one.name)
    if isinstance(one, form.Attribute) and isinstance(one.base, form.Name):
        holder = scope.holder(one.base.name)
        base = holder.variables[one.base.name] if holder is not None else None
        if one.base.name in ("this", "self") and base is None:
            base = scope.this
        return _of_singleton(run, base, one.name)
    return None


def _imported(run: Run, one: form.Name, scope: Scope) -> State | None:
    """A variable of another file under its imported name."""
    place = run.program.variable_behind(one.name, scope.path)
    if place is None:
        return None
    path, name = place
    return variable(run, run.program.scope_of(path), name)


def variable(run: Run, holder: Scope, name: str) -> State | None:
    is_assigned = run.program.changed_names(holder.path).get(name)
    if is_assigned is None or not (is_assigned or is_collection(holder.variables[name])):
        return None
    return State(f"{holder.path}:{name}", holder.variables, name)


def _of_singleton(run: Run, base: Value | None, name: str) -> State | None:
    if isinstance(base, Record) and isinstance(base.of, Kind) and isinstance(base.parts, dict):
        if id(base) not in run.program.singletons:
            return None
        cell = base.parts
        of = base.of
    elif isinstance(base, Kind):
        of = base
        cell = run.program.class_parts.setdefault((of.path, of.index), {})
    else:
        return None
    if name not in run.program.changed_attributes(of) or _is_client(run, cell.get(name)):
        return None
    return State(f"{of.path}:{of.name}.{name}", cell, name)


def _is_client(run: Run, value: Value | None) -> bool:
    """What a library made, and whose methods are its own: ``this.queue.add(…)``."""
    if not isinstance(value, Library) or is_collection(value):
        return False
    return value.package != "global" and bool(run.program.frameworks_of(value.package))


def made(run: Run, instance: Value) -> None:
    """An instance that is made while files are loaded stays for all requests."""
    if run.is_loading and isinstance(instance, Record):
        run.program.singletons[id(instance)] = instance


def is_collection(value: Value) -> bool:
    """A Map, Set, list or dict that the program itself made."""
    if isinstance(value, Library):
        first = value.steps[0] if value.steps else ""
        return value.package in ("global", "collections") and first in COLLECTIONS
    return isinstance(value, Record) and value.of is None


def event(
    run: Run,
    state: State,
    kind: EffectKind,
    verb: str,
    place: tuple[Location, int, str],
    *,
    key: Value | None = None,
    value: Value | None = None,
) -> Value:
    location, end_line, callee = place
    if isinstance(value, Record) and isinstance(value.parts, dict):
        # What it holds now: later changes of it are later events.
        value = Record(dict(value.parts), value.of, value.is_complete)
    effect = Effect(
        kind=kind,
        store="process",
        library="global",
        verb=verb,
        subject=state.subject,
        where={} if key is None else {"key": key},
        values={} if value is None else {"value": value},
    )
    number = run.record.record(location=location, end_line=end_line, callee=callee, effect=effect)
    return Result(number)


def _here(run: Run, one: Expression | None, scope: Scope) -> tuple[Location, int, str]:
    return run.place(run.line, scope), run.line, written(one) if one is not None else ""


def current(run: Run, state: State) -> Value:
    found = state.cell.get(state.name)
    return Unknown(state.name) if found is None else found


def holding(run: Run, state: State, one: Expression, scope: Scope) -> Value:
    """What a piece of memory holds when a method of it is called: for what is no collection, the
    read is an event of its own."""
    value = current(run, state)
    if is_collection(value):
        return value
    return read(run, state, one, scope)


def read(run: Run, state: State, one: Expression | None, scope: Scope) -> Value:
    """The value of a piece of memory."""
    value = current(run, state)
    if is_collection(value):
        return value
    result = event(run, state, "get", "read", _here(run, one, scope))
    return _together(run, result, value, state)


def _together(run: Run, result: Value, value: Value, state: State) -> Value:
    """What was read, and what it may be by the assignments to it."""
    able = value.values if isinstance(value, Either) else (value,)
    kept = [members.here(run, one) for one in able if not isinstance(one, Known | Unknown)]
    kept = [one for one in kept if not isinstance(one, Unknown)]
    path, _, name = state.subject.partition(":")
    if not kept and "." not in name:
        kept = _assigned(run, path, name)
    return either([result, *kept]) if kept else result


def _assigned(run: Run, path: str, name: str) -> list[Value]:
    """What functions of a file put into a variable at its top, as far as that is known."""
    return [
        one
        for one in run.program.assigned_values(path, name)
        if not isinstance(one, Known | Unknown | Result)
    ]


def beside_paths(run: Run, holder: Scope, name: str, value: Value) -> Value:
    """What a variable at the top of a file holds for what is evaluated beside all paths: where it
    has nothing yet, what functions of the file will put there."""
    is_empty = isinstance(value, Unknown) or value == Known(None)
    path = holder.path
    if not is_empty or path in run.program.loading or path not in run.program.modules_by_path():
        return value
    kept = _assigned(run, path, name) if run.program.changed_names(path).get(name) else []
    return either(kept) if kept else value


def read_variable(run: Run, holder: Scope, name: str, value: Value, scope: Scope) -> Value:
    state = variable(run, holder, name)
    if state is None:
        return members.here(run, value)
    return read(run, state, form.Name(name), scope)


def write_variable(
    run: Run, holder: Scope, name: str, value: Value, operator: str, scope: Scope
) -> Value:
    """An assignment to a variable at the top of a file, inside a function."""
    state = State(f"{holder.path}:{name}", holder.variables, name)
    place = _here(run, form.Name(name), scope)
    if operator:
        before = event(run, state, "get", "read", place)
        value = binding.combined(operator, before, value)
    is_count = operator in ("+", "-")
    event(run, state, "increment" if is_count else "set", f"{operator}=", place, value=value)
    run.record.journal.write(holder.variables, name, value)
    return value


def read_member(run: Run, state: State, one: form.Item, scope: Scope) -> Value:
    """``cache[key]``."""
    value = current(run, state)
    key = expressions.evaluate(run, one.key, scope)
    if not is_collection(value):
        return members.item(run, read(run, state, one.base, scope), key)
    return event(run, state, "get", "[]", _here(run, one, scope), key=key)


def read_part(run: Run, one: form.Attribute, found: Value | None, scope: Scope) -> Value | None:
    """``cache["key"]`` with a written key, ``state.x``: what was put there by this run."""
    if found is not None and not isinstance(found, Result | Record | Either | Computed | Input):
        return found
    state = subject(run, one.base, scope)
    if state is None or not is_collection(current(run, state)):
        return found
    place = _here(run, one.base, scope)
    result = event(run, state, "get", "[]", place, key=Known(one.name))
    return result if found is None else either([result, found])


def tested(run: Run, one: form.Operation, scope: Scope) -> Value | None:
    """``key in cache``."""
    state = subject(run, one.operands[1], scope) if len(one.operands) == 2 else None
    if state is None or not is_collection(current(run, state)):
        return None
    key = expressions.evaluate(run, one.operands[0], scope)
    return event(run, state, "get", "in", _here(run, one.operands[1], scope), key=key)


def write_part(
    run: Run,
    target: form.Attribute | form.Item,
    value: Value,
    operator: str,
    scope: Scope,
) -> Value | None:
    """``cache[key] = value``, ``state.x = value``, ``this.x = value`` of a singleton; the object
    that is written to, None if it is no memory of the process."""
    own = subject(run, target, scope) if isinstance(target, form.Attribute) else None
    place = _here(run, target, scope)
    kind: EffectKind = "increment" if operator in ("+", "-") else "set"
    if own is not None:
        event(run, own, kind, f"{operator}=", place, value=value)
        return None
    state = subject(run, target.base, scope)
    if state is None:
        return None
    held = current(run, state)
    key: Value = (
        Known(target.name)
        if isinstance(target, form.Attribute)
        else expressions.evaluate(run, target.key, scope)
    )
    event(run, state, kind, f"{operator}=", place, key=key, value=value)
    return held


def delete(run: Run, one: form.Operation, scope: Scope) -> Value:
    """``delete cache[key]``, ``del cache[key]``."""
    for operand in one.operands:
        if isinstance(operand, form.Item | form.Attribute):
            state = subject(run, operand.base, scope)
            if state is not None:
                key: Value = (
                    expressions.evaluate(run, operand.key, scope)
                    if isinstance(operand, form.Item)
                    else Known(operand.name)
                )
                event(run, state, "remove", "delete", _here(run, operand, scope), key=key)
                continue
        if not isinstance(operand, form.Name):
            expressions.evaluate(run, operand, scope)
    return Known(True)


def call(run: Run, state: State, base: Value, name: str, site: Site) -> Value:
    """A method of a collection that the process keeps."""
    arguments, keywords = site.given()
    kind: EffectKind | None = WRITES.get(name)
    if kind is None and name in READS:
        kind = "get"
    if kind is None:
        return natural.method(run, base, name, site)
    place = (site.location, site.form.end_line, site.callee)
    if kind == "set" and name == "update" and keywords:
        for key_name, one in keywords.items():
            result = event(run, state, kind, name, place, key=Known(key_name), value=one)
        return result
    value = arguments[-1] if kind in ("set", "push") and arguments else None
    key = arguments[0] if arguments and not isinstance(base, Record) else None
    if isinstance(base, Record) and arguments and name in ("get", "setdefault", "pop", "has"):
        key = arguments[0]
    result = event(run, state, kind, name, place, key=key, value=value)
    if name in CALLING:
        return natural.method(run, result, name, site)
    return result
