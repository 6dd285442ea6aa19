"""Commits in a stretch of time."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from redhanded.source.commits import commits_between

AT_S = 1_760_000_000


def committed(root: Path, *seconds: int) -> None:
    """One commit at each time."""
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    for at_s in seconds:
        named = {f"GIT_{who}_{what}": "ann@x.example" if what == "EMAIL" else "Ann"
                 for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}  # fmt: skip
        dated = {f"GIT_{who}_DATE": f"{at_s} +0000" for who in ("AUTHOR", "COMMITTER")}
        command = ["git", "-C", str(root), "commit", "-q", "--allow-empty", "-m", f"at {at_s}"]
        subprocess.run(command, check=True, env={**os.environ, **named, **dated})


def test_commits_of_the_time_are_given_oldest_first(tmp_path: Path) -> None:
    committed(tmp_path, AT_S - 500, AT_S + 10, AT_S + 20, AT_S + 900)
    found = commits_between(tmp_path, AT_S * 1000.0, (AT_S + 100) * 1000.0)
    assert [(at_ms, commit.subject) for at_ms, commit in found] == [
        ((AT_S + 10) * 1000.0, f"at {AT_S + 10}"),
        ((AT_S + 20) * 1000.0, f"at {AT_S + 20}"),
    ]


def test_outside_of_a_repository_there_are_none(tmp_path: Path) -> None:
    assert commits_between(tmp_path, 0.0, AT_S * 1000.0) == ()
