"""What a regression test says in any language: deliveries, processes, rows, in the lab's words."""

from __future__ import annotations

import re
from typing import Any

from redhanded.case.errors import InputError
from redhanded.case.operation import Operation
from redhanded.case.system import Delivery, Process, Service
from redhanded.hunt.repair import event_identity
from redhanded.hunt.repair.event_identity import UNIQUE
from redhanded.hunt.repair.remedy import Ground

DELIVERIES = 5
EARLY, CROSSED = "job-enqueued-before-commit", "opposite-lock-order"

_HEADERS = {"stripe": "stripe-signature", "github": "x-hub-signature-256"}


def subject(ground: Ground) -> tuple[Delivery, str]:
    """The delivery to repeat, and the table to watch; raises InputError where one is not known."""
    table, repeated = ground.table, _delivery(ground)
    if repeated is None or table is None:
        missing = "no [[workload]] entry" if repeated is None else "no table that failed"
        raise InputError(f"a regression test cannot be written: {missing} is known")
    return repeated, table


def together(ground: Ground, delivery: Delivery) -> tuple[Delivery, ...]:
    """What is sent at once: ``delivery`` and other requests that nothing else waits for, each as
    often as the lab sends it; ``delivery`` alone several times."""
    if holds_commits(ground):
        return (delivery,) * delivery.deliveries
    awaited = {each.after for each in ground.system.workload}
    others = [
        each
        for each in ground.system.workload
        if each.run is None and each.name not in awaited and each.after == delivery.after
    ]
    if others in ([], [delivery]):
        return (delivery,) * DELIVERIES
    return tuple(each for each in others for _ in range(each.deliveries))


def earlier(ground: Ground, delivery: Delivery) -> tuple[Delivery, ...]:
    """The requests that have to be answered before ``delivery``, in their order."""
    by_name = {each.name: each for each in ground.system.workload}
    found: list[Delivery] = []
    before = by_name.get(delivery.after or "")
    while before is not None and before not in found:
        found.insert(0, before)
        before = by_name.get(before.after or "")
    return tuple(each for each in found if each.run is None)


def holds_commits(ground: Ground) -> bool:
    """Whether a worker may be quicker than a COMMIT: then that is held, and not who writes."""
    return ground.cause.mechanism == EARLY


def locked_rows(ground: Ground) -> list[str]:
    """The tables, quoted, whose rows transactions lock in opposite order: then rows are held, so
    that each of them gets its first one before another its second."""
    if ground.cause.mechanism != CROSSED:
        return []
    run = ground.reproduction.run
    lines = {(each.path, each.line) for each in ground.cause.locations if each.role == "lock"}
    tables = (
        each.name.target
        for each in (run.operations if run else ())
        if any((at.path, at.line) in lines for at in (each.location, *each.stack) if at is not None)
        and each.name.kind in ("SELECT", "UPDATE", "DELETE")
    )
    known = {each.table.lower(): each.table for each in ground.code.accesses if each.table}
    named = (known.get(table.lower()) for table in tables)
    return [quoted(table) for table in dict.fromkeys(named) if table is not None]


def quoted(table: str) -> str:
    """A table's name, also one with its schema, in SQL."""
    return ".".join(f'"{each}"' for each in table.split("."))


def title(ground: Ground, *, alone: bool = True) -> str:
    """The test's name: what must hold, in the words of the system; also found by ``--fgrep``.

    ``alone``: one request is sent, several times; else others with it.
    """
    if holds_commits(ground):
        return f"no worker is quicker than the commit that its job needs ({ground.table})"
    if not alone:
        return f"requests that come at once leave what must hold whole ({ground.table})"
    return f"one event delivered {DELIVERIES} times at once is worked off once ({ground.table})"


def step(delivery: Delivery) -> dict[str, Any]:
    """One request of the outside world, with its body, what it is answered and what is kept."""
    found = request(delivery)
    found["body"] = delivery.raw_body if delivery.raw_body is not None else delivery.body
    if (signed := sign(delivery)) is not None:
        found["sign"] = signed
    if delivery.expect is not None:
        found["expect"] = delivery.expect
    if delivery.capture:
        found["capture"] = delivery.capture
    return found


def queries(ground: Ground, *, alone: bool) -> list[str]:
    """The invariants that a test of its own can ask for.

    ``alone``: one request is sent, more often than in the lab: what has to come of the trial's own
    requests is another thing then.
    """
    asked = [each.sql for each in ground.system.invariants if each.sql]
    return [query for query in asked if UNIQUE not in query or not alone]


def process(described: Process) -> dict[str, Any]:
    """How a process is started, and how it is seen to be ready."""
    found = {
        "name": described.name,
        "role": described.name,
        "command": described.command,
        "cwd": described.cwd,
        "replicas": described.replicas,
        "env": described.env,
    }
    optional = {
        "ready": described.ready,
        "ready_log": described.ready_log,
        "env_file": described.env_file,
    }
    return found | {key: value for key, value in optional.items() if value is not None}


def request(delivery: Delivery) -> dict[str, Any]:
    """What is sent, without its body."""
    headers = {key.lower(): value for key, value in delivery.headers.items()}
    if delivery.body is not None:
        headers.setdefault("content-type", "application/json")
    return {
        "to": delivery.to,
        "method": delivery.method,
        "path": delivery.path,
        "headers": headers,
    }


def sign(delivery: Delivery) -> dict[str, str] | None:
    """How it is signed: scheme, variable of the secret, header."""
    if delivery.sign is None:
        return None
    scheme = delivery.sign.scheme
    header = delivery.sign.header or _HEADERS.get(scheme, "x-signature")
    return {"scheme": scheme, "secret_env": delivery.sign.secret_env, "header": header.lower()}


def service(ground: Ground, kind: str) -> Service | None:
    """The first service of a kind."""
    return next((each for each in ground.system.services if each.kind == kind), None)


def variable(service: Service, template: str) -> str | None:
    """The variable whose value is of that form (a regular expression)."""
    return next(iter(variables(service, template)), None)


def variables(service: Service, template: str) -> list[str]:
    """All of them."""
    return [key for key, value in service.env.items() if re.fullmatch(template, value)]


def counted(ground: Ground, table: str) -> tuple[str, str] | None:
    """Column and text (with ``{unique}``) that pick the event's rows; ``*`` for the whole row.

    A column that was set to another value in each attempt names the attempt and not the event;
    those of the violated constraint come first.
    """
    written = inserts(ground, table)
    rows = [dict(touch.row) for one in written for touch in one.touches if touch.resource == table]
    violated = ground.constraint.columns if ground.constraint else ()
    for column in dict.fromkeys((*violated, *(name for row in rows for name in row))):
        values = {row[column] for row in rows if column in row}
        template = event_identity.template_of(values.pop(), ground) if len(values) == 1 else None
        if template is not None:
            return column, template[1]
    for operation in written:
        for _path, text in event_identity.templates(ground):
            pattern = re.escape(text).replace(re.escape(UNIQUE), "[\\w-]{6,}")
            if re.search(pattern, operation.text):
                return "*", UNIQUE
    return None


def inserts(ground: Ground, table: str) -> list[Operation]:
    """Operations of the failing run that write ``table``."""
    run = ground.reproduction.run
    return [
        each
        for each in (run.operations if run else ())
        if each.name.protocol == "postgres"
        and each.name.target == table
        and each.name.access == "write"
    ]


def _delivery(ground: Ground) -> Delivery | None:
    """The entry that is delivered most often, whose repetition is the point; among equals one that
    no other waits for."""
    awaited = {each.after for each in ground.system.workload}
    return max(
        ground.system.workload,
        key=lambda each: (each.deliveries, each.name not in awaited),
        default=None,
    )
