"""Which expression names the event: the same in every delivery of it, another in each event."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tree_sitter import Node

from redhanded.case.codemap import Enqueue
from redhanded.case.operation import Operation
from redhanded.hunt.repair.remedy import Ground
from redhanded.source import edit
from redhanded.source.edit import Source

UNIQUE = "{unique}"

_EVENT = re.compile(r"(?:^|[._\W])(?:event|evt|webhook|delivery|notification|message)", re.I)
_IDENTITY = re.compile(r"(?:id|key|uuid|reference|number)$", re.I)
_REPEATABLE = frozenset(
    {"identifier", "member_expression", "subscript_expression", "template_string"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """An expression that stands for the event."""

    property: str
    """The property of the job's data that holds it."""
    expression: str
    """Source text that can be evaluated again at the enqueue call."""
    may_be_integer: bool
    may_hold_colon: bool
    reason: str
    """A clause: what it goes by."""


def choose(ground: Ground, source: Source, call: Node, data: Node) -> Identity | None:
    """The best expression among the job's data; None where none can be told to name the event.

    A measured run decides where there is one: the value must be the same in all deliveries and
    hold the trial's unique part. Without one, only a name that says so is taken.
    """
    observed = measured_values(ground, source, call)
    candidates = _candidates(ground.enqueue, source, data, observed)
    best: tuple[int, Identity] | None = None
    for name, expression in candidates.items():
        values = observed.get(name, ())
        score = _score(name, expression, values, ground)
        if observed and values and not _identifies(values, ground):
            continue
        if score <= 0 or (not values and not _EVENT.search(f".{name} {expression}")):
            continue
        if best is None or score > best[0]:
            best = (score, _identity(name, expression, values, ground))
    if best is None:
        return None
    return with_key(best[1], ground, candidates, observed)


def measured_values(ground: Ground, source: Source, call: Node) -> dict[str, tuple[str, ...]]:
    """Property to its values in the enqueue operations of the failing run, one per delivery."""
    run = ground.reproduction.run
    first, last = call.start_point.row + 1, call.end_point.row + 1
    found: dict[str, dict[str, str]] = {}
    for operation in run.operations if run else ():
        if operation.name.protocol != "redis" or not _stands_at(
            operation, source.path, first, last
        ):
            continue
        for name, value in leaves(operation.text):
            found.setdefault(name, {}).setdefault(operation.name.task, value)
    tasks = {task for values in found.values() for task in values}
    return {
        name: tuple(values.values())
        for name, values in found.items()
        if len(values) == len(tasks) and len(tasks) > 1
    }


def templates(ground: Ground) -> tuple[tuple[str, str], ...]:
    """Path and text of the strings in the workload's body that hold the unique part."""
    found: list[tuple[str, str]] = []
    for delivery in ground.system.workload:
        found += list(_strings(delivery.body, ""))
    return tuple(each for each in found if UNIQUE in each[1])


def template_of(value: str, ground: Ground) -> tuple[str, str] | None:
    """The workload's string that ``value`` is an instance of, with its path."""
    for path, text in templates(ground):
        pattern = re.escape(text).replace(re.escape(UNIQUE), '[^\\s"]+')
        if text != UNIQUE and re.fullmatch(pattern, value):
            return path, text
    for path, text in templates(ground):
        if text == UNIQUE and re.fullmatch(r"[\w-]{6,}", value):
            return path, text
    return None


def _candidates(
    enqueue: Enqueue | None, source: Source, data: Node, observed: Mapping[str, tuple[str, ...]]
) -> dict[str, str]:
    """Path in the job's data to an expression for it."""
    found: dict[str, str] = {}
    if data.type == "object":
        for each in edit.properties(source, data):
            value = each.node.child_by_field_name("value")
            kind = value.type if value is not None else "identifier"
            if each.name and not each.method and kind in _REPEATABLE:
                found[each.name] = each.value
    elif data.type in _REPEATABLE:
        known = enqueue.data if enqueue is not None else {}
        names = dict.fromkeys((*known, *observed))
        found = {name: f"{source.of(data)}.{name}" for name in names if name.isidentifier()}
    for path in observed:
        head, dot, rest = path.partition(".")
        if dot and head in found:
            found[path] = f"{found[head]}.{rest}"
    return found


def with_key(
    identity: Identity,
    ground: Ground,
    candidates: Mapping[str, str],
    observed: Mapping[str, tuple[str, ...]],
) -> Identity:
    """What else makes up the key that the database holds once, where the value is a part of one.

    A purchase may bring rows of several products: its reference alone would drop the second job.
    """
    values = observed.get(identity.property, ())
    if not values or _EVENT.search(f".{identity.property} {identity.expression}"):
        return identity
    steady = {name: each[0] for name, each in observed.items() if len(set(each)) == 1}
    for row, table in _rows(ground):
        for unique in ground.code.constraints:
            held = {each: row.get(each) for each in unique.columns}
            if unique.table != table or len(held) < 2 or values[0] not in held.values():
                continue
            same = [each for each, value in held.items() if value == values[0]]
            own = max(same, key=lambda each: _alike(each, identity.property))
            found = [_named(each, held[each], steady, candidates) for each in held if each != own]
            if all(found):
                return _together(identity, [each for each in found if each], candidates, steady)
    return identity


def _rows(ground: Ground) -> Iterator[tuple[dict[str, str], str]]:
    """The rows that the failing run has added, and their tables."""
    run = ground.reproduction.run
    for operation in run.operations if run else ():
        if operation.name.kind == "INSERT":
            for touch in operation.touches:
                if touch.row and touch.access == "write":
                    yield dict(touch.row), touch.resource


def _named(
    column: str,
    value: str | None,
    steady: Mapping[str, str],
    candidates: Mapping[str, str],
) -> str | None:
    """The part of the job's data that a column was set to."""
    fitting = [name for name, each in steady.items() if each == value and name in candidates]
    return max(fitting, key=lambda name: _alike(column, name), default=None)


def _alike(column: str, name: str) -> int:
    """How many letters of a word of the column a path's last name shares with it."""
    last = name.rpartition(".")[2].lower()
    words = column.lower().split("_")
    return max((len(word) for word in words if last.startswith(word) or word in last), default=0)


def _together(
    identity: Identity,
    more: list[str],
    candidates: Mapping[str, str],
    values: Mapping[str, str],
) -> Identity:
    parts = [identity.expression, *(candidates[each] for each in more)]
    return Identity(
        property=" and ".join((identity.property, *more)),
        expression="`" + "-".join(f"${{{each}}}" for each in parts) + "`",
        may_be_integer=False,
        may_hold_colon=identity.may_hold_colon or any(":" in values[each] for each in more),
        reason=f"{identity.reason}; together they are what the database holds once",
    )


def _score(name: str, expression: str, values: tuple[str, ...], ground: Ground) -> int:
    score = 1
    if _EVENT.search(f".{name} {expression}"):
        score += 4
    if _IDENTITY.search(name) or _IDENTITY.search(expression):
        score += 2
    template = template_of(values[0], ground) if values else None
    if template is not None:
        score += 4 if template[0] == ".id" else 2
    if "email" in name.lower() or "phone" in name.lower():
        score -= 6
    return score


def _identifies(values: tuple[str, ...], ground: Ground) -> bool:
    return len(set(values)) == 1 and template_of(values[0], ground) is not None


def _identity(name: str, expression: str, values: tuple[str, ...], ground: Ground) -> Identity:
    template = template_of(values[0], ground) if values else None
    whole = template[1] if template else None
    sample = values[0] if values else ""
    if values:
        reason = f"was the same in all {len(values)} deliveries of the measured run"
    else:
        reason = "names the event; no measured run was there to check it"
    return Identity(
        property=name,
        expression=expression,
        may_be_integer=sample.isdigit() or whole == UNIQUE,
        may_hold_colon=":" in sample,
        reason=reason,
    )


def _stands_at(operation: Operation, path: str, first: int, last: int) -> bool:
    frames = operation.stack or ((operation.location,) if operation.location else ())
    return any(frame.path == path and first - 3 <= frame.line <= last for frame in frames)


def leaves(text: str) -> Iterator[tuple[str, str]]:
    """Dotted paths and scalar values of the JSON in a command's text, escaped or not, cut off or
    not."""
    plain = re.sub(r'\\+"', '"', text)
    pattern = r'"([A-Za-z_$][\w$]*)"\s*:\s*(?:(\{)|"([^"\\]*)"|(-?\d[\d.]*))|([{}])'
    inside: list[str] = []
    for match in re.finditer(pattern, plain):
        if match[2]:
            inside.append(match[1])
        elif match[1]:
            path = ".".join(each for each in (*inside, match[1]) if each)
            yield path, match[3] if match[3] is not None else match[4]
        elif match[5] == "{":
            inside.append("")
        elif inside:
            inside.pop()


def _strings(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from _strings(each, f"{path}.{key}")
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _strings(each, f"{path}[{index}]")


def as_json(value: Any) -> str:
    """Readable JSON."""
    return json.dumps(value, indent=2, ensure_ascii=False)
