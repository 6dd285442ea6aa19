from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
from typer.testing import CliRunner

from redhanded import hunt as stages
from redhanded import store
from redhanded.case.case import Case, Gate
from redhanded.case.errors import LabError
from redhanded.case.request import HuntRequest, Listener
from redhanded.case.symptom import Symptom
from redhanded.cli.main import app

runner = CliRunner()


def called(*arguments: str | Path) -> tuple[int, str, str]:
    result = runner.invoke(app, [str(argument) for argument in arguments])
    return result.exit_code, result.stdout, result.stderr


def stages_that(monkeypatch: pytest.MonkeyPatch, **values: object) -> list[HuntRequest]:
    """Stages that finish at once with ``values``, as the real ones do: through the store."""
    asked: list[HuntRequest] = []

    def run(request: HuntRequest, listener: Listener) -> Case:
        asked.append(request)
        if request.resume:
            with store.resume_case(request.target, request.case) as opened:
                return opened.append("reproduce", values)
        with store.open_case(request) as opened:
            listener.stage("observe", "reads the logs")
            listener.step("line 1")
            listener.finding("found: [bold]x[/bold]")
            passed = listener.gate(1, "hypothesis", ["read [this]"])
            gate = Gate(
                number=1,
                name="hypothesis",
                decision="passed" if passed else "stopped",
                by=request.decided_by,
                at="2026-01-01T00:00:00Z",
            )
            return opened.append("observe", {**values, "gates": (gate,)}, seconds=1.0)

    monkeypatch.setattr(stages, "run", run, raising=False)
    return asked


@pytest.mark.parametrize(("outcome", "code"), [("CONFIRMED", 1), ("REFUTED", 0), ("UNDECIDED", 4)])
def test_a_hunt_ends_with_the_code_of_its_outcome(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, outcome: str, code: int
) -> None:
    stages_that(monkeypatch, outcome=outcome, summary="Seats collide.")
    ended, out, _ = called("hunt", tmp_path, "--symptom", "x", "--yes")
    assert ended == code
    assert "Seats collide." in out
    assert "found: [bold]x[/bold]" in out
    assert "gate 1 passed by --yes" in out
    assert "report.html" in out.replace("\n", "")
    assert store.latest(tmp_path) is not None
    assert (store.find(tmp_path) / "report.html").is_file()


def test_json_stands_alone_on_stdout_and_fits_the_schema(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stages_that(monkeypatch, outcome="CONFIRMED")
    _, out, err = called("hunt", tmp_path, "--symptom", "x", "--yes", "--format", "json")
    _, schema, _ = called("schema")
    jsonschema.validate(json.loads(out), json.loads(schema))
    assert json.loads(out)["gates"][0]["by"] == "--yes"
    assert "reads the logs" in err


def test_where_nobody_can_be_asked_a_gate_stops_and_says_how_to_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stages_that(monkeypatch)
    ended, out, _ = called("hunt", tmp_path, "--symptom", "x")
    assert ended == 4
    assert "read [this]" in out
    assert "--yes" in out
    assert "--resume" in out


def test_resume_takes_what_was_asked_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.log").write_text("x\n")
    asked = stages_that(monkeypatch)
    called("hunt", tmp_path, "--symptom", "x", "--logs", tmp_path / "a.log", "--seed", "5")
    called("hunt", tmp_path, "--resume", "--yes")
    first, again = asked
    assert (again.symptom, again.logs, again.seed) == ("x", first.logs, 5)
    assert (again.resume, again.yes, again.case) == (True, True, "0001-x")
    assert len(store.all_cases(tmp_path)) == 1


def test_logs_may_be_files_folders_and_what_a_shell_expands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = stages_that(monkeypatch)
    logs = tmp_path / "logs"
    logs.mkdir()
    for name in ("a.log", "a.log.1", "README.md"):
        (logs / name).write_text("one line\n")
    called("hunt", tmp_path, "--symptom", "x", "--logs", logs)
    called("hunt", tmp_path, "--symptom", "x", "--logs", logs / "a.log", logs / "a.log.1")
    assert asked[0].logs == (logs,)
    assert asked[1].logs == (logs / "a.log", logs / "a.log.1")


def test_without_a_symptom_the_logs_have_to_show_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = stages_that(monkeypatch)
    (tmp_path / "a.log").write_text("one line\n")
    called("hunt", tmp_path, "--logs", tmp_path / "a.log")
    assert asked[0].symptom is None


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("hunt", "no-such-folder", "--symptom", "x"), "there is no folder"),
        (("hunt", ".", "--symptom", "x", "--logs", "no.log"), "There is no log no.log"),
        (("hunt", "."), "--symptom"),
        (("hunt", ".", "--resume"), "there is no case"),
        (("report",), "there is no case"),
        (("replay", "7"), "there is no case"),
        (("init", "."), "package.json"),
    ],
)
def test_bad_input_is_one_sentence_and_code_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], says: str
) -> None:
    stages_that(monkeypatch)
    monkeypatch.chdir(tmp_path)
    ended, out, err = called(*arguments)
    assert ended == 2
    assert out == ""
    assert err.startswith("redhanded: ")
    assert err.count("\n") == 1
    assert says in err
    assert list(tmp_path.iterdir()) == []


def test_reproduce_without_a_lab_is_code_3(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = stages_that(monkeypatch, limits=("web ended at start: no such module.",))
    ended, _, err = called("reproduce", tmp_path, "--symptom", "x", "--yes")
    assert ended == 3
    assert "no such module" in err
    assert asked[0].until == "reproduce"


def ending_with(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def run(request: HuntRequest, listener: Listener) -> Case:
        raise error

    monkeypatch.setattr(stages, "run", run, raising=False)


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (LabError("the migration failed"), 3, "the migration failed"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (ZeroDivisionError("by zero"), 101, "a fault of ours"),
    ],
)
def test_every_end_has_its_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int, says: str
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    ending_with(monkeypatch, error)
    ended, out, err = called("hunt", tmp_path, "--symptom", "x")
    assert ended == code
    assert says in err
    assert "Traceback" not in out + err
    details = list(tmp_path.glob("redhanded-fault-*"))
    assert bool(details) == (code == 101)
    assert all("ZeroDivisionError" in path.read_text() for path in details)


def test_cases_and_report_read_what_is_stored(tmp_path: Path) -> None:
    with store.open_case(HuntRequest(target=tmp_path, symptom="x")) as opened:
        opened.append("observe", {"symptom": Symptom(text="x"), "summary": "Seats collide."})
    _, out, _ = called("cases", tmp_path)
    assert "0001-x  UNDECIDED  1 of 6 stages  Seats collide." in out.replace("\n", " ")
    ended, out, _ = called("report", "1", "--target", tmp_path, "--output", tmp_path / "out")
    assert ended == 0
    assert (tmp_path / "out" / "report.html").is_file()
    assert (tmp_path / "out" / "report.md").is_file()
    assert str(tmp_path / "out" / "report.html") in out


def test_a_case_without_a_schedule_cannot_be_replayed(tmp_path: Path) -> None:
    with store.open_case(HuntRequest(target=tmp_path, symptom="x")):
        pass
    ended, _, err = called("replay", "--target", tmp_path)
    assert ended == 2
    assert "nothing to replay" in err


def test_help_needs_nothing_heavy() -> None:
    program = (
        "import sys\n"
        "import redhanded.cli.main\n"
        "heavy = {'rich', 'pydantic', 'numpy', 'scipy', 'sqlglot', 'jinja2', 'tree_sitter'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert ended.stdout.strip() == "[]"


def test_a_request_to_end_is_an_interrupt(tmp_path: Path) -> None:
    program = (
        "import os, signal, sys\n"
        "from redhanded import hunt\n"
        "hunt.run = lambda request, listener: os.kill(os.getpid(), signal.SIGTERM)\n"
        "from redhanded.cli.main import run\n"
        f"sys.argv = ['redhanded', 'hunt', {str(tmp_path)!r}, '--symptom', 'x']\n"
        "run()\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert ended.returncode == 130
    assert ended.returncode != -signal.SIGTERM
    assert "interrupted" in ended.stderr
