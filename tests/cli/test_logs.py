"""``redhanded logs`` as a person and a program meet it."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import jsonschema
import pytest
from typer.testing import CliRunner

from redhanded.cli.main import app

runner = CliRunner()
START_MS = 1_760_000_000_000


def called(*arguments: str | Path) -> tuple[int, str, str]:
    result = runner.invoke(app, [str(argument) for argument in arguments])
    return result.exit_code, result.stdout, result.stderr


def kiosk(path: Path, *, failing: int = 8, extra: str = "") -> Path:
    """A log of ticket sales in which a sale that is asked for twice at once fails."""
    lines = []
    for number in range(400):
        at_ms = START_MS + number * 1000
        twice = failing and number % (400 // failing) == 7
        for copy in range(2 if twice else 1):
            lines.append((at_ms + 20 * copy, number, copy and twice))
    with path.open("w") as file:
        for position, (at_ms, ticket, failed) in enumerate(sorted(lines)):
            call = {"requestId": f"rq-{position:05d}", "ticketId": f"tk-{ticket:05d}"}
            said = [
                {"msg": "sale asked for", "req": {"method": "POST", "url": "/sales"}},
                {"msg": "seat is held by another sale", "level": 50}
                if failed
                else {"msg": "sale done"},
            ]
            for after, fields in enumerate(said):
                entry = {"level": 30, "time": at_ms + 30 * after} | call | fields
                file.write(json.dumps(entry) + "\n")
        file.write(extra)
    return path


def test_one_screen_without_any_option(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    log = kiosk(Path("kiosk.log"))
    code, out, err = called("logs", log)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "seat is held by another sale"
    assert "8 of 408 POST /sales requests (2.0 %" in out
    assert "95 % interval" in out
    assert "failing, at most" in out
    assert "same ticketId requested" in out
    assert f"{log}:" in out
    assert f"redhanded hunt . --logs {log} --symptom 'seat is held by another sale'" in out
    assert len(lines) <= 45
    assert max(map(len, lines[:-1])) <= 110


def test_what_the_database_refused_is_said_where_the_headline_does_not(tmp_path: Path) -> None:
    path = kiosk(tmp_path / "app.log")
    said = '"msg": "seat is held by another sale"'
    error = '"err": {"code": "23505", "table": "seats", "constraint": "one_seat"}'
    path.write_text(path.read_text().replace(said, f"{said}, {error}"))
    code, shown, _ = called("logs", path)
    assert code == 0
    assert "refused     by one_seat on seats (23505)" in shown


def test_json_fits_the_published_schema(tmp_path: Path) -> None:
    log = kiosk(tmp_path / "kiosk.log")
    _, schema, _ = called("schema", "logs")
    for arguments in ((log,), ("--good", log, "--bad", log)):
        code, out, _ = called("logs", *arguments, "--format", "json")
        assert code == 0
        jsonschema.validate(json.loads(out), json.loads(schema))
    found = json.loads(called("logs", log, "--format", "json")[1])
    assert found["schema"] == "redhanded/logs/v1"
    symptom = found["symptom"]
    assert symptom["chosen"].startswith("error, 8 entries")
    assert sum(symptom["series"]["failing"]) == 8
    assert sum(symptom["series"]["all"]) == 408
    example = symptom["differences"][0]["examples"][0]
    assert log.read_text().splitlines()[example["line"] - 1].startswith(example["text"][:300])


def test_a_quiet_log_has_no_symptom(tmp_path: Path) -> None:
    code, out, _ = called("logs", kiosk(tmp_path / "kiosk.log", failing=0))
    assert code == 0
    assert out.startswith("No symptom\n")
    assert "--symptom TEXT" in out


def test_two_runs_that_do_the_same_do_not_differ(tmp_path: Path) -> None:
    good = kiosk(tmp_path / "good.log", failing=0)
    code, out, _ = called("logs", "--good", good, "--bad", kiosk(tmp_path / "b.log", failing=0))
    assert code == 0
    assert "Nothing that was compared" in out


def test_what_only_the_bad_run_has_comes_first(tmp_path: Path) -> None:
    good, bad = kiosk(tmp_path / "g.log", failing=0), kiosk(tmp_path / "b.log", failing=40)
    code, out, _ = called("logs", "--good", good, "--bad", bad)
    assert code == 0
    first = next(line for line in out.splitlines() if line.strip().startswith("1. "))
    assert "seat is held by another sale" in first


def test_standard_input_patterns_and_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = kiosk(tmp_path / "kiosk.log")
    for named in (tmp_path, tmp_path / "*.log"):
        assert "8 of 408" in called("logs", named)[1]
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(log.read_bytes())))
    result = runner.invoke(app, ["logs", "-"], input=log.read_bytes())
    assert result.exit_code == 0
    assert "8 of 408" in result.stdout
    assert "standard input" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("logs",), "name"),
        (("logs", "no.log"), "no.log"),
        (("logs", "no-*.log"), "no-*.log"),
        (("logs", "--good", "a.log"), "--bad FILE is missing"),
        (("logs", "--bad", "a.log"), "--good FILE is missing"),
        (("logs", "a.log", "--good", "a.log", "--bad", "a.log"), "belongs neither"),
        (("logs", "a.log", "--symptom", "no such words"), "does not occur"),
        (("logs", "a.log", "--symptom", " "), "--symptom"),
        (("logs", "a.log", "--report", "a.log/x/y.html"), "cannot be written"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_code_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    kiosk(tmp_path / "a.log")
    code, out, err = called(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith("redhanded: ")
    assert err.count("\n") == 1
    assert says in err


HOSTILE = (
    "\x1b]0;owned\x07\x1b[2J\x9b31m<script>alert(1)</script><img src=x onerror=alert(2)>"
    "\u202egnp.exe [bold]x[/bold] {{ 7*7 }}"
)


@pytest.mark.parametrize("form", ["json", "text"])
def test_what_lines_hold_does_nothing_anywhere(tmp_path: Path, form: str) -> None:
    entry = {"level": 50, "time": START_MS + 900_000, "msg": f"{HOSTILE} exploded"}
    text = f"2026-11-02T10:00:00Z ERROR {HOSTILE} exploded"
    extra = (json.dumps(entry, ensure_ascii=False) if form == "json" else text) + "\n"
    log, page = kiosk(tmp_path / "k.log", failing=0, extra=extra), tmp_path / "page.html"
    code, out, err = called("logs", log, "--report", page)
    assert (code, err) == (0, "")
    document = called("logs", log, "--format", "json")[1]
    html = page.read_text()
    for shown in (out, document, html):
        assert not any(mark in shown for mark in ("\x1b", "\x07", "\x9b", "\u202e"))
        assert "exploded" in shown
    assert "[bold]x[/bold]" in out
    assert "<script" not in html
    assert "<img" not in html
    assert "&lt;script&gt;" in html
    assert json.loads(document)["symptom"]["lines"] == 1


def test_secrets_are_shown_only_when_asked_for(tmp_path: Path) -> None:
    secret = "hunter2hunter2"
    extra = f'{{"level":50,"time":{START_MS},"msg":"refused","password":"{secret}"}}\n'
    log, page = kiosk(tmp_path / "k.log", failing=0, extra=extra), tmp_path / "page.html"
    for arguments in ((), ("--format", "json"), ("--report", page)):
        _, out, _ = called("logs", log, *arguments)
        assert secret not in out
    assert secret not in page.read_text()
    assert secret in called("logs", log, "--format", "json", "--no-redact")[1]
