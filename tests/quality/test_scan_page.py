"""What docs/scan.md shows is what the commands print today."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "docs"))

import scans  # noqa: E402
from section import section  # noqa: E402


@pytest.mark.parametrize("name", scans.COMMANDS)
def test_the_output_is_that_of_today(name: str) -> None:
    page = scans.PAGE.read_text(encoding="utf-8")
    assert section(page, name) == scans.shown(scans.COMMANDS[name]), "run docs/scans.py"
