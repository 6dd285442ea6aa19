"""What is taken for the failure: a text of the logs, or an invariant of the contract."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import parcels
import pytest

from redhanded.actions.hunting import completed
from redhanded.case.errors import InputError, UsageError
from redhanded.case.request import HuntRequest
from redhanded.case.run import Failure, Run
from redhanded.case.symptom import Symptom
from redhanded.case.system import Invariant, SymptomPattern, System
from redhanded.case.wording import invariant_symptom, likeness
from redhanded.hunt import cards, wanted
from redhanded.hunt.reproduce import same_error
from redhanded.report import sentences

ONE = Invariant(name="one_row", sql="SELECT 1 WHERE false")
OTHER = Invariant(name="no_debt", sql="SELECT 1 WHERE false")


def system(root: Path, **pattern: object) -> System:
    return replace(
        parcels.system(root),
        invariants=(ONE, OTHER),
        symptom=SymptomPattern(rate=0.003, **pattern),  # type: ignore[arg-type]
    )


def silent(_sentence: str) -> None:
    """Tells nobody."""


@pytest.mark.parametrize(
    ("asked", "pattern", "names"),
    [
        (None, {}, ("one_row", "no_debt")),
        ("", {}, ("one_row", "no_debt")),
        ("no_debt", {}, ("no_debt",)),
        ("no_debt", {"log": "boom"}, ("no_debt",)),
        ("no debt", {}, ()),
        (None, {"log": "boom"}, ()),
        (None, {"sqlstate": "23505"}, ()),
        (None, {"status": 500}, ()),
    ],
)
def test_which_invariants_are_the_symptom(
    asked: str | None, pattern: dict[str, object], names: tuple[str, ...], tmp_path: Path
) -> None:
    assert wanted.invariants(asked, system(tmp_path, **pattern)) == names
    assert wanted.invariants(asked, None) == ()


def test_an_invariant_is_looked_for_in_no_log(tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    log.write_text("one_row is a fine name\n")
    request = HuntRequest(target=tmp_path, logs=(log,), symptom="one_row")
    found = wanted.symptom(request, system(tmp_path, log="boom"), tmp_path, silent)
    assert (found.text, found.invariants, found.lines) == ("one_row", ("one_row",), 0)
    assert found.limits == (wanted.NO_LINE, wanted.UNREAD)
    assert wanted.pattern(system(tmp_path, log="boom"), found) == SymptomPattern(rate=0.003)
    said = "the symptom is the broken invariant one_row, not a text of a log"
    assert cards.symptom(found) == [said]
    assert sentences.symptom(found)[0] == f"{said[0].upper()}{said[1:]}."


def test_a_text_is_looked_for_in_the_logs(tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    log.write_text("2026-01-01T00:00:00Z ERROR boom\n")
    request = HuntRequest(target=tmp_path, logs=(log,), symptom="boom")
    found = wanted.symptom(request, system(tmp_path), tmp_path, silent)
    assert (found.invariants, found.lines) == ((), 1)
    assert wanted.pattern(system(tmp_path), found).log == "boom"
    absent = replace(request, symptom="bang")
    with pytest.raises(InputError, match=r"'bang' does not occur.*--symptom with one of one_row"):
        wanted.symptom(absent, system(tmp_path), tmp_path, silent)
    unlogged = wanted.symptom(replace(request, logs=()), system(tmp_path), tmp_path, silent)
    assert (unlogged.text, unlogged.limits) == ("boom", (wanted.NO_LOG,))


def broken(name: str) -> Run:
    return Run(failures=(Failure(kind="invariant", text=f"{name}: ('x',)"),))


def test_only_the_wanted_invariant_is_the_same_failure() -> None:
    asked = Symptom(text="one_row", invariants=("one_row",))
    assert same_error(broken("one_row"), asked)
    assert not same_error(broken("one_row_more"), asked)
    assert not same_error(Run(failures=(Failure(kind="symptom", text="one_row: x"),)), asked)
    assert not same_error(broken("one_row"), Symptom(text="one_row"))
    any_of = replace(asked, invariants=("one_row", "no_debt"))
    assert same_error(broken("no_debt"), any_of)
    assert "any broken invariant (one_row, no_debt)" in invariant_symptom(any_of)


def test_what_was_caught_is_called_what_it_is() -> None:
    caught = parcels.reproduction()
    assert likeness(caught) == "the same error on the same constraint as in the log"
    assert likeness(replace(caught, constraint=None)) == "the same error as in the log"
    by_rows = replace(caught, constraint=None, run=broken("one_row"))
    assert likeness(by_rows) == "the broken invariant that was hunted"


CONTRACT = """\
[system]
name = "parcels"
prepare = []
[services.db]
kind = "postgres"
env = {{ DATABASE_URL = "{{url}}" }}
[processes.web]
command = "node web.js"
[[workload]]
to = "web"
request = "POST /parcels"
{more}
"""


@pytest.mark.parametrize(
    ("more", "symptom"),
    [
        ('[symptom]\nlog = "boom"\n[invariants]\none_row = "SELECT 1"', "boom"),
        ('[invariants]\none_row = "SELECT 1"', "one_row"),
        ('[invariants]\none_row = "SELECT 1"\nno_debt = "SELECT 1"', None),
    ],
)
def test_a_request_is_completed_from_the_contract(
    more: str, symptom: str | None, tmp_path: Path
) -> None:
    (tmp_path / "redhanded.toml").write_text(CONTRACT.format(more=more))
    assert completed(HuntRequest(target=tmp_path)).symptom == symptom
    assert completed(HuntRequest(target=tmp_path, symptom="bang")).symptom == "bang"


@pytest.mark.parametrize("more", ["", '[symptom]\nstatus = 500\n[invariants]\none = "SELECT 1"'])
def test_where_nothing_says_what_fails_the_ways_to_say_it_are_named(
    more: str, tmp_path: Path
) -> None:
    (tmp_path / "redhanded.toml").write_text(CONTRACT.format(more=more))
    with pytest.raises(UsageError, match=r"--symptom TEXT.*\[symptom\].*\[invariants\]"):
        completed(HuntRequest(target=tmp_path))
