"""How the suite is spread over two processes: a file stays together, the long ones come first."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("suite", deadline=None)
"""What a machine is busy with says nothing of the code."""
settings.load_profile("suite")

TESTS = Path(__file__).parent
LONG = ("promises", "endings", "quality", "bench")
"""Folders in the order in which they are handed out."""
TOGETHER = {"test_the_hunt.py": "example", "test_replay_and_resume.py": "example"}
"""Files that share a hunt."""


def pytest_itemcollected(item: pytest.Item) -> None:
    # Not later: xdist reads the groups before anything that changes the finished list.
    name = item.path.name
    item.add_marker(pytest.mark.xdist_group(TOGETHER.get(name, str(item.path.relative_to(TESTS)))))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: _place(item.path.relative_to(TESTS).parts[0]))


def _place(folder: str) -> int:
    return LONG.index(folder) if folder in LONG else len(LONG)
