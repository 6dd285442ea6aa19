"""How many different values an identifier can have, from how it is made."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace

from redhanded.source.flow.events import Path
from redhanded.source.flow.values import Computed, Either, Known, Library, Result, Value

THROUGH = frozenset(
    [
        "String",
        "str",
        "Number",
        "int",
        "parseInt",
        "Math.floor",
        "Math.round",
        "Math.ceil",
        "Math.trunc",
        "toUpperCase",
        "toLowerCase",
        "upper",
        "lower",
        "padStart",
        "padEnd",
        "zfill",
        "replace",
        "replaceAll",
        "strip",
        "trim",
        "toFixed",
        "hex",
        "decode",
        "toString",
        "format",
        "encode",
        "join",
        "abs",
        "Math.abs",
        "get_hex",
    ]
)
"""Calls that keep the number of values."""
CUT = frozenset(["slice", "substring", "substr"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """The values that one run may draw."""

    bits: float
    """Of the random part; 0: none."""
    tick_s: float | None = None
    """Resolution of the time in it; None: no time."""
    per_character: float = 6.0
    """Bits that a character of its text holds at most."""
    is_known: bool = True
    """False: a part of it may vary in a way that was not read."""


UNKNOWN = Space(bits=0.0, is_known=False)


def space_of(path: Path, value: Value, depth: int = 10) -> Space:
    """What a value that is drawn can be."""
    if depth == 0:
        return UNKNOWN
    if isinstance(value, Known):
        return Space(bits=0.0)
    if isinstance(value, Result):
        return _of_event(path, value)
    if isinstance(value, Either):
        found = [space_of(path, one, depth - 1) for one in value.values]
        return min(found, key=lambda one: (one.is_known, one.bits), default=UNKNOWN)
    if isinstance(value, Computed):
        return _of_computed(path, value, depth)
    if isinstance(value, Library):
        return UNKNOWN
    return UNKNOWN


def _of_event(path: Path, value: Result) -> Space:
    if not 0 <= value.event < len(path.events):
        return UNKNOWN
    effect = path.events[value.event].effect
    if effect is None:
        return UNKNOWN
    if effect.kind == "clock":
        return Space(bits=0.0, tick_s=_tick(effect.verb, effect.options.get("resolution")))
    bits = effect.options.get("bits")
    if effect.kind != "identifier" or not isinstance(bits, Known):
        return UNKNOWN
    if not isinstance(bits.value, int | float):
        return UNKNOWN
    hexadecimal = bool(re.search(r"hex|uuid|randomBytes|ObjectId", effect.verb, re.IGNORECASE))
    return Space(bits=float(bits.value), per_character=4.0 if hexadecimal else 6.0)


def _tick(verb: str, resolution: Value | None) -> float:
    if isinstance(resolution, Known) and isinstance(resolution.value, int | float):
        return float(resolution.value)
    return (
        1e-6 if re.search(r"time_ns|hrtime|performance|datetime|utcnow|time\.time", verb) else 0.001
    )


def _of_computed(path: Path, value: Computed, depth: int) -> Space:
    operator = value.operator.removeprefix("call:")
    last = operator.rsplit(".", 1)[-1]
    parts = [space_of(path, one, depth - 1) for one in value.operands]
    if not parts:
        return UNKNOWN
    if last in CUT or operator == "[:]":
        return _cut(parts[0], value.operands[1:], last)
    if operator == "*" and len(parts) == 2:
        return _scaled(parts, value.operands)
    if operator == "%" and _is_text(value.operands[0]):
        return _together(parts)  # "%06d" % number
    if operator in ("//", "/", "%") and isinstance(value.operands[1], Known):
        return _divided(parts[0], value.operands[1], operator)
    if last == "toString" and len(value.operands) == 2:
        return _in_base(parts[0], value.operands[1])
    if operator in ("text", "+", "concat", "-") or last in ("concat", "join"):
        return _together(parts)
    if operator in THROUGH or last in THROUGH:
        return parts[0]
    return UNKNOWN


def _is_text(value: Value) -> bool:
    return isinstance(value, Known) and isinstance(value.value, str)


def _cut(whole: Space, limits: tuple[Value, ...], how: str) -> Space:
    numbers = [one.value for one in limits if isinstance(one, Known)]
    if len(numbers) != len(limits) or not all(isinstance(one, int) for one in numbers):
        return UNKNOWN
    places = [one for one in numbers if isinstance(one, int)]
    if not places:
        return whole
    if len(places) == 1:
        if places[0] >= 0:
            return whole
        length = -places[0]
    else:
        length = places[1] if how == "substr" else places[1] - places[0]
    if length <= 0:
        return UNKNOWN
    bits = min(whole.bits, length * whole.per_character)
    tick = whole.tick_s if whole.bits == 0 else None
    return Space(bits=bits, tick_s=tick, per_character=whole.per_character, is_known=whole.is_known)


def _scaled(parts: list[Space], operands: tuple[Value, ...]) -> Space:
    """``Math.random() * n``: the random number is below one."""
    for space, other in zip(parts, reversed(operands), strict=True):
        times = other.value if isinstance(other, Known) else None
        if isinstance(times, int | float) and space.bits and times >= 1:
            return Space(bits=min(space.bits, math.log2(times)), per_character=3.33)
    return _together(parts)


def _divided(whole: Space, by: Known, operator: str) -> Space:
    if not isinstance(by.value, int | float) or by.value < 1:
        return UNKNOWN
    if operator == "%":
        return Space(bits=min(whole.bits, math.log2(by.value)), per_character=3.33)
    if whole.tick_s is not None and not whole.bits:
        return Space(bits=0.0, tick_s=whole.tick_s * by.value)
    return whole


def _in_base(whole: Space, base: Value) -> Space:
    """``toString(36)``, ``toString('hex')``."""
    written = base.value if isinstance(base, Known) else None
    each = whole.per_character
    if isinstance(written, str):
        each = 4.0 if written == "hex" else 6.0
    elif isinstance(written, int) and written >= 2:
        each = math.log2(written)
    return replace(whole, per_character=each)


def _together(parts: list[Space]) -> Space:
    ticks = [one.tick_s for one in parts if one.tick_s is not None]
    return Space(
        bits=sum(one.bits for one in parts),
        tick_s=min(ticks) if ticks else None,
        per_character=max(one.per_character for one in parts),
        is_known=all(one.is_known for one in parts),
    )
