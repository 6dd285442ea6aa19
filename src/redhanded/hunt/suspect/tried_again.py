"""What is turned away and not tried again, and what comes again and is not recognised."""

from __future__ import annotations

from collections import Counter

from redhanded.case.operation import Operation
from redhanded.case.schedule import Event
from redhanded.hunt.suspect.telling import Explained, step_at, who
from redhanded.hunt.suspect.trail import Trail, effects, meet, same_work, shape
from redhanded.lab import protection

REFUSALS = frozenset({"40001", "40P01"})
"""What PostgreSQL says to a transaction that could go through if it were tried again."""


def refused(event: Event, failing: Trail, _passing: Trail | None) -> Explained | None:
    """A transaction that PostgreSQL turned away, and nobody tried again."""
    at = failing.named(event.at)
    return not_tried_again(at, failing) if at is not None else None


def refused_by_itself(failing: Trail, _passing: Trail | None) -> Explained | None:
    """The same without an event: PostgreSQL could not serialize."""
    for each in failing.operations:
        if each.failure is not None and each.failure.code in REFUSALS:
            return not_tried_again(each, failing)
    return None


def not_tried_again(at: Operation, failing: Trail) -> Explained | None:
    """None where the same statements come again after the refusal."""
    mine = failing.in_transaction_of(at)
    shapes = {shape(each.name) for each in effects(mine)} or {shape(at.name)}
    later = [each for each in failing.operations if each.index > at.index and same_work(each, at)]
    if any(shape(each.name) in shapes for each in later):
        return None
    code = f" ({at.failure.code})" if at.failure is not None else ""
    return Explained(
        mechanism="transaction-not-retried",
        title="A transaction that PostgreSQL turns away is not tried again",
        sentence=(
            f"PostgreSQL turns {step_at(at, failing)} of {who(at)} away{code}, as it may at any "
            "time with transactions that meet, and nothing tries the transaction again."
        ),
        places=(("statement", at),),
    )


def delivered_again(event: Event, failing: Trail, passing: Trail | None) -> Explained | None:
    """A request that the outside world repeats."""
    return repeated(failing, passing) if event.at.protocol == "delivery" else None


def repeated(failing: Trail, _passing: Trail | None) -> Explained | None:
    """The same request twice, and the same effect twice."""
    requests = [each for each in failing.operations if each.name.protocol == "delivery"]
    texts = Counter((each.name.kind, each.text) for each in requests)
    tasks = {each.name.task for each in requests if texts[(each.name.kind, each.text)] > 1}
    pairs = [
        (first, second)
        for first in effects(failing.operations)
        for second in effects(failing.operations)
        if first.index < second.index
        and first.name.task in tasks
        and second.name.task in tasks
        and first.name.protocol == "postgres"
        and shape(first.name) == shape(second.name)
        and meet(first, second, "write")
        and not protection.guarded(second, (second,))
    ]
    apart = [pair for pair in pairs if pair[0].name != pair[1].name]
    if not apart:
        return None
    _, second = min(apart, key=lambda pair: (pair[1].failure is None, pair[1].index))
    failure = second.failure
    ends = f", and is refused ({failure.code})" if failure is not None else ""
    request = next(each for each in requests if each.name.task in tasks)
    return Explained(
        mechanism="repeated-delivery",
        title="A repeated request has its effect twice",
        sentence=(
            f"{request.name.kind} {request.name.target} comes twice with the same content; "
            f"{step_at(second, failing)} is made again{ends}, and nothing recognises the "
            "repetition."
        ),
        places=(("write", second),),
    )
