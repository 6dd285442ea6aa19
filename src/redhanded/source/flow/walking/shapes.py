"""What is known of a value by a type of TypeScript that lists what it has.

``interface Deps { db: Pool; cache: Redis }`` says of a parameter ``deps: Deps`` that its ``db`` is
a pool. Only what leads to a library or a class of the program is of use; of the rest nothing is
known but that it comes from outside. An interface that one class of the program alone implements
is an instance of that class, as a container of dependencies would give.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from redhanded.source.flow import form
from redhanded.source.flow.form import Expression
from redhanded.source.flow.values import Input, Library, Procedure, Record, Value
from redhanded.source.flow.walking import injection, loading
from redhanded.source.flow.walking.scope import Scope

if TYPE_CHECKING:
    from redhanded.source.flow.program import Program

RETURNED = frozenset(("ReturnType", "inferAsyncReturnType"))
NARROWED = frozenset(("Omit", "Pick", "Partial", "NonNullable", "Readonly", "Required"))


def named(program: Program, name: str, scope: Scope) -> tuple[bool, Value | None]:
    """Whether a name is a type that the program declares, and what a value of it holds."""
    found = program.type_named(name, scope.path)
    if found is None:
        return False, None
    declared, path = found
    key = (path, declared.name)
    if key in program.shapes:
        return True, program.shapes[key]
    program.shapes[key] = None  # a type that has one of itself
    value = injection.annotated(program, declared.value, program.scope_of(path))
    if value is None:
        classes = program.implementing.get(key, [])
        value = injection.instance(program, classes[0]) if len(classes) == 1 else None
    if program.loading:
        del program.shapes[key]  # files that import each other: asked too early
    else:
        program.shapes[key] = value
    return True, value


def listed(program: Program, annotation: form.Mapping, scope: Scope) -> Value | None:
    """``{ db: Pool, id: string }``; None where nothing of it is of use."""
    parts: dict[str, Value] = {}
    is_of_use = False
    for pair in annotation.pairs:
        if not isinstance(pair.key, form.Constant):
            continue
        name = str(pair.key.value)
        value = injection.annotated(program, pair.value, scope)
        is_of_use |= value is not None and _is_of_use(program, value)
        parts[name] = value if value is not None else Input("argument", (name,))
    return Record(parts, is_complete=False) if is_of_use else None


def _is_of_use(program: Program, value: Value) -> bool:
    if isinstance(value, Library):
        return value.package != "global" and bool(program.frameworks_of(value.package))
    return isinstance(value, Record | Procedure)


def joined(program: Program, annotations: tuple[Expression, ...], scope: Scope) -> Value | None:
    """``A & B``: the parts of both; where one is an instance or a library's, that."""
    parts: dict[str, Value] = {}
    for one in annotations:
        value = injection.annotated(program, one, scope)
        if isinstance(value, Library) or (isinstance(value, Record) and value.of is not None):
            return value
        if isinstance(value, Record):
            parts.update(value.parts)
    return Record(parts, is_complete=False) if parts else None


def returned(program: Program, annotation: Expression, scope: Scope) -> Value | None:
    """``ReturnType<typeof f>``: what f gives."""
    if isinstance(annotation, form.Operation) and annotation.operator == "typeof":
        made = form.Call(annotation.operands[0], (), 0, 0, 0)
        value = loading.evaluated(program, made, scope)
        return value if isinstance(value, Record | Library) else None
    return None
