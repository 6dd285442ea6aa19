"""Repositories made in tests, with commits at stated times."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

FIRST_S = 1_700_000_000
HOUR_S = 3600


def git(root: Path, *arguments: str, at_s: int = FIRST_S, author: str = "Ada") -> str:
    when = f"{at_s} +0000"
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("GIT_")},
        "GIT_AUTHOR_DATE": when,
        "GIT_COMMITTER_DATE": when,
        "GIT_AUTHOR_NAME": author,
        "GIT_AUTHOR_EMAIL": "ada@example.org",
        "GIT_COMMITTER_NAME": author,
        "GIT_COMMITTER_EMAIL": "ada@example.org",
        "GIT_CONFIG_GLOBAL": "/dev/null",
    }
    call = ["git", "-c", "protocol.file.allow=always", *arguments]
    done = subprocess.run(
        call, cwd=root, check=True, env=environment, capture_output=True, text=True
    )
    return done.stdout


def commit(root: Path, subject: str, at_s: int, author: str = "Ada", **texts: str) -> None:
    """A commit of files, whose names have ``__`` for ``/`` and ``_`` for ``.``."""
    for name, text in texts.items():
        path = root / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", subject, at_s=at_s, author=author)


def repository(root: Path) -> Path:
    """``pay.js`` whose second line was changed an hour, the third two hours after the first
    commit; four hours after it something else."""
    root.mkdir(parents=True, exist_ok=True)
    git(root, "init", "-q")
    texts = ["one\ntwo\nthree\n", "one\nTWO\nthree\n", "one\nTWO\nTHREE\n"]
    for place, text in enumerate(texts):
        commit(root, f"step {place}", FIRST_S + place * HOUR_S, pay_js=text)
    commit(root, "words", FIRST_S + 4 * HOUR_S, readme="x")
    return root
