"""Which model a value of Sequelize is, and what its options say: conditions, columns, locks.

References: sequelize.org/docs/v6, Model Querying (Operators), Transactions (Locks), Model Basics.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from redhanded.source.flow.framework import THIS, CallSite, Surroundings
from redhanded.source.flow.frameworks.reading import elements, is_true, members, text, words
from redhanded.source.flow.values import (
    Computed,
    Either,
    Kind,
    Known,
    Library,
    Made,
    Record,
    Result,
    Stored,
    Unknown,
    Value,
)

RANGES = words(
    "gt gte lt lte ne not between notBetween notIn like iLike startsWith endsWith substring regexp"
    " notLike notILike contains contained overlap iRegexp match adjacent strictLeft"
)
EQUAL = frozenset(["eq", "is"])
AMONG = frozenset(["in", "any"])
LEVELS = ("SERIALIZABLE", "REPEATABLE_READ", "READ_COMMITTED", "READ_UNCOMMITTED")


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A model that a call is about."""

    name: str
    table: str | None
    columns: Mapping[str, str]
    """Attribute to column, where they differ."""
    value: Value
    """The class or what ``define`` gave: what its rows are instances of."""
    entity: Value | None = None
    """The instance, for a method of one."""
    is_scoped: bool = False
    """Conditions of a scope apply as well."""

    def row(self, *parts: str) -> Result:
        return Result(THIS.event, parts, self.value)

    def column(self, attribute: str) -> str:
        return self.columns.get(attribute, attribute)

    def renamed(self, values: Mapping[str, Value]) -> dict[str, Value]:
        return {self.column(name): stored(value) for name, value in values.items()}


def model_of(callee: Library, around: Surroundings) -> Model | None:
    """The model whose method is called; None: it is none."""
    through = callee.through
    entity = through if isinstance(through, Result | Record) else None
    value = through.of if isinstance(through, Result | Record) else through
    is_scoped = bool({"scope", "withScope"} & set(callee.names))
    if isinstance(value, Kind):
        return _named(value.name, value, around, entity, is_scoped)
    source = value if isinstance(value, Library) else callee
    found = _defined(source)
    if found is None:
        return None
    name, whole, options = found
    model = _named(name, whole, around, entity, is_scoped)
    written = text(members(options).get("tableName"))
    return model if written is None else replace(model, table=written)


def _defined(library: Library) -> tuple[str, Library, Value | None] | None:
    """``sequelize.define('seat', …)``, ``sequelize.models.Seat``, ``sequelize.model('Seat')``."""
    for place, step in enumerate(library.steps):
        after = library.steps[place + 1] if place + 1 < len(library.steps) else None
        whole = Library(library.package, library.steps[: place + 2])
        if step == "models" and isinstance(after, str):
            return after, whole, None
        if step in ("define", "model") and isinstance(after, Made) and after.arguments:
            name = text(after.arguments[0])
            options = after.arguments[2] if len(after.arguments) > 2 else None
            if name is not None:
                return name, whole, options
    return None


def _named(
    name: str, value: Value, around: Surroundings, entity: Value | None, is_scoped: bool
) -> Model:
    table = around.schema.table(name)
    columns = {one.attribute: one.name for one in table.columns if one.attribute} if table else {}
    return Model(
        name=name,
        table=table.name if table else None,
        columns=columns,
        value=value,
        entity=entity,
        is_scoped=is_scoped,
    )


def stored(value: Value) -> Value:
    """``sequelize.literal('free - 1')`` and ``fn``: computed by the database."""
    if isinstance(value, Library) and value.package.startswith(("sequelize", "@sequelize")):
        names = value.names
        last = value.steps[-1] if value.steps else None
        if isinstance(last, Made) and len(names) > 1 and last.arguments:
            first = text(last.arguments[0]) or ""
            if names[-2] == "literal":
                return Stored(first or "?", _columns(first)) if first else last.arguments[0]
            if names[-2] in ("fn", "cast", "col"):
                inner = [one for one in last.arguments if isinstance(one, Library)]
                named = [stored(one) for one in inner]
                columns = tuple(c for one in named if isinstance(one, Stored) for c in one.columns)
                own = (first,) if names[-2] == "col" else ()
                return Stored(f"{names[-2]} {first}", own + columns)
    return value


def _columns(sql: str) -> tuple[str, ...]:
    """The names in an expression that are no functions or keywords."""
    plain = re.sub(r"'[^']*'", "", sql)
    found = re.findall(r'"?\b([A-Za-z_]\w*)\b"?(?!\s*\()', plain)
    keywords = {"case", "when", "then", "else", "end", "and", "or", "not", "null", "interval", "as"}
    return tuple(dict.fromkeys(one for one in found if one.lower() not in keywords))


@dataclass(slots=True)
class Where:
    """Conditions: those for equality and others."""

    equal: dict[str, Value] = field(default_factory=dict)
    ranges: dict[str, Value] = field(default_factory=dict)
    is_many: bool = False


def where_of(value: Value | None, model: Model) -> Where:
    """Of ``{where}``; what cannot be read is ``?``."""
    found = Where()
    if model.is_scoped:
        found.equal["?"] = Unknown("scope")
    if value is not None:
        _add(value, model, found)
    return found


def _add(value: Value, model: Model, found: Where) -> None:
    if isinstance(value, Known) and value.value is None:
        return
    if not isinstance(value, Record):
        found.equal.setdefault("?", value)
        return
    for name, one in value.parts.items():
        operator = _operator(name)
        if operator == "and":
            for each in elements(one) or (one,):
                _add(each, model, found)
        elif operator or name.startswith("$"):
            found.equal.setdefault("?", Unknown(operator or name))
        else:
            _compared(model.column(name), one, found)
    if not value.is_complete:
        found.equal.setdefault("?", Unknown("where"))


def _operator(name: str) -> str:
    """``Op.gte`` as a key, or ``$gte`` of version 4."""
    if name.rpartition(".")[0].endswith("Op"):
        return name.rpartition(".")[2]
    aliases = RANGES | EQUAL | AMONG | {"and", "or"}
    return name[1:] if name.startswith("$") and name[1:] in aliases else ""


def _compared(column: str, value: Value, found: Where) -> None:
    operators = {name: _operator(name) for name in members(value)}
    if isinstance(value, Record) and operators and all(operators.values()):
        for name, operator in operators.items():
            one = value.parts[name]
            if operator in EQUAL:
                found.equal[column] = stored(one)
            elif operator in AMONG:
                _among(column, one, found)
            elif operator in RANGES:
                found.ranges[column] = stored(elements(one)[0] if elements(one) else one)
            else:
                found.equal.setdefault("?", Unknown(column))
    elif isinstance(value, Record) and elements(value):
        _among(column, value, found)
    else:
        found.equal[column] = stored(value)


def _among(column: str, value: Value, found: Where) -> None:
    several = elements(value)
    found.equal[column] = Either(several[:8]) if len(several) > 1 else (*several, value)[0]
    found.is_many = True


def lock_of(options: Mapping[str, Value]) -> Literal["", "update", "share"]:
    """Of ``lock: true``, ``t.LOCK.UPDATE``, ``Transaction.LOCK.SHARE``, ``'UPDATE'``."""
    value = options.get("lock")
    value = members(value).get("level", value)
    if value is None or value == Known(False):
        return ""
    if is_true(value) and not text(value):
        return "update"
    said = (_last_name(value) or text(value) or "").upper().replace("_", " ")
    if said.endswith("SHARE"):
        return "share"
    return "update" if said.endswith("UPDATE") else ""


def isolation_of(options: Mapping[str, Value]) -> str:
    """Of a transaction: ``isolationLevel``; SQLite's ``type``."""
    value = options.get("isolationLevel", options.get("type"))
    said = (_last_name(value) or text(value) or "").upper().replace(" ", "_")
    return said.replace("_", " ").lower() if said in (*LEVELS, "IMMEDIATE", "EXCLUSIVE") else ""


def _last_name(value: Value | None) -> str | None:
    if isinstance(value, Result):
        return value.parts[-1] if value.parts else None
    if isinstance(value, Library) and value.steps and isinstance(value.steps[-1], str):
        return value.steps[-1]
    if isinstance(value, Computed) and value.operands:
        return _last_name(value.operands[0])
    return None


def uses_continuations(site: CallSite, around: Surroundings) -> bool:
    """``Sequelize.useCLS``: statements join the transaction that is open without being told."""
    names = ("cls-hooked", "continuation-local-storage", "@sequelize/core")
    return any(one.specifier in names for module in around.modules() for one in module.imports)
