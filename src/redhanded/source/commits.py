"""Commits by time, from plain git. Nothing is ever written."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from redhanded.case.codemap import Commit
from redhanded.source.git import CALL_MAX_S, git
from redhanded.source.history import FORMAT, commits_in

COMMITS_MAX = 50


def commits_between(
    root: Path, first_ms: float, last_ms: float, seconds: float = CALL_MAX_S
) -> tuple[tuple[float, Commit], ...]:
    """Commits of the checked-out branch with the time (epoch, in milliseconds) at which they were
    made, oldest first; at most the fifty latest. Empty outside of a repository, and where git has
    not answered within ``seconds``."""
    since, until = (
        datetime.fromtimestamp(at_ms / 1000, UTC).isoformat() for at_ms in (first_ms, last_ms)
    )
    text = git(
        root,
        "log",
        f"-n{COMMITS_MAX}",
        "--no-patch",
        f"--format={FORMAT}",
        f"--since={since}",
        f"--until={until}",
        seconds=seconds,
    )
    found = ((commit.at_ms or 0.0, commit) for commit in commits_in(text or ""))
    return tuple(sorted(found, key=lambda one: one[0]))
