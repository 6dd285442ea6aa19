"""Transactions that are open while something slow is waited for."""

from __future__ import annotations

from dataclasses import replace

import pytest
from made_paths import effect, event, guard, path, reading

from redhanded.case.finding import Finding
from redhanded.hunt.suspect.rules import transaction_across_network as rule
from redhanded.hunt.suspect.rules.rule import Reading
from redhanded.source.flow.events import Event, Transaction
from redhanded.source.flow.values import Known, Result

BEGIN = event(0, effect("begin"))
OPEN = Transaction(number=0, handle=Result(0))


def found(one: Reading) -> list[Finding]:
    return [each for each in rule.look(one) if each.score >= rule.threshold]


def around(one: Event, inside: bool = False, of: Transaction = OPEN) -> Event:
    return replace(one, around=(of,), transaction=of if inside else None)


SEND = event(2, effect("send", "pay.example"))
WRITE = around(event(1, effect("update", "bills")), inside=True)


def test_a_request_over_the_network() -> None:
    (one,) = found(reading(path(BEGIN, WRITE, around(SEND))))
    assert one.location.line == 12
    assert "pay.example" in one.message
    assert "locked rows of bills" in one.message


def test_a_pause() -> None:
    assert found(
        reading(path(BEGIN, around(event(1, effect("sleep", expiry_s=5.0, store="other")))))
    )


def test_a_statement_beside_the_transaction() -> None:
    (one,) = found(reading(path(BEGIN, around(event(1, effect("insert", "audits"))))))
    assert "a second connection" in one.message
    assert "a rollback does not undo it" in one.message
    assert found(reading(path(BEGIN, around(event(1, effect("read", "rates"))))))


WHOLE = Transaction(number=0)
SAFE = {
    "after the commit": path(BEGIN, WRITE, event(2, effect("commit")), SEND),
    "not waited for": path(BEGIN, WRITE, around(replace(SEND, awaited=False))),
    "in the transaction": path(BEGIN, WRITE),
    "all statements are in it": path(BEGIN, around(event(1, effect("read", "rates")), of=WHOLE)),
    "a handle that is not known": path(
        BEGIN, around(event(1, effect("read", "rates", session=Result(9))))
    ),
    "another database": path(
        event(0, replace(effect("begin"), library="y")), around(event(1, effect("read", "rates")))
    ),
    "a short pause": path(BEGIN, around(event(1, effect("sleep", expiry_s=0.05, store="other")))),
    "for debugging": path(
        BEGIN,
        around(
            event(1, effect("sleep", expiry_s=5.0, store="other"), guards=(guard(Result(0), True),))
        ),
    ),
    "a cache": path(BEGIN, around(event(1, effect("get", "rates:*")))),
}


@pytest.mark.parametrize("case", SAFE)
def test_safe(case: str) -> None:
    assert found(reading(SAFE[case], text="if (debug.slow) {")) == []


def test_a_time_out_weighs_against_it() -> None:
    short = around(event(1, effect("send", "pay.example", options={"timeout": Known(0.5)})))
    (one,) = rule.look(reading(path(BEGIN, short)))
    (other,) = rule.look(reading(path(BEGIN, around(event(1, effect("send", "pay.example"))))))
    assert one.score < rule.threshold <= other.score
