"""Error lines are known by their level or words, and by their shape."""

from __future__ import annotations

import json

import pytest

from redhanded.case.run import OutputLine
from redhanded.lab.error_lines import is_error, shape, shows, unusual_errors


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"level":50,"msg":"job failed"}', True),
        ('{"level":40,"msg":"ERROR in the text only"}', False),
        ('{"level":"error","message":"x"}', True),
        ('{"severity":"CRITICAL","message":"x"}', True),
        ('{"levelname":"WARNING","event":"x"}', False),
        ('{"msg":"no level"}', False),
        ('{"broken ERROR', True),
        ("2026-01-01 12:00:00 ERROR worker: it broke", True),
        ("TypeError: x is not a function", True),
        ("psycopg.errors.UniqueViolation: duplicate key", False),
        ("UnhandledPromiseRejectionWarning: boom", True),
        ("0 errors found", False),
        ("no terror here", False),
        ("[1, 2]", False),
        ('{"level":true}', False),
    ],
)
def test_errors_are_recognised(text: str, expected: bool) -> None:
    assert is_error(text) is expected


def test_a_shape_leaves_out_what_changes() -> None:
    one = shape('{"level":50,"time":1,"msg":"job 17 of cus_9a1 failed"}')
    assert one == shape('{"level":50,"time":2,"msg":"job 18 of cus_77b failed"}')
    assert one != shape('{"level":50,"time":2,"msg":"mail 18 of cus_77b failed"}')
    assert shape("ERROR at 12:00:01") == shape("ERROR at 13:30:59")


def test_only_errors_that_are_not_usual_count() -> None:
    lines = [
        OutputLine(process="web", text=text, at_ms=0.0)
        for text in ("ERROR retry 3", "all is well", "ERROR lost connection 4")
    ]
    assert unusual_errors(lines, {shape("ERROR retry 9"), shape("ERROR lost connection 1")}) == []
    (failure,) = unusual_errors(lines, {shape("ERROR retry 9")})
    assert failure.kind == "error" and failure.text == "ERROR lost connection 4"
    assert failure.process == "web"


def test_a_symptom_with_quotes_is_found_in_json() -> None:
    wanted = 'violates constraint "one_seat"'
    assert shows(wanted, json.dumps({"msg": f"job failed: {wanted.upper()}"}))
    assert shows(wanted, f"ERROR {wanted}")
    assert not shows(wanted, "ERROR violates constraint one_seat")
    assert not shows("", "ERROR") and not shows(None, "ERROR")
