"""What compilers make of decorators and of ``async``, put back.

TypeScript writes ``__decorate([Get(':id'), __param(0, Param('id')), __metadata(…)], X.prototype,
"get", null)`` below the class, and ``return __awaiter(this, void 0, void 0, function* () { … })``;
SWC and esbuild have names of their own for the same. References: TypeScript's handbook, Decorators;
``src/compiler/factory/emitHelpers.ts``. The state machines of ``__generator`` (ES5) are left.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from msgspec.structs import replace

from redhanded.source.flow.form import (
    Assigning,
    Attribute,
    Await,
    Call,
    Choice,
    Constant,
    Do,
    Expression,
    If,
    Lambda,
    Let,
    Loop,
    Name,
    Operation,
    Return,
    Sequence,
    Statement,
    Try,
)
from redhanded.source.flow.languages.ecmascript.writing import Writing
from redhanded.source.flow.module import Class, Export, Field, Parameter

DECORATE = frozenset(("__decorate", "_ts_decorate", "__decorateClass"))
PARAMETER = frozenset(("__param", "_ts_param", "__decorateParam"))
METADATA = frozenset(("__metadata", "_ts_metadata"))
AWAITER = "__awaiter"
NO_TYPES = frozenset(
    ("Object", "Function", "Array", "Promise", "String", "Number", "Boolean", "Symbol", "BigInt")
)
"""What the compiler writes where a type says nothing about a class."""
SIGNS = (b"__decorate", b"_ts_decorate")


@dataclass(slots=True)
class Said:
    """What one call of ``__decorate`` says."""

    of: str
    """The class's name."""
    member: str
    """Empty: of the class itself."""
    line: int
    decorators: tuple[Expression, ...] = ()
    parameters: dict[int, tuple[Expression, ...]] = field(default_factory=dict)
    types: dict[str, Expression] = field(default_factory=dict)
    """By ``design:type``, ``design:paramtypes``, ``design:returntype``."""


def decorated(writing: Writing) -> None:
    """Gives classes and their members the decorators that stand below them."""
    if not any(sign in writing.source for sign in SIGNS):
        return
    said: list[Said] = []
    for place, function in enumerate(writing.functions):
        if function is not None:
            body = _without(function.body, said)
            if body is not function.body:
                writing.functions[place] = replace(function, body=body)
    writing.exports[:] = [_of_class(one) for one in writing.exports]
    by_name = {one.name: place for place, one in enumerate(writing.classes) if one is not None}
    for one in said:
        if one.of in by_name:
            _give(writing, by_name[one.of], one)


def _without(body: tuple[Statement, ...], said: list[Said]) -> tuple[Statement, ...]:
    """The statements without those that only decorate; what these say is kept."""
    kept: list[Statement] = []
    for one in body:
        if isinstance(one, Do):
            found = _said(one.value)
            if found is not None:
                said.append(found)
                continue
        elif isinstance(one, Let):
            value, found = _undecorated(one.value)
            if found is not None:
                said.append(found)
                if value == one.target:
                    continue
                kept.append(replace(one, value=value))
                continue
        kept.append(one)
    return tuple(kept) if len(kept) != len(body) or said else body


def _undecorated(value: Expression) -> tuple[Expression, Said | None]:
    """``X = X_1 = __decorate([…], X)`` is X."""
    inner = value
    while isinstance(inner, Assigning) and not inner.operator:
        inner = inner.value
    found = _said(inner)
    return (Name(found.of), found) if found is not None and not found.member else (value, None)


def _of_class(one: Export) -> Export:
    found = _said(one.value) if one.value is not None else None
    return replace(one, value=Name(found.of)) if found is not None else one


def _said(value: Expression) -> Said | None:
    if not isinstance(value, Call) or _called(value) not in DECORATE or len(value.arguments) < 2:
        return None
    listed, target = value.arguments[0].value, value.arguments[1].value
    if not isinstance(listed, Sequence):
        return None
    key = value.arguments[2].value if len(value.arguments) > 2 else Constant("")
    if isinstance(target, Attribute) and target.name == "prototype":
        target = target.base
    if not isinstance(target, Name) or not isinstance(key, Constant):
        return None
    found = Said(target.name, str(key.value or ""), value.line)
    kept: list[Expression] = []
    for one in listed.items:
        name = _called(one)
        given = [each.value for each in one.arguments] if isinstance(one, Call) else []
        if name in PARAMETER and len(given) == 2 and isinstance(given[0], Constant):
            place = given[0].value
            if isinstance(place, int):
                found.parameters[place] = (*found.parameters.get(place, ()), given[1])
        elif name in METADATA and len(given) == 2 and isinstance(given[0], Constant):
            found.types[str(given[0].value)] = given[1]
        else:
            kept.append(one)
    found.decorators = tuple(kept)
    return found


def _called(value: Expression) -> str:
    function = value.function if isinstance(value, Call) else None
    return function.name if isinstance(function, Name | Attribute) else ""


def _give(writing: Writing, place: int, said: Said) -> None:
    of = writing.classes[place]
    assert of is not None
    if not said.member:
        writing.classes[place] = replace(of, decorators=of.decorators + said.decorators)
        _to_function(writing, _method(writing, of, "constructor"), said, is_class=True)
        return
    method = _method(writing, of, said.member)
    if method is not None:
        _to_function(writing, method, said)
        return
    typed = _type(said.types.get("design:type"))
    fields = list(of.fields)
    for at, one in enumerate(fields):
        if one.name == said.member:
            more = one.decorators + said.decorators
            fields[at] = replace(one, decorators=more, annotation=one.annotation or typed)
            break
    else:
        fields.append(Field(said.member, None, said.line, typed, said.decorators))
    writing.classes[place] = replace(of, fields=tuple(fields))


def _method(writing: Writing, of: Class, name: str) -> int | None:
    for place in of.methods:
        function = writing.functions[place]
        if function is not None and function.name == name:
            return place
    return None


def _to_function(
    writing: Writing, place: int | None, said: Said, *, is_class: bool = False
) -> None:
    function = writing.functions[place] if place is not None else None
    if function is None or place is None:
        return
    listed = said.types.get("design:paramtypes")
    types = listed.items if isinstance(listed, Sequence) else ()
    parameters = tuple(
        [
            _parameter(one, said.parameters.get(at, ()), types[at] if at < len(types) else None)
            for at, one in enumerate(function.parameters)
        ]
    )
    more = () if is_class else said.decorators
    returns = function.returns or _type(said.types.get("design:returntype"))
    writing.functions[place] = replace(
        function,
        parameters=parameters,
        decorators=function.decorators + more,
        returns=function.returns if is_class else returns,
    )


def _parameter(
    one: Parameter, decorators: tuple[Expression, ...], typed: Expression | None
) -> Parameter:
    annotation = one.annotation or _type(typed)
    return replace(one, decorators=one.decorators + decorators, annotation=annotation)


def _type(value: Expression | None) -> Expression | None:
    """The class that the compiler wrote for a type; also where it first looks whether it is
    there: ``typeof (_a = typeof X !== "undefined" && X) === "function" ? _a : Object``."""
    if isinstance(value, Choice):
        inside = _looked_for(value.test)
        if inside is None:
            inside = next((one for one in (value.other, value.then) if _type(one)), None)
        return _type(inside)
    if isinstance(value, Name):
        return None if value.name in NO_TYPES else value
    return value if isinstance(value, Attribute) else None


def _looked_for(test: Expression) -> Expression | None:
    if isinstance(test, Operation):
        for one in test.operands:
            if isinstance(one, Assigning) and isinstance(one.value, Operation):
                return one.value.operands[-1]
            found = _looked_for(one)
            if found is not None:
                return found
    return None


def awaited(writing: Writing, call: Call) -> Call:
    """``__awaiter(this, …, function* () { … })``: an async function that is called."""
    last = call.arguments[-1].value if call.arguments else None
    if _called(call) != AWAITER or not isinstance(last, Lambda):
        return call
    function = writing.functions[last.function]
    if function is None or not function.is_generator:
        return call
    writing.functions[last.function] = replace(
        function,
        body=_awaiting(function.body),
        is_async=True,
        is_generator=False,
        keeps_this=True,
    )
    return replace(call, function=last, arguments=())


def is_async(writing: Writing, body: tuple[Statement, ...]) -> bool:
    """Whether all that a function does is to give what an `awaited` one gives."""
    last = body[-1] if body else None
    if not isinstance(last, Return) or not isinstance(last.value, Call):
        return False
    called = last.value.function
    if not isinstance(called, Lambda) or last.value.arguments:
        return False
    function = writing.functions[called.function]
    return function is not None and function.is_async and not function.parameters


def _awaiting(body: tuple[Statement, ...]) -> tuple[Statement, ...]:
    """``yield x;`` is ``await x;``."""
    return tuple([_awaiting_one(one) for one in body])


def _awaiting_one(one: Statement) -> Statement:
    if isinstance(one, Return) and one.is_yield:
        return Do(Await(one.value if one.value is not None else Constant(None)), one.line)
    if isinstance(one, If):
        return replace(one, then=_awaiting(one.then), other=_awaiting(one.other))
    if isinstance(one, Loop):
        return replace(one, body=_awaiting(one.body))
    if isinstance(one, Try):
        return replace(
            one,
            body=_awaiting(one.body),
            handlers=tuple([replace(each, body=_awaiting(each.body)) for each in one.handlers]),
            final=_awaiting(one.final),
        )
    return one
