"""What the README shows was generated from what was recorded and measured."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from redhanded.actions import ACTIONS

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "docs"))

import tables  # noqa: E402
import transcript  # noqa: E402
from section import replaced, section  # noqa: E402

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_transcript_is_the_recorded_one() -> None:
    recorded = transcript.TRANSCRIPT.read_text(encoding="utf-8")
    assert recorded.startswith("$ make hunt\n"), "record it: docs/transcript.py --record make hunt"
    assert section(README, transcript.NAME) == transcript.fenced(recorded)


def test_the_figures_are_the_measured_ones() -> None:
    measured = tables.quoted(tables.RESULTS.read_text(encoding="utf-8"))
    assert "|" in measured
    assert section(README, tables.NAME) == measured


def test_the_commands_are_those_that_there_are() -> None:
    rows = [f"| `{action.name}` | {action.says} |" for action in ACTIONS]
    assert [row for row in rows if row not in README] == []


def test_a_section_is_put_in_and_found_again() -> None:
    text = "a\n<!-- x -->\n<!-- /x -->\nb\n"
    once = replaced(text, "x", "body\n\nmore")
    assert section(once, "x") == "body\n\nmore"
    assert replaced(once, "x", "body\n\nmore") == once
    assert replaced(once, "x", "") == text


@pytest.mark.parametrize("text", ["none", "<!-- x -->", "<!-- /x --> <!-- x -->"])
def test_missing_markers_are_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="x"):
        section(text, "x")


def test_recording_drops_colours_and_machine_paths() -> None:
    raw = f"\x1b[1mobserve\x1b[0m  \nThe report: {ROOT}/examples/x.html\r\n{Path.home()}/y\n\n"
    assert transcript.cleaned(raw) == "observe\nThe report: ./examples/x.html\n~/y\n"


def test_headings_tables_and_bold_figures_are_quoted() -> None:
    page = "# Title\n\nprose\n\n## One\n\nmore prose\n\n| a |\n| --- |\n\nratio: **2.0**\n"
    assert tables.quoted(page) == "### One\n\n| a |\n| --- |\n\nratio: **2.0**"
