"""A failure that no known defect explains is told from the order that was replayed."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import jsonschema
import pytest
from hunting import HUNT_TIMEOUT_S, PROGRAM

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "specimens"))

import catalogue  # noqa: E402

KNOWN = {each.name: each for each in catalogue.specimens()}


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What a hunt has to say of one service."""

    specimen: str
    options: tuple[str, ...]
    """What the user says of the symptom."""
    mechanism: str
    lines: tuple[str, ...]
    """Among those of the root cause."""
    suspected: bool
    """Whether it was among the hypotheses, so that the lab confirmed it."""
    parts: tuple[str, ...] = ()
    """Of a fix that is proven; without any: none is written, and it is said what is safe."""


EXPECTED = (
    Expected(
        specimen="coupon-checkout",
        options=(),
        mechanism="quota-check",
        lines=KNOWN["coupon-checkout"].lines,
        suspected=True,
        parts=("d",),
    ),
    Expected(
        specimen="room-bookings",
        options=(),
        mechanism="wrong-isolation-level",
        lines=("src/reservations.js:21", "src/reservations.js:16"),
        suspected=True,
        parts=("s",),
    ),
    Expected(
        specimen="meter-statements",
        options=("--symptom", KNOWN["meter-statements"].symptom),
        mechanism="lease-shorter-than-work",
        lines=("src/exclusive.js:18", "src/statements.js:8", "src/statements.js:14"),
        suspected=True,
    ),
    Expected(
        specimen="tide-tables",
        options=("--symptom", "a_count_ends"),
        mechanism="effects-not-atomic",
        lines=("tides/throttle.py:19",),
        suspected=False,  # the fault is in a package
    ),
)


@pytest.mark.parametrize("expected", EXPECTED, ids=lambda each: each.specimen)
def test_the_cause_is_named_with_its_lines(expected: Expected, tmp_path: Path) -> None:
    specimen = KNOWN[expected.specimen]
    app = _repository(specimen, tmp_path / "app")
    log = specimen.folder / "production.log"
    words = [PROGRAM, "hunt", app, "--logs", log, "--quick", "--yes", *expected.options]
    done = subprocess.run(
        [*map(str, words), "--format", "json"],
        capture_output=True,
        text=True,
        timeout=HUNT_TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 1, done.stderr[-3000:]
    case = json.loads(done.stdout)
    jsonschema.validate(case, _schema())
    cause = case["root_cause"]
    assert cause is not None, case["summary"]
    assert cause["mechanism"] == expected.mechanism
    places = [f"{each['path']}:{each['line']}" for each in cause["locations"]]
    assert set(expected.lines) <= set(places)
    for place in expected.lines:
        assert place in cause["sentence"]
    for each in cause["locations"]:
        assert each["text"] == _line(app / each["path"], each["line"])
    assert case["summary"] == cause["sentence"]
    confirmed = [each for each in case["hypotheses"] if each["verdict"] == "CONFIRMED"]
    assert [(each["rank"], each["mechanism"]) for each in confirmed] == (
        [(1, expected.mechanism)] if expected.suspected else []
    )
    report = next(app.glob(".redhanded/cases/*/report.md")).read_text("utf-8")
    if expected.parts:
        assert tuple(case["fix"]["chosen"]) == expected.parts
        assert case["proof"]["proven"], case["proof"]
    else:
        assert case["fix"] is None and case["proof"] is None
        assert any("No fix was drafted" in limit for limit in case["limits"])
        assert "advice, not measured here" in report
    named = case["symptom"]["invariants"]
    assert bool(named) is (not specimen.symptom)
    assert all(f"the symptom is the broken invariant {name}" in done.stderr for name in named)


def test_a_text_that_no_log_holds_is_refused_with_the_invariants_that_could_be_meant(
    tmp_path: Path,
) -> None:
    specimen = KNOWN["coupon-checkout"]
    app = _repository(specimen, tmp_path / "app")
    log = specimen.folder / "production.log"
    done = subprocess.run(
        [*map(str, (PROGRAM, "hunt", app, "--logs", log, "--symptom", "nobody says this"))],
        capture_output=True,
        text=True,
        timeout=HUNT_TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 2
    assert "--symptom with one of one_use_per_customer" in " ".join(done.stderr.split())
    assert not (app / ".redhanded/cases").exists()


def _repository(specimen: catalogue.Specimen, folder: Path) -> Path:
    app: Path = catalogue.lay_out(specimen, folder)
    (app / ".gitignore").write_text("node_modules\n.venv\n__pycache__\n.redhanded\n")
    who = ("-c", "user.name=test", "-c", "user.email=test@example.org")
    for words in (("init", "-q"), ("add", "-A"), (*who, "commit", "-qm", "The service")):
        subprocess.run(["git", *words], cwd=app, check=True)
    return app


def _line(file: Path, number: int) -> str:
    return file.read_text("utf-8").splitlines()[number - 1].strip()


def _schema() -> dict[str, object]:
    done = subprocess.run([str(PROGRAM), "schema"], capture_output=True, text=True, check=True)
    known: dict[str, object] = json.loads(done.stdout)
    return known
