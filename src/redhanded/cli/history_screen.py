"""Who changed what `redhanded explore` shows, on the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from redhanded.case.inert import inert
from redhanded.cli.terminal import indented

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.console import Console

    from redhanded.case.journey import Beginning, History

SUSPICIOUS_SHOWN = 8
COMMITS_SHOWN = 8
LIMITS_SHOWN = 8


def show(console: Console, history: History, opened: Callable[[str], str]) -> None:
    """Suspicious calls with who changed them, commits, what came before it began, limits;
    ``opened`` gives a path as it can be opened from here."""
    from redhanded.report import history_sentences as say

    screen = _Screen(console, opened)
    known = bool(history.commits)
    screen.heading(f"What a scan finds on it{', and who changed that' if known else ''}")
    for one in history.suspicious[:SUSPICIOUS_SHOWN]:
        screen.line(f"{opened(one.location.path)}:{one.location.line}  [{one.rule}]", 2)
        screen.line(one.title, 6)
        for sentence in say.changed(one.commits) if known else ():
            screen.line(sentence, 6, hanging=2)
    screen.rest(history.suspicious, SUSPICIOUS_SHOWN, say.NO_SUSPICION)
    screen.heading("Commits that changed these lines, newest first")
    for commit in history.commits[:COMMITS_SHOWN]:
        screen.line(say.commit(commit), 2, hanging=4)
        screen.line(say.lines(commit.locations, opened), 6, hanging=2, style="dim")
    # A limit says why, where there are none.
    screen.rest(history.commits, COMMITS_SHOWN, "" if history.limits else say.NO_COMMITS)
    for limit in history.limits[:LIMITS_SHOWN]:
        screen.line(limit, 2, hanging=2, style="dim")
    if history.limits:
        screen.rest(history.limits, LIMITS_SHOWN, "")
    if history.beginning is not None:
        screen.beginning(history.beginning)
    console.print()


class _Screen:
    def __init__(self, console: Console, opened: Callable[[str], str]) -> None:
        self.console = console
        self.opened = opened

    def heading(self, words: str) -> None:
        self.console.print(Text(words, style="bold"))

    def line(self, words: str, indent: int, *, hanging: int = 0, style: str = "") -> None:
        indented(self.console, inert(words), indent=indent, hanging=hanging, style=style)

    def rest(self, values: Sequence[object], shown: int, none: str) -> None:
        """What is not shown, or that there is nothing."""
        if not values and none:
            self.line(none, 2, style="dim")
        elif len(values) > shown:
            self.line(f"{len(values) - shown} more (--format json has all)", 2, style="dim")

    def beginning(self, value: Beginning) -> None:
        from redhanded.report import history_sentences as say

        self.heading("Just before it began")
        self.line(say.began(value), 2, hanging=2, style="red")
        for marker in value.markers:
            self.line(say.marker(marker, value.at_ms), 2, hanging=4)
        for commit in value.commits:
            self.line(say.recent(commit, self.opened), 2, hanging=4)
        if (nothing := say.nothing_before(value)) is not None:
            self.line(nothing, 2, style="dim")
