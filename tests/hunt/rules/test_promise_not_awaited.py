"""Promises that are dropped."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from made_paths import FILE, effect, event, path, reading
from programs import lines_shown

from redhanded.case.evidence import Location
from redhanded.case.finding import Finding
from redhanded.hunt.suspect.rules import promise_not_awaited as rule
from redhanded.hunt.suspect.rules.rule import Reading
from redhanded.source.flow.events import Transaction
from redhanded.source.flow.values import Result


def found(one: Reading) -> list[Finding]:
    return [each for each in rule.look(one) if each.score >= rule.threshold]


DROPPED = event(0, effect("insert", "rides"), awaited=False)
ANSWER = event(1, effect("respond"))
LOOP = Location(path=FILE, line=7)


def test_a_write_that_nobody_waits_for() -> None:
    (one,) = found(reading(path(DROPPED, ANSWER)))
    assert (one.location.line, one.subject) == (10, "rides")
    assert one.steps[1].says == "the run answers"


def test_inside_of_a_transaction() -> None:
    of = Transaction(number=0, handle=Result(0))
    begin = event(0, effect("begin"))
    mail = event(1, effect("send", "post.example"), awaited=False, around=(of,))
    (one,) = found(reading(path(begin, mail)))
    assert any("ends without it" in each.says for each in one.reasons)


def test_a_callback_that_is_async_under_for_each() -> None:
    (one,) = found(reading(path(event(0, effect("update", "rides"), dropped_at=LOOP))))
    assert one.location == LOOP
    assert "shop/till.py:10, that is started at shop/till.py:7" in one.message


def test_a_job() -> None:
    sent = event(0, effect("send", "post.example"), awaited=False)
    assert found(reading(path(sent, kind="job", name="letters")))
    assert found(reading(path(sent))) == []


SAFE = {
    "awaited": path(replace(DROPPED, awaited=True)),
    "dropped on purpose": path(replace(DROPPED, is_detached=True)),
    "only read": path(event(0, effect("read", "rides"), awaited=False)),
    "in the process": path(event(0, effect("set", "f:x", store="process"), awaited=False)),
    "a test": path(
        replace(DROPPED, location=Location(path="tests/test_rides.py", line=3)),
    ),
}


@pytest.mark.parametrize("case", SAFE)
def test_safe(case: str) -> None:
    assert found(reading(SAFE[case])) == []


@pytest.mark.parametrize(
    "text", ["void keep(ride);", "keep(ride).catch(log);", "asyncio.create_task(keep(ride))"]
)
def test_its_line_says_that_it_is_meant(text: str) -> None:
    assert found(reading(path(DROPPED), text=text)) == []


NOTED = """
    import express from 'express';
    import { Pool } from 'pg';
    const pool = new Pool();
    const app = express();
    CALLED
    app.post('/rides/:id', async (req, res) => {
      HERE
      res.end();
    });
    app.listen(3000);
"""
ADD = "await pool.query('INSERT INTO visits (ride) VALUES ($1)', [id]);"
HANDLED = {
    "a function": f"async function note(id) {{ try {{ {ADD} }} catch (e) {{ console.log(e); }} }}",
    "an arrow": f"const note = async (id) => {{ try {{ {ADD} }} catch {{ }} }};",
    "one below": f"async function add(id) {{ try {{ {ADD} }} catch (e) {{ console.error(e); }} }}\n"
    "async function note(id) { await add(id); }",
}
LEFT = {
    "nothing handles it": f"async function note(id) {{ {ADD} }}",
    "raised again": f"async function note(id) {{ try {{ {ADD} }} catch (e) {{ throw e; }} }}",
}
OUTSIDE = "try { note(req.params.id); } catch (e) { console.error(e); }"


@pytest.mark.parametrize("called", HANDLED.values(), ids=HANDLED)
def test_what_handles_its_own_errors(tmp_path: Path, called: str) -> None:
    text = NOTED.replace("CALLED", called).replace("HERE", "note(req.params.id);")
    assert lines_shown(rule, tmp_path, {"src/app.js": text}) == []


@pytest.mark.parametrize("here", ["note(req.params.id);", OUTSIDE], ids=["plain", "a try outside"])
@pytest.mark.parametrize("called", LEFT.values(), ids=LEFT)
def test_what_does_not(tmp_path: Path, called: str, here: str) -> None:
    text = NOTED.replace("CALLED", called).replace("HERE", here)
    (line,) = lines_shown(rule, tmp_path, {"src/app.js": text})
    assert line.startswith(here)
