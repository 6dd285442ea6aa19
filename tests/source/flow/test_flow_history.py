"""Commits behind the lines of a path."""

from __future__ import annotations

import subprocess
from pathlib import Path as Folder

from redhanded.case.evidence import Location
from redhanded.source.flow.effects import Effect
from redhanded.source.flow.events import Entry, Event, Path
from redhanded.source.flow.history import before, history_of
from redhanded.source.flow.values import Unknown

FIRST_S = 1_700_000_000


def git(root: Folder, *arguments: str, at_s: int = FIRST_S) -> None:
    when = f"{at_s} +0000"
    environment = {
        "GIT_AUTHOR_DATE": when,
        "GIT_COMMITTER_DATE": when,
        "GIT_AUTHOR_NAME": "Ada",
        "GIT_AUTHOR_EMAIL": "ada@example.org",
        "GIT_COMMITTER_NAME": "Ada",
        "GIT_COMMITTER_EMAIL": "ada@example.org",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "PATH": "/usr/bin:/bin:/usr/local/bin",
    }
    subprocess.run(["git", *arguments], cwd=root, check=True, env=environment, capture_output=True)


def repository(root: Folder) -> None:
    git(root, "init", "-q")
    texts = ["one\ntwo\nthree\n", "one\nTWO\nthree\n", "one\nTWO\nTHREE\n"]
    for place, text in enumerate(texts):
        (root / "pay.js").write_text(text)
        git(root, "add", ".")
        git(root, "commit", "-q", "-m", f"step {place}", at_s=FIRST_S + place * 3600)
    (root / "readme").write_text("x")
    git(root, "add", ".")
    git(root, "commit", "-q", "-m", "words", at_s=FIRST_S + 4 * 3600)


def path() -> Path:
    effect = Effect(kind="insert", store="database", library="pg", verb="query")
    at = Location(path="pay.js", line=2)
    entry = Entry(kind="route", name="POST /pay", location=Location(path="pay.js", line=1))
    event = Event(
        number=0, location=at, end_line=2, effect=effect, callee="query", result=Unknown()
    )
    return Path(entry=entry, events=(event,))


def test_the_commits_of_a_line(tmp_path: Folder) -> None:
    repository(tmp_path)
    found = history_of(tmp_path, path())
    line = Location(path="pay.js", line=2)
    assert [one.subject for one in found.of(line)] == ["step 1", "step 0"]
    assert found.of(Location(path="pay.js", line=3)) == ()
    assert found.limits == ()


def test_what_was_committed_before_an_onset(tmp_path: Folder) -> None:
    repository(tmp_path)
    onset_ms = (FIRST_S + 5 * 3600) * 1000.0
    known = history_of(tmp_path, path())
    found = before(tmp_path, onset_ms, path(), known=known)
    assert [one.commit.subject for one in found] == ["step 1", "step 0", "step 2", "words"]
    assert found[0].before_ms == 4 * 3_600_000.0
    assert found[2].files == ("pay.js",)
    assert found[3].files == ()
    early = before(tmp_path, FIRST_S * 1000.0 + 1_800_000, path(), known=known)
    assert [one.commit.subject for one in early] == ["step 0"]
    assert before(tmp_path, onset_ms, path(), window_ms=60_000) == ()


def test_without_a_repository_a_limit_says_so(tmp_path: Folder) -> None:
    (tmp_path / "pay.js").write_text("one\ntwo\n")
    found = history_of(tmp_path, path())
    assert found.commits == ()
    assert "git" in found.limits[0]
    assert before(tmp_path, FIRST_S * 1000.0, path()) == ()
