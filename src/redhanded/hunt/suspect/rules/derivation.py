"""What a value is made of: which reads, which of their columns, by which operators."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from redhanded.hunt.suspect.rules.remembered import Remembered, parts_of
from redhanded.hunt.suspect.rules.uniqueness import plain
from redhanded.source.flow.events import Event, Guard
from redhanded.source.flow.values import (
    Computed,
    Either,
    Input,
    Known,
    Library,
    Record,
    Result,
    Unknown,
    Value,
    sources,
)

_WRAPPERS = frozenset({"rows", "row", "data", "datavalues", "recordset", "records", "items", "[]"})
"""Parts of a result that hold rows and are no column of one."""
_KEEPING = frozenset({"?", "??", "or", "and", "await", "call:deepcopy", "call:structuredClone"})
"""Operators that give one of their operands as it is."""
ARITHMETIC = frozenset({"+", "-", "*", "/", "//", "%", "**"})
_CONVERSIONS = frozenset(
    f"call:{one}"
    for one in (
        "Number", "parseInt", "parseFloat", "Number.parseInt", "Number.parseFloat", "BigInt",
        "String", "Boolean", "JSON.parse", "JSON.stringify", "int", "float", "str", "bool",
        "Decimal", "json.loads", "json.dumps", "loads", "dumps",
    )
)  # fmt: skip
_FORMING = frozenset({"form"}) | frozenset(
    f"call:{one}"
    for one in (
        "strip", "lstrip", "rstrip", "trim", "lower", "upper", "toLowerCase", "toUpperCase",
        "slice", "substring", "substr", "title", "capitalize", "normalize", "truncate", "slugify",
        "round", "Math.round", "quantize", "escape", "clean",
    )
)  # fmt: skip
COMPARISONS = frozenset({"==", "!=", "<", "<=", ">", ">=", "in", "not in"})
_DEEPEST = 12


COLLECTED = "collected"
"""Put beside other things: ``[...row.tags, tag]``."""


IDENTIFIER = "identifier"
"""Carried over under its own name: ``{...given, id: row.details.id}``."""
_IDENTIFIERS = frozenset({"id", "_id", "pk", "uuid", "guid"})


@dataclass(frozen=True, slots=True)
class Use:
    """A part of a read's result in a value, and the operators around it, outermost first; none: it
    is copied."""

    result: Result
    operators: tuple[str, ...]

    @property
    def is_arithmetic(self) -> bool:
        return not ARITHMETIC.isdisjoint(self.operators)

    @property
    def is_cut(self) -> bool:
        """Whether it only brings a text into its form: twice gives what once gives."""
        return not self.is_arithmetic and not _FORMING.isdisjoint(self.operators)

    @property
    def is_copy(self) -> bool:
        """Whether the value stays what it was, or is only written in another way."""
        return all(one in _CONVERSIONS for one in self.operators)


def columns_of(result: Result) -> tuple[str, ...]:
    """Plain names of the parts that may be columns, outermost first; none: the row as a whole."""
    names = (plain(one) for one in result.parts if not one.isdigit())
    return tuple(one for one in names if one and one not in _WRAPPERS)


def column_by_place(result: Result, read: Event) -> str | None:
    """The plain name of a column that is taken by its place in the row: ``row[0]``."""
    listed = read.effect.options.get("columns") if read.effect is not None else None
    places = [int(one) for one in result.parts if one.isdigit()]
    if not places or columns_of(result) or not isinstance(listed, Known):
        return None
    names = str(listed.value).split(",")
    return plain(names[places[-1]].strip()) if places[-1] < len(names) else None


def uses(value: Value | None, read: Event) -> tuple[Use, ...]:
    """Where a value holds what a read gave."""
    return tuple(dict.fromkeys(_uses(value, read.number, (), _DEEPEST)))


def _uses(value: Value | None, event: int, around: tuple[str, ...], depth: int) -> Iterator[Use]:
    if value is None or depth == 0 or event not in reads_of(value):
        return
    parts = parts_of(value)
    if isinstance(value, Result):
        yield Use(value, around)
    elif isinstance(value, Computed):
        if value.operator == "?":
            parts = parts[1:]
        if not is_part(value) and value.operator not in _KEEPING:
            around = (*around, "form" if _only_forms(value) else value.operator)
    elif isinstance(value, Record):
        around = (*around, COLLECTED) if len(value.parts) > 1 else around
        for name, one in value.parts.items():
            kept = (*around, IDENTIFIER) if _is_identifier(name, one) else around
            yield from _uses(one, event, kept, depth - 1)
        return
    elif isinstance(value, Library):
        around = (*around, f"call:{'.'.join(value.names)}")
    for one in parts:
        yield from _uses(one, event, around, depth - 1)


def _is_identifier(name: str, value: Value) -> bool:
    if name not in _IDENTIFIERS:
        return False
    if isinstance(value, Result):
        return value.parts[-1:] == (name,)
    if isinstance(value, Computed) and value.operator == "?":
        return _is_identifier(name, Either(value.operands[1:]))
    if isinstance(value, Computed):
        return value.operator.removeprefix(".") == name
    if isinstance(value, Either):
        given = [one for one in value.values if not isinstance(one, Known | Unknown)]
        return bool(given) and all(_is_identifier(name, one) for one in given)
    return False


def _only_forms(value: Computed) -> bool:
    """A part of a text, or a text with fixed words around it."""
    if value.operator == "[:]":
        return True
    given = [one for one in value.operands if not isinstance(one, Known)]
    fixed = [one.value for one in value.operands if isinstance(one, Known)]
    texts = bool(fixed) and all(isinstance(one, str) for one in fixed)
    return value.operator in ("+", "text") and len(given) == 1 and texts


def is_part(value: Computed) -> bool:
    """Whether it takes a part: ``.name`` or ``[]``."""
    return value.operator == "[]" or value.operator[:1] == "."


Origin = tuple[Result | Input, tuple[str, ...]]
"""What a value was made from, and the part of it that was taken on the way."""


def origins(value: Value | None) -> frozenset[Origin]:
    """The results and inputs in a value with the parts that were taken of them: two parts of one
    parsed body are two things."""
    return frozenset() if value is None else _ORIGINS.of(value)


def _origins(value: Value, inner: Callable[[Value], frozenset[Origin]]) -> frozenset[Origin]:
    if isinstance(value, Result | Input):
        return frozenset({(value, ())})
    found = [inner(part) for part in parts_of(value)]
    if isinstance(value, Computed) and is_part(value) and found:
        taken = value.operator.removeprefix(".")
        found[0] = frozenset((one, (*parts[:_DEEPEST], taken)) for one, parts in found[0])
    return frozenset(one for each in found for one in each)


_ORIGINS = Remembered(_origins)


def reads_of(value: Value | None) -> frozenset[int]:
    """Numbers of the events whose results a value was made from."""
    if value is None:
        return frozenset()
    return _READS.of(value)


def _reads(value: Value, inner: Callable[[Value], frozenset[int]]) -> frozenset[int]:
    if isinstance(value, Result):
        return frozenset({value.event})
    if isinstance(value, Computed) and value.operator == "raised":
        return frozenset()
    return frozenset(one for part in parts_of(value) for one in inner(part))


_READS = Remembered(_reads)


def comparisons(test: Value, depth: int = _DEEPEST) -> Iterator[Computed]:
    """The comparisons in a condition; a bare value is compared with nothing and not given."""
    if isinstance(test, Computed) and depth:
        if test.operator in COMPARISONS:
            yield test
        elif test.operator != "raised":
            for one in test.operands:
                yield from comparisons(one, depth - 1)
    elif isinstance(test, Either) and depth:
        for one in test.values:
            yield from comparisons(one, depth - 1)


def guards_on(event: Event, read: Event) -> tuple[Guard, ...]:
    """The conditions of an event that look at what a read gave."""
    return tuple(one for one in event.guards if read.number in reads_of(one.test))


def is_outside(value: Value | None) -> bool:
    """Whether a value comes from outside, wholly or in part, and from no read."""
    found = sources(value)
    return bool(found) and all(isinstance(one, Input) for one in found)


def is_constant(value: Value | None) -> bool:
    """Whether a value is written in the source."""
    if isinstance(value, Known):
        return True
    return isinstance(value, Computed) and all(is_constant(one) for one in value.operands)
