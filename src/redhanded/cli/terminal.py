"""A person watching: what is being done, why, how far; and the questions at the gates.

On a terminal one live line shows the step and its progress; elsewhere each new step is a plain
line on stderr. With ``--format json`` all of it goes to stderr.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.box import ROUNDED
from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text

from redhanded.cli.options import Format

TENTHS = 10


def console_for(format: Format, *, no_color: bool) -> Console:
    """Where findings go: stdout for a person, stderr beside a JSON document."""
    return Console(
        stderr=format is Format.JSON,
        no_color=no_color or None,
        highlight=False,
        soft_wrap=False,
        emoji=False,
    )


@contextmanager
def watching(console: Console, *, yes: bool) -> Iterator[Terminal]:
    """A listener that leaves the terminal as it was, however the block ends."""
    terminal = Terminal(console, yes=yes)
    try:
        yield terminal
    finally:
        terminal.rest()


def indented(console: Console, sentence: str, *, indent: int = 2, style: str = "") -> None:
    """Prints ``sentence`` wrapped to the width, each line indented, without trailing blanks."""
    for line in Text(sentence, style=style).wrap(console, max(console.width - indent, 20)):
        line.rstrip()
        console.print(Text(" " * indent) + line, no_wrap=True, overflow="ignore", crop=False)


class Terminal:
    """The `Listener` of the command line."""

    def __init__(self, console: Console, *, yes: bool) -> None:
        self.console = console
        self.yes = yes
        self.live: Progress | None = None
        self.task: TaskID | None = None
        self.last = ""

    def stage(self, name: str, sentence: str) -> None:
        self.rest()
        self.console.print()
        self.console.print(Text.assemble((name, "bold"), "  ", (sentence, "dim")))

    def step(self, sentence: str) -> None:
        self._show(sentence, done=None, total=None)

    def progress(self, done: int, total: int | None, sentence: str) -> None:
        self._show(sentence, done=done, total=total)

    def finding(self, sentence: str) -> None:
        indented(self.console, sentence)

    def gate(self, number: int, name: str, card: Sequence[str]) -> bool:
        """Enter passes, n stops. Nobody to ask and no ``--yes``: stops, and says how to go on."""
        self.rest()
        title = f"Gate {number}: {name}"
        body = Text("\n".join(card))
        self.console.print()
        self.console.print(Panel(body, title=escape(title), title_align="left", box=ROUNDED))
        if self.yes:
            self.console.print(f"  gate {number} passed by --yes")
            return True
        if not sys.stdin.isatty():
            indented(
                self.console,
                f"stopped before gate {number}: nobody can be asked here. "
                "Pass all gates with --yes, or go on in a terminal with --resume.",
            )
            return False
        return self._asked()

    def rest(self) -> None:
        """Takes the live line away."""
        if self.live is not None:
            self.live.stop()
            self.live, self.task = None, None

    def _asked(self) -> bool:
        try:
            answer = self.console.input("  Enter goes on, n stops here: ")
        except EOFError:
            return False
        return answer.strip().lower() not in ("n", "no", "q", "quit", "stop")

    def _show(self, sentence: str, *, done: int | None, total: int | None) -> None:
        if self.console.is_terminal:
            self._live(sentence, done, total)
            return
        counted = _counted(done, total)
        tenth = "" if done is None or not total else str(TENTHS * done // total)
        if (key := f"{sentence} {tenth}") != self.last:
            self.last = key
            sys.stderr.write(f"  {sentence}{counted}\n")
            sys.stderr.flush()

    def _live(self, sentence: str, done: int | None, total: int | None) -> None:
        words = f"{sentence}{_counted(done, total)}"
        room = max(self.console.width - 42, 20)
        words = words if len(words) <= room else words[: room - 1] + "…"
        if self.live is None or self.task is None:
            self.live = Progress(
                SpinnerColumn("line"),
                TextColumn("{task.description}", markup=False),
                BarColumn(bar_width=20),
                TimeElapsedColumn(),
                console=self.console,
                transient=True,
                refresh_per_second=8,
            )
            self.task = self.live.add_task(words, total=None)
            self.live.start()
        self.live.update(
            self.task, description=words, completed=done or 0, total=total if done else None
        )


def _counted(done: int | None, total: int | None) -> str:
    if done is None:
        return ""
    return f" ({done:,} of {total:,})" if total else f" ({done:,})"
