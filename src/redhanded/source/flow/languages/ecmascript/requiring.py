"""CommonJS: what ``require`` gives, and what ``module.exports`` gives away.

Also as compilers write it (``__importDefault``, ``__exportStar``, getters on ``exports``).
"""

from __future__ import annotations

from redhanded.source.flow.form import (
    Argument,
    Assigning,
    Attribute,
    Await,
    Call,
    Constant,
    Expression,
    Lambda,
    Mapping,
    Name,
    Operation,
    Return,
    Statement,
)
from redhanded.source.flow.languages.ecmascript.writing import Writing
from redhanded.source.flow.module import Export, Import

WRAPPED = {
    "__importStar": "*",
    "__importDefault": "*",
    "_interopRequireWildcard": "*",
    "_interopRequireDefault": "*",
    "__toESM": "*",
}
"""What compilers put around a ``require``: the name of the module that it gives."""


def required(value: Expression) -> tuple[str, str] | None:
    """The module and the name in it of ``require('x')``, ``require('x').y``, ``import('x')``."""
    if isinstance(value, Await):
        value = value.value
    if isinstance(value, Attribute):
        inner = required(value.base)
        if inner is None or inner[1] not in ("=", "*"):
            return None
        # ``require('x').default`` of a module compiled from ESM, or the library's own.
        return inner[0], value.name
    if not isinstance(value, Call) or value.new or not value.arguments:
        return None
    first = value.arguments[0].value
    called = value.function
    if isinstance(called, Name) and called.name in ("require", "import"):
        if isinstance(first, Constant) and isinstance(first.value, str) and first.value:
            return first.value, "=" if called.name == "require" else "*"
        return None
    wrapper = called.name if isinstance(called, Name | Attribute) else ""
    inner = required(first) if wrapper in WRAPPED else None
    return (inner[0], WRAPPED[wrapper]) if inner is not None and inner[1] == "=" else None


def bound(writing: Writing, aim: Expression, value: Expression, line: int) -> bool:
    """Whether a declaration only binds what a module gives; its imports are then noted."""
    found = required(value)
    if found is None:
        return False
    specifier, name = found
    if isinstance(aim, Name):
        imported = [(name, aim.name)]
    elif isinstance(aim, Mapping) and name in ("=", "*"):
        imported = []
        for pair in aim.pairs:
            known = isinstance(pair.key, Constant) and isinstance(pair.value, Name)
            if not known:
                return False
            assert isinstance(pair.key, Constant) and isinstance(pair.value, Name)
            imported.append((str(pair.key.value), pair.value.name))
    else:
        return False
    for one, local in imported:
        writing.imports.append(Import(specifier, one, local, line, writing.function))
    return True


def note(writing: Writing, call: Call) -> None:
    """What a call says about imports and exports."""
    function = call.function
    if not call.arguments or call.new:
        return
    named = function.name if isinstance(function, Name | Attribute) else ""
    if named in ("require", "import"):
        found = required(call)
        if found is not None:
            writing.imports.append(Import(*found, "", call.line, writing.function))
    elif named == "__exportStar":
        found = required(call.arguments[0].value)
        if found is not None:
            writing.exports.append(Export("*", None, found[0], "*", call.line))
    elif named == "assign" and _is(function, "Object", "assign"):
        if exported(call.arguments[0].value) == "=":
            for one in call.arguments[1:]:
                _all_of(writing, one, call.line)
    elif named == "defineProperty" and _is(function, "Object", "defineProperty"):
        _getter(writing, call)


def _is(value: Expression, base: str, name: str) -> bool:
    if not isinstance(value, Attribute) or value.name != name:
        return False
    return isinstance(value.base, Name) and value.base.name == base


def _all_of(writing: Writing, given: Argument, line: int) -> None:
    value = given.value
    found = required(value)
    if found is not None and found[1] == "=":
        writing.exports.append(Export("*", None, found[0], "*", line))
    elif isinstance(value, Mapping):
        for pair in value.pairs:
            if isinstance(pair.key, Constant):
                writing.exports.append(Export(str(pair.key.value), pair.value, line=line))
            elif pair.key is None:
                _all_of(writing, Argument(pair.value), line)


def _getter(writing: Writing, call: Call) -> None:
    """``Object.defineProperty(exports, 'x', { get: function () { return y.x } })``."""
    if len(call.arguments) < 3 or exported(call.arguments[0].value) != "=":
        return
    key, given = call.arguments[1].value, call.arguments[2].value
    if not isinstance(key, Constant) or not isinstance(given, Mapping):
        return
    for pair in given.pairs:
        if not isinstance(pair.key, Constant):
            continue
        value: Expression | None = None
        if pair.key.value == "get" and isinstance(pair.value, Lambda):
            value = _returned(writing, pair.value.function)
        elif pair.key.value == "value" and key.value != "__esModule":
            value = pair.value
        if value is not None:
            writing.exports.append(Export(str(key.value), value, line=call.line))


def _returned(writing: Writing, function: int) -> Expression | None:
    found = writing.functions[function]
    body: tuple[Statement, ...] = found.body if found is not None else ()
    if len(body) == 1 and isinstance(body[0], Return):
        return body[0].value
    return None


def exported(aim: Expression) -> str | None:
    """The name under which an assignment to this gives something away; ``=`` for all of it."""
    if isinstance(aim, Name):
        return "=" if aim.name == "exports" else None
    if not isinstance(aim, Attribute):
        return None
    if _is(aim, "module", "exports"):
        return "="
    base = aim.base
    if (isinstance(base, Name) and base.name == "exports") or _is(base, "module", "exports"):
        return aim.name
    return None


def assigned(writing: Writing, aim: Expression, value: Expression, line: int) -> None:
    """Notes an export, if that is what an assignment is."""
    name = exported(aim)
    if name is None or (isinstance(aim, Name) and aim.name == "exports"):
        return  # ``exports = …`` alone gives nothing away
    while isinstance(value, Assigning) and not value.operator:
        value = value.value
    nothing = isinstance(value, Operation) and value.operator == "void"
    if nothing or name == "__esModule" or (isinstance(value, Constant) and value.value is None):
        return
    found = required(value)
    if found is not None:
        writing.exports.append(Export(name, None, found[0], found[1], line))
        return
    writing.exports.append(Export(name, value, line=line))
    if name == "=" and isinstance(value, Call) and _is(value.function, "Object", "assign"):
        for one in value.arguments:
            _all_of(writing, one, line)
