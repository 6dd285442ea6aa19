"""Commits behind the lines that are drawn, and those before failures began."""

from __future__ import annotations

from pathlib import Path as Folder

from repositories import FIRST_S, HOUR_S, commit, git, repository

from redhanded.case.evidence import Location
from redhanded.case.journey import Access, Hop
from redhanded.source.flow.history import before, history_of, lines_of, of_line

ONSET_MS = (FIRST_S + 5 * HOUR_S) * 1000.0


def at(line: int, path: str = "pay.js") -> Location:
    return Location(path=path, line=line)


def drawn() -> Hop:
    unique = Hop(kind="constraint", says="UNIQUE", location=at(9, "schema.sql"))
    write = Hop(kind="write", says="INSERT", location=at(2), hops=(unique,))
    call = Hop(kind="call", says="pay()", location=at(1), hops=(write,))
    return Hop(kind="entry", says="POST /pay", location=at(1), hops=(call,))


def test_what_acts_comes_first_and_constraints_are_not_asked_for() -> None:
    assert lines_of([drawn()]) == (at(2), at(1))
    use = Access(kind="read", says="SELECT", location=at(3))
    assert lines_of([], [use]) == (at(3),)


def test_the_commits_of_a_line(tmp_path: Folder) -> None:
    repository(tmp_path)
    found = history_of(tmp_path, lines_of([drawn()]))
    assert [one.subject for one in of_line(found.commits, at(2))] == ["step 1", "step 0"]
    assert of_line(found.commits, at(3)) == ()
    assert found.limits == ()


def test_suspicious_lines_are_asked_for_first(tmp_path: Folder) -> None:
    repository(tmp_path)
    (tmp_path / "pay.js").write_text("x\n" * 100)
    commit(tmp_path, "long", FIRST_S + 6 * HOUR_S)
    lines = [at(number) for number in range(1, 60)]
    found = history_of(tmp_path, lines, [at(90)])
    assert of_line(found.commits, at(90))[0].subject == "long"
    assert "the first 40 of 60 lines only" in found.limits[0]


def test_what_was_committed_before_an_onset(tmp_path: Folder) -> None:
    repository(tmp_path)
    lines = lines_of([drawn()])
    known = history_of(tmp_path, lines).commits
    found = before(tmp_path, ONSET_MS, lines, known)
    assert [one.commit.subject for one in found] == ["step 1", "step 0", "step 2", "words"]
    assert found[0].before_ms == 4 * HOUR_S * 1000.0
    assert [bool(one.commit.locations) for one in found] == [True, True, False, False]
    assert found[2].files == ("pay.js",)
    assert found[3].files == ()
    early = before(tmp_path, FIRST_S * 1000.0 + 1_800_000, lines, known)
    assert [one.commit.subject for one in early] == ["step 0"]


def test_of_what_is_long_ago_only_changes_of_the_lines_are_named(tmp_path: Folder) -> None:
    repository(tmp_path)
    lines = lines_of([drawn()])
    known = history_of(tmp_path, lines).commits
    found = before(tmp_path, ONSET_MS, lines, known, window_ms=60_000)
    assert [one.commit.subject for one in found] == ["step 1", "step 0"]
    assert before(tmp_path, ONSET_MS, lines, (), window_ms=60_000) == ()


def test_a_submodule_that_was_moved_on_counts_for_its_files(tmp_path: Folder) -> None:
    inner = repository(tmp_path / "inner")
    outer = tmp_path / "outer"
    outer.mkdir()
    git(outer, "init", "-q")
    git(outer, "submodule", "add", "-q", str(inner), "lib")
    git(outer, "commit", "-q", "-m", "take it", at_s=FIRST_S + 4 * HOUR_S)
    lines = (at(2, "lib/pay.js"),)
    known = history_of(outer, lines).commits
    assert [(one.subject, one.repository) for one in known] == [
        ("step 1", "lib"),
        ("step 0", "lib"),
    ]
    commit(outer, "words", FIRST_S + 4 * HOUR_S + 60, readme="x")
    around = before(outer, ONSET_MS, (*lines, at(1, "readme")), known)
    told = {one.commit.subject: one for one in around}
    assert told["step 1"].commit.repository == "lib"
    assert told["take it"].files == ("lib/pay.js",)


def test_without_a_repository_a_limit_says_so(tmp_path: Folder) -> None:
    (tmp_path / "pay.js").write_text("one\ntwo\n")
    lines = lines_of([drawn()])
    found = history_of(tmp_path, lines)
    assert found.commits == ()
    assert "not in a git repository" in found.limits[0]
    assert before(tmp_path, FIRST_S * 1000.0, lines, ()) == ()
