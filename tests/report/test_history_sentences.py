"""Who changed what, in sentences."""

from __future__ import annotations

from redhanded.case.codemap import Commit
from redhanded.case.evidence import Location
from redhanded.case.journey import Beginning, Recent
from redhanded.case.symptom import Onset, Symptom
from redhanded.report import history_sentences as say

HOUR_MS = 3_600_000.0


def commit(subject: str, at_ms: float | None = 0.0, **more: object) -> Commit:
    made = {"sha": "a" * 40, "author": "Ada", "date": "2024-05-06T07:08:09Z"}
    return Commit(subject=subject, at_ms=at_ms, **(made | more))  # type: ignore[arg-type]


def test_lines_are_put_together_by_file() -> None:
    places = [Location(path=path, line=line) for path, line in (("b", 9), ("a", 3), ("b", 2))]
    assert say.lines(places) == "b:2, 9; a:3"
    many = [Location(path="a", line=line) for line in range(1, 9)]
    assert say.lines(many, lambda path: f"x/{path}") == "x/a:1, 2, 3, 4, 5, 6 and 2 more"


def test_the_last_change_and_the_first_are_told() -> None:
    last, middle, first = commit("last"), commit("middle"), commit("first", repository="lib")
    assert say.changed([last]) == ("last changed by aaaaaaaaaa of 2024-05-06 by Ada: last",)
    assert say.changed([last, first])[1].startswith("before that aaaaaaaaaa in lib of")
    assert say.changed([last, middle, first])[1].startswith("2 earlier changes, the first")
    assert say.changed([]) == ("git does not tell who changed it",)


def test_what_a_commit_changed_before_it_began() -> None:
    at = (Location(path="a", line=3),)
    on_lines = Recent(commit=commit("x", locations=at), before_ms=3 * HOUR_MS)
    assert say.recent(on_lines).startswith("commit 3.0 h before: ")
    assert say.recent(on_lines).endswith("(changed a:3)")
    in_file = Recent(commit=commit("x"), before_ms=0.0, files=("a", "b", "c", "d"))
    assert say.recent(in_file).endswith("(changed other lines of a, b, c and 1 more)")
    elsewhere = Recent(commit=commit("x"), before_ms=0.0)
    assert say.recent(elsewhere).endswith("(changed nothing shown here)")


def test_an_onset_and_a_first_sight_are_not_the_same() -> None:
    began = Beginning(symptom="refused", at_ms=0.0, is_onset=True, source="a.log")
    assert say.began(began) == "more frequent since 1970-01-01 00:00:00 UTC, by a.log: refused"
    seen = Beginning(symptom="refused", at_ms=0.0, is_onset=False, source="a.log")
    assert "no change of its rate can be told" in say.began(seen)
    assert say.nothing_before(seen) is not None


def test_how_long_before_the_failures_of_a_case() -> None:
    onset = Onset(at_ms=5 * HOUR_MS, before=None, after=None, p_value=0.01)
    symptom = Symptom(text="refused", first_ms=HOUR_MS, onset=onset)
    assert say.before_it_began(commit("x", 2 * HOUR_MS), symptom) == "3.0 h"
    assert say.before_it_began(commit("x", 8 * HOUR_MS), symptom) == "3.0 h after"
    assert say.before_it_began(commit("x", None), symptom) == ""
    assert say.before_it_began(commit("x"), Symptom(text="refused")) == ""
