"""A text that nothing in the lab can write."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from small_services import write_tree

from redhanded.case.case import Case
from redhanded.case.errors import LabError
from redhanded.case.evidence import Location
from redhanded.case.hypothesis import Hypothesis
from redhanded.case.reproduction import NaturalRun, Reproduction
from redhanded.case.symptom import Symptom
from redhanded.case.system import Service, SymptomPattern, System
from redhanded.hunt import cards, unseen
from redhanded.hunt.outcome import outcome
from redhanded.hunt.suspect.verdict import without_failure
from redhanded.hunt.unseen import PREFIX, says_so, words_of
from redhanded.report import sentences

AUDIT = Symptom(text="stalls were oversold")
FILES = {
    "src/hold.py": 'raise SoldOut("no stalls left")\n',
    "redhanded.toml": '[symptom]\nlog = "stalls were oversold"\n',
    "README.md": "stalls were oversold once\n",
    "logs/audit.log": "stalls were oversold\n",
}


def said(root: Path, files: dict[str, str], symptom: Symptom = AUDIT) -> str:
    services = (
        Service(name="db", kind="postgres", env={}),
        Service(name="queue", kind="redis", env={}),
    )
    system = System(name="box", root=str(root), services=services)
    return says_so(write_tree(root, files), system, symptom)


def test_words_that_change_or_are_everywhere_are_none_of_it() -> None:
    assert words_of("hold 17 of show A-4: stalls oversold, $1 x") == (
        b"hold", b"show", b"stalls", b"oversold",
    )  # fmt: skip


def test_what_only_a_check_outside_writes_cannot_be_seen(tmp_path: Path) -> None:
    found = said(tmp_path, FILES)
    assert found.startswith(PREFIX) and "stalls were oversold" in found


def test_a_machine_without_node_is_searched_for_what_it_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing() -> Path:
        raise LabError("there is none on PATH")

    monkeypatch.setattr(unseen, "find_node", missing)
    assert said(tmp_path, FILES).startswith(PREFIX)


@pytest.mark.parametrize(
    "more",
    [
        {"src/audit.ts": "log.error(`${n} Stalls were OVERSOLD`)\n"},
        {"node_modules/audit/index.js": "'stalls' + ' were oversold'\n"},
        {".venv/lib/python3/site-packages/audit.py": "'stalls were oversold'\n"},
    ],
)
def test_what_the_program_or_a_package_may_write_can(tmp_path: Path, more: dict[str, str]) -> None:
    assert said(tmp_path, FILES | more) == ""


@pytest.mark.parametrize(
    "symptom",
    [
        Symptom(text="duplicate key value violates"),
        Symptom(text="could not obtain lock on row in relation"),
        Symptom(text="socket hang up"),
        replace(AUDIT, sqlstate="23505"),
        replace(AUDIT, constraint="one_hold"),
        replace(AUDIT, stack=(Location(path="src/hold.py", line=1),)),
        replace(AUDIT, invariants=("sold_once",)),
    ],
)
def test_what_servers_say_or_the_failure_tells_otherwise_can(
    tmp_path: Path, symptom: Symptom
) -> None:
    assert said(tmp_path, FILES, symptom) == ""


def test_a_status_shows_by_itself(tmp_path: Path) -> None:
    system = System(name="box", root=str(tmp_path), symptom=SymptomPattern(status=500))
    assert says_so(write_tree(tmp_path, FILES), system, AUDIT) == ""


def test_that_it_was_not_seen_refutes_nothing() -> None:
    quiet = NaturalRun(name="log", trials=60, failures=0, seconds=1.0, how="h")
    found = Reproduction(trials_to_first_failure=None, explored=56, exhausted=True, bound="all")
    case = Case(
        identifier="0001-x", target="/srv", symptom=AUDIT, natural=quiet, reproduction=found,
        finished=("reproduce",),
    )  # fmt: skip
    assert outcome(case) == "REFUTED"
    blind = replace(
        case,
        reproduction=replace(found, unseen=True),
        limits=(f"{PREFIX} holds the words 'x'", "a", "b"),
        outcome="UNDECIDED",
    )
    assert outcome(blind) == "UNDECIDED"
    assert "none could have shown it" in cards.summary(blind, "UNDECIDED")
    reason, again = sentences.what_to_do(replace(blind, symptom=replace(AUDIT, files=("a.log",))))
    assert reason.words.startswith(PREFIX)
    assert again.command == "redhanded hunt /srv --logs a.log --symptom 'stalls were oversold'"


@pytest.mark.parametrize(
    ("mechanism", "score", "happened", "word"),
    [
        ("lease-shorter-than-work", 0.8, (), "UNDECIDED"),
        ("lease-shorter-than-work", 0.8, ("lease ended",), "REFUTED"),
        ("lease-shorter-than-work", 0.3, (), "REFUTED"),
        ("check-then-create", 0.8, (), "REFUTED"),
    ],
)
def test_a_likely_fault_is_refuted_only_by_trials_in_which_what_it_needs_happened(
    mechanism: str, score: float, happened: tuple[str, ...], word: str
) -> None:
    found = Reproduction(
        trials_to_first_failure=None, explored=43, exhausted=True, bound="all", happened=happened
    )
    one = Hypothesis(
        mechanism=mechanism, title="A lock ends", claim="", score=score, rank=1, experiment=None
    )
    judged = without_failure(one, found)
    assert judged is not None
    case = Case(
        identifier="0001-x", target="/srv", symptom=AUDIT, reproduction=found,
        hypotheses=(judged,), finished=("reproduce",),
    )  # fmt: skip
    assert outcome(case) == word
    if word == "UNDECIDED":
        assert judged.verdict == "UNDECIDED" and "lease ended" in judged.why
        assert "A lock ends" in cards.summary(case, "UNDECIDED")
