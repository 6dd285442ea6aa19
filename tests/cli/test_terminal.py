from __future__ import annotations

import io

import pytest
from rich.console import Console

from redhanded.cli.options import Format
from redhanded.cli.terminal import Terminal, console_for, indented


def plain(width: int = 80) -> tuple[Console, io.StringIO]:
    out = io.StringIO()
    return Console(file=out, width=width, highlight=False, emoji=False), out


def test_an_activity_is_one_line_however_often_it_counts(
    capsys: pytest.CaptureFixture[str],
) -> None:
    terminal = Terminal(plain()[0], yes=True)
    terminal.step("starting db")
    for number in range(1, 21):
        terminal.progress(number, 20, "replaying the order")
    terminal.step("starting db")
    terminal.finding("done")
    assert capsys.readouterr().err == "  · starting db\n  · replaying the order (20 of 20)\n"


def test_items_of_one_count_share_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    terminal = Terminal(plain()[0], yes=True)
    for number, parts in enumerate(("nothing", "a", "a + b"), 1):
        terminal.progress(number, 3, f"the system with {parts}")
    terminal.progress(1, 3, "another thing counted")
    terminal.rest()
    assert capsys.readouterr().err == (
        "  · the system with nothing; a; a + b (3 of 3)\n  · another thing counted (1 of 3)\n"
    )


def test_many_items_are_wrapped_and_all_there(capsys: pytest.CaptureFixture[str]) -> None:
    terminal = Terminal(plain(60)[0], yes=True)
    for number in range(1, 31):
        terminal.progress(number, 30, f"the system with part{number}")
    terminal.rest()
    told = capsys.readouterr().err
    assert all(f"part{number}" in told for number in range(1, 31))
    assert max(map(len, told.splitlines())) <= 60
    assert "\n\n" not in told


def test_a_place_stays_whole_and_every_line_fits() -> None:
    console, out = plain(50)
    indented(console, "    a short one  [src/a.js:3]")
    indented(
        console, "  a long one that must be wrapped somewhere  [src/services/b.js:12]", hanging=2
    )
    lines = out.getvalue().splitlines()
    assert lines[0] == "      a short one  [src/a.js:3]"
    assert lines[-1].strip() == "[src/services/b.js:12]"
    assert lines[1].startswith("    a long one")
    assert lines[2].startswith("      ")
    assert max(map(len, lines)) <= 50


def test_no_word_is_lost_in_wrapping() -> None:
    console, out = plain(30)
    words = "one two three four five six seven eight nine ten eleven twelve"
    indented(console, words, hanging=4)
    assert out.getvalue().split() == words.split()


def test_a_diff_on_a_card_is_coloured() -> None:
    out = io.StringIO()
    console = Console(
        file=out, width=60, force_terminal=True, color_system="standard", highlight=False
    )
    Terminal(console, yes=True).gate(3, "diff", ["+ added", "- removed", "same"])
    lines = out.getvalue().splitlines()
    assert any("\x1b[32m+ added" in line for line in lines)
    assert any("\x1b[31m- removed" in line for line in lines)


def test_a_file_gets_a_fixed_width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    assert console_for(Format.HUMAN, no_color=True).width == 100
    monkeypatch.setenv("COLUMNS", "72")
    assert console_for(Format.HUMAN, no_color=True).width == 72
