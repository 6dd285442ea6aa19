"""What stands after a call that never returns does not happen."""

from __future__ import annotations

from pathlib import Path

import pytest

from redhanded.source.flow.charting import chart

FLASK = """
from flask import Flask, abort as stop
import flask
import psycopg

app = Flask(__name__)


@app.post("/seats/<name>")
def take(name):
    with psycopg.connect() as connection:
        row = connection.execute("SELECT 1 FROM seats WHERE name = %s", (name,)).fetchone()
        if row is not None:
            {stop}
        connection.execute("INSERT INTO seats (name) VALUES (%s)", (name,))
    return ""
"""


@pytest.mark.parametrize("stop", ["stop(409)", "flask.abort(409)", "raise ValueError(name)"])
def test_the_rest_stands_under_the_opposite(tmp_path: Path, stop: str) -> None:
    (tmp_path / "web.py").write_text(FLASK.format(stop=stop))
    (path,) = [each for each in chart(tmp_path).paths if each.entry.kind == "route"]
    (insert,) = [each for each in path.events if each.effect and each.effect.kind == "insert"]
    assert [guard.holds for guard in insert.guards] == [False]


@pytest.mark.parametrize("stop", ["print(409)", "app.abort(409)"])
def test_other_calls_return(tmp_path: Path, stop: str) -> None:
    (tmp_path / "web.py").write_text(FLASK.format(stop=stop))
    (path,) = [each for each in chart(tmp_path).paths if each.entry.kind == "route"]
    (insert,) = [each for each in path.events if each.effect and each.effect.kind == "insert"]
    assert insert.guards == ()
