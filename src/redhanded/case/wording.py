"""What a measured thing is called when a person reads it: operations, orderings, failures.

Names of operations are made to be found again in an edited program; these words are made to be
understood at a glance. Both come from the same recorded values.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from redhanded.case.operation import Operation, OperationName
from redhanded.case.reproduction import Counterfactual, Reproduction
from redhanded.case.run import Failure, Run
from redhanded.case.schedule import Constraint, Event, EventKind, Schedule
from redhanded.case.symptom import Symptom

TITLE_MAX = 44
EVENT_WORDS: dict[EventKind, str] = {
    "process killed": "the process is killed after",
    "reply lost": "the answer is lost to",
    "connection reset": "the connection breaks at",
    "serialization failure": "PostgreSQL cannot serialize",
    "deadlock victim": "PostgreSQL finds a deadlock at",
    "writes lost": "Redis fails over and has lost",
    "delivered twice": "the outside world repeats",
    "lease kept": "a lease is kept after",
}
"""What stands before the operation that it happens to."""
ESSENCE_MAX = 200

_SCRIPT = re.compile(r"EVALSHA [0-9a-f]{4,}$")
_WRITTEN = re.compile(
    r"\s*(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM)\s+(?:ONLY\s+)?((?:\"[^\"]+\"|\w+)(?:\.(?:\"[^\"]+\"|\w+))?)",
    re.IGNORECASE,
)
_READ = re.compile(
    r"\bFROM\s+(?:ONLY\s+)?((?:\"[^\"]+\"|\w+)(?:\.(?:\"[^\"]+\"|\w+))?)", re.IGNORECASE
)
_MESSAGE = re.compile(r'"(type|name|message|msg|code)"\s*:\s*"((?:[^"\\]|\\.)*)"')


def said(operation: Operation, operations: Sequence[Operation] = ()) -> str:
    """What an operation is, in a few words; ``operations`` are those of its run.

    A script is called by the first clause of its own comment where that was seen, a statement by
    the table that stands in it, a COMMIT by the tables that its transaction wrote.
    """
    name = operation.name
    if _SCRIPT.match(name.kind):
        title = script_title(operation)
        return f"{f'script “{title}”' if title else name.kind} {name.target}".strip()
    if name.protocol == "postgres":
        return f"{name.kind} {_tables(operation, operations)}".strip()
    return f"{name.kind} {name.target}".strip()


def script_title(operation: Operation) -> str:
    """First clause of a Redis script's comment, at most 44 characters; empty where unknown."""
    rest = operation.fingerprint.removeprefix(operation.name.kind).strip()
    clause = re.split(r"[.,:;(]|\s+by doing\b", rest, maxsplit=1)[0].strip()
    return clause if len(clause) <= TITLE_MAX else clause[: TITLE_MAX - 1].rstrip() + "…"


def step(operation: Operation, operations: Sequence[Operation] = ()) -> str:
    """``delivery 2: web SELECT seats``."""
    role = "" if operation.name.protocol == "delivery" else f"{operation.name.role} "
    return f"{operation.name.task}: {role}{said(operation, operations)}"


def called(name: OperationName, runs: Iterable[Run | None] = ()) -> str:
    """The same for a name alone: in the words of the first operation of ``runs`` that bears it."""
    for run in runs:
        for operation in run.operations if run is not None else ():
            if replace(operation.name, task=name.task) == name:
                nth = f" #{name.occurrence}" if name.occurrence > 1 else ""
                named = replace(operation, name=name)
                return step(named, run.operations if run else ()) + nth
    return str(name)


def ordering(constraint: Constraint, runs: Iterable[Run | None] = ()) -> str:
    """``A comes before B``, in words."""
    known = tuple(runs)
    return f"{called(constraint.before, known)}, before {called(constraint.after, known)}"


def happening(event: Event, runs: Iterable[Run | None] = ()) -> str:
    """What the environment does, and when, in words."""
    known = tuple(runs)
    at = called(event.at, known)
    if event.kind == "overlap" and event.other is not None:
        return f"{at} and {called(event.other, known)} take their snapshots before either writes"
    if event.kind == "lease ended":
        return f"the lifetime of {event.target} ends after {at}"
    if event.kind == "timer fires":
        return f"a timer fires while {at} is under way"
    return f"{EVENT_WORDS[event.kind]} {at}"


def demand(part: Constraint | Event, runs: Iterable[Run | None] = ()) -> str:
    """A constraint or an event of a schedule, in words."""
    return ordering(part, runs) if isinstance(part, Constraint) else happening(part, runs)


def otherwise(flip: Counterfactual, found: Reproduction) -> str:
    """What a counterfactual does, in words: ``the other way round: …`` or ``without: …``."""
    runs = (found.passing, found.run)
    if flip.flipped is not None:
        return f"the other way round: {ordering(flip.flipped, runs)}"
    return f"without: {happening(flip.without, runs)}" if flip.without is not None else ""


def size(schedule: Schedule) -> str:
    """``1 ordering constraint and 1 event``; what there is none of is left out."""
    parts = [
        f"{count:,} {one if count == 1 else one + 's'}"
        for count, one in (
            (len(schedule.constraints), "ordering constraint"),
            (len(schedule.events), "event"),
        )
        if count
    ]
    return " and ".join(parts) or "no ordering constraints"


def delivered(found: Reproduction) -> str:
    """How much was sent in the smallest failing run: ``3 deliveries``, of whatever entries."""
    operations = found.run.operations if found.run is not None else ()
    count = sum(each.name.protocol == "delivery" for each in operations)
    count = count or (found.schedule.deliveries if found.schedule is not None else 1)
    return f"{count} {'delivery' if count == 1 else 'deliveries'}"


def essence(failure: Failure, run: Run | None = None) -> str:
    """What failed in one line: code, constraint and table where known, otherwise the message."""
    if failure.constraint is None and failure.code is None:
        return brief(failure.text)
    operation = failing_operation(failure, run)
    wire = operation.failure if operation is not None else None
    message = wire.message if wire is not None else ""
    if not message and failure.constraint:
        message = f"constraint {failure.constraint}"
    on = f" on {failure.table}" if failure.table and failure.table not in message.split() else ""
    return f"{failure.code or ''} {message}{on}".strip()


def capital(words: str) -> str:
    """``words`` as the beginning of a sentence, unless a name or a path stands there."""
    first = words.split(" ", 1)[0]
    return words[:1].upper() + words[1:] if first.rstrip(".,:;").isalpha() else words


def invariant_symptom(value: Symptom) -> str:
    """What is taken for the symptom where it is no text."""
    if len(value.invariants) == 1:
        return f"the symptom is the broken invariant {value.invariants[0]}, not a text of a log"
    named = ", ".join(value.invariants)
    return f"the symptom is any broken invariant ({named}), not a text of a log"


def likeness(found: Reproduction) -> str:
    """What the caught failure would have to be to be the one that was hunted."""
    kinds = {each.kind for each in found.run.failures} if found.run is not None else set()
    if "invariant" in kinds and "symptom" not in kinds:
        return "the broken invariant that was hunted"
    constraint = " on the same constraint" if found.constraint else ""
    return f"the same error{constraint} as in the log"


def failing_operation(failure: Failure, run: Run | None) -> Operation | None:
    """The operation whose answer was the failure."""
    if run is None or failure.operation is None:
        return None
    return next((o for o in run.operations if o.index == failure.operation), None)


def brief(line: str, *, length: int = ESSENCE_MAX) -> str:
    """The message of a log line, without the record around it; cut to ``length``.

    JSON is read by the names that loggers give to messages, also where its end is missing; other
    text is taken up to the end of its first line.
    """
    start = line.find("{")
    words = ""
    if start >= 0:
        words = _of_record(line[start:]) or _of_fragment(line[start:])
        words = f"{line[:start]}{words}" if words else ""
    if not words:
        first = line.strip().splitlines()[0] if line.strip() else ""
        # What announces the lines below it says nothing without them.
        whole, _, announced = first.rpartition(". ")
        words = f"{whole}." if whole and announced.endswith(":") else first
    words = " ".join(words.split())
    return words if len(words) <= length else words[: length - 1] + "…"


def _of_record(text: str) -> str:
    try:
        record = json.loads(text)
    except ValueError:
        return ""
    if not isinstance(record, dict):
        return ""
    messages = [record.get(key) for key in ("msg", "message")]
    for key in ("err", "error", "exception"):
        inner = record.get(key)
        if isinstance(inner, dict):
            messages += [inner.get("message"), inner.get("type")]
        elif isinstance(inner, str):
            messages.append(inner)
    return next((each for each in messages if isinstance(each, str) and each.strip()), "")


def _of_fragment(text: str) -> str:
    found: dict[str, str] = {}
    for key, value in _MESSAGE.findall(text):
        found.setdefault(key, value.replace('\\"', '"'))
    message = found.get("msg") or found.get("message") or ""
    kind = found.get("type") or found.get("name") or ""
    return f"{kind}: {message}" if kind and message and "msg" not in found else message or kind


def _tables(operation: Operation, operations: Sequence[Operation]) -> str:
    target = operation.name.target
    if operation.name.kind == "COMMIT":
        written = dict.fromkeys(
            _tables(other, ())
            for other in operations
            if other.transaction is not None
            and (other.process, other.connection, other.transaction)
            == (operation.process, operation.connection, operation.transaction)
            and other.name.access == "write"
            and other.name.kind not in ("BEGIN", "COMMIT", "ROLLBACK")
        )
        tables = [table for table in written if table] or target.split("+")
        return ", ".join(tables[:2]) + (f" + {len(tables) - 2} more" if len(tables) > 2 else "")
    found = _WRITTEN.match(operation.text) or ("*" in target and _READ.search(operation.text))
    if not found:
        return target
    return str(found.group(1)).replace('"', "").removeprefix("public.")
