"""A person watching: what is being done, why, how far; and the questions at the gates.

On a terminal one live line shows the activity, how far it is and for how long it has been going
on. Elsewhere each activity is one line on stderr: written when it begins, ended when it ends, with
its count and its seconds. With ``--format json`` all of it goes to stderr.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING

from rich.box import ROUNDED
from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.text import Text

from redhanded.cli.options import Format

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

WIDTH_MAX = 110
ALIKE_MIN = 3
PLAIN_WIDTH = 100
"""Where the output goes to a file or another program, which have no width of their own."""
ROOM_MIN = 20
COUNT_ROOM = 18

_PLACE = re.compile(r"\s+(\[[^\[\]\s]+(?::\d+)?\])$")
_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


def console_for(format: Format, *, no_color: bool) -> Console:
    """Where findings go: stdout for a person, stderr beside a JSON document."""
    console = Console(
        stderr=format is Format.JSON,
        no_color=no_color or None,
        highlight=False,
        soft_wrap=False,
        emoji=False,
    )
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = PLAIN_WIDTH
    return console


@contextmanager
def watching(console: Console, *, yes: bool) -> Iterator[Terminal]:
    """A listener that leaves the terminal as it was, however the block ends."""
    terminal = Terminal(console, yes=yes)
    try:
        yield terminal
    finally:
        terminal.rest()


@contextmanager
def reading(*, no_color: bool) -> Iterator[Callable[[str], None]]:
    """Tells on stderr what is being read; on a terminal one line, which is gone afterwards."""
    console = Console(stderr=True, no_color=no_color or None, highlight=False, emoji=False)
    if not console.is_terminal:
        yield lambda sentence: _write(f"redhanded: {sentence}\n")
        return
    with watching(console, yes=False) as terminal:
        yield terminal.step


def indented(
    console: Console, sentence: str, *, indent: int = 2, hanging: int = 0, style: str = ""
) -> None:
    """Prints ``sentence`` wrapped to the width, each line indented, without trailing blanks.

    Blanks that it begins with are kept on each of its lines. A place in brackets at its end stays
    whole: on the same line where it fits, otherwise on the next. Lines after the first are set in
    by ``hanging`` more.
    """
    width = min(console.width, WIDTH_MAX) - indent
    for line in set_in(console, sentence, width, hanging=hanging, style=style):
        console.print(Text(" " * indent) + line, no_wrap=True, overflow="ignore", crop=False)


def set_in(
    console: Console, sentence: str, width: int, *, hanging: int = 0, style: str = ""
) -> list[Text]:
    """The lines of ``sentence``, as `indented` prints them."""
    words = sentence.lstrip(" ")
    blanks = " " * (len(sentence) - len(words))
    room = max(width - len(blanks), ROOM_MIN)
    place = _PLACE.search(words) if len(words) > room else None
    lines = _wrapped(console, words[: place.start()] if place else words, room, hanging, style)
    if place:
        lines.append(Text(f"{' ' * (hanging + 2)}{place.group(1)}", style))
    return [Text(blanks) + line for line in lines]


def _wrapped(console: Console, words: str, room: int, hanging: int, style: str) -> list[Text]:
    first = next(iter(Text(words).wrap(console, room)), Text())
    rest = words[len(first.plain) :].lstrip()
    narrow = max(room - hanging, ROOM_MIN)
    after = [f"{' ' * hanging}{line.plain}" for line in Text(rest).wrap(console, narrow)]
    return [Text(line.rstrip(), style) for line in (first.plain, *(after if rest else ()))]


class Terminal:
    """The `Listener` of the command line."""

    def __init__(self, console: Console, *, yes: bool) -> None:
        self.console = console
        self.yes = yes
        self.live: Progress | None = None
        self.task: TaskID | None = None
        self.plain = PlainActivities(min(console.width, WIDTH_MAX))

    def stage(self, name: str, sentence: str) -> None:
        from redhanded.case.case import STAGES

        self.rest()
        number = f"{list(STAGES).index(name) + 1}/{len(STAGES)} " if name in STAGES else ""
        self.console.print()
        self.console.print(Text(f"{number}{name}", "bold"))
        indented(self.console, sentence, style="dim")

    def step(self, sentence: str) -> None:
        self._show(sentence, done=None, total=None)

    def progress(self, done: int, total: int | None, sentence: str) -> None:
        self._show(sentence, done=done, total=total)

    def finding(self, sentence: str) -> None:
        self.plain.end()
        for line in sentence.splitlines() or [""]:
            indented(self.console, line, hanging=2)

    def gate(self, number: int, name: str, card: Sequence[str]) -> bool:
        """Enter passes, n stops. Nobody to ask and no ``--yes``: stops, and says how to go on."""
        self.rest()
        title = f"Gate {number}: {name}"
        width = min(self.console.width, WIDTH_MAX)
        body = Text("\n").join(
            line
            for each in card
            for line in set_in(
                self.console, each, width - 4, hanging=2, style=_COLOURS.get(each[:1], "")
            )
        )
        self.console.print()
        self.console.print(
            Panel(body, title=escape(title), title_align="left", box=ROUNDED, width=width)
        )
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
        """Takes the live line away, or ends the plain one."""
        self.plain.end()
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
        else:
            self.plain.show(sentence, done, total)

    def _live(self, sentence: str, done: int | None, total: int | None) -> None:
        from rich.progress import (
            BarColumn,
            Progress,
            SpinnerColumn,
            TextColumn,
            TimeElapsedColumn,
        )

        words = f"{sentence}{_counted(done, total)}"
        room = max(self.console.width - 42, ROOM_MIN)
        words = _short(words, room)
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


class PlainActivities:
    """Activities where no line can be overwritten: one line for each, however often it counts.

    The same step is not told twice. Items of one count that begin alike share a line.
    """

    def __init__(self, width: int) -> None:
        self.room = width - COUNT_ROOM
        self.current = ""
        self.column = 0
        self.alike = 0
        self.told: set[str] = set()
        self.began = 0.0
        self.done: int | None = None
        self.total: int | None = None

    def show(self, sentence: str, done: int | None, total: int | None) -> None:
        if sentence != self.current:
            self._begin(" ".join(sentence.split()), done, total)
        self.current, self.done, self.total = sentence, done, total

    def end(self) -> None:
        """Ends the open line with how far it came and how long it took."""
        if not self.column:
            return
        seconds = monotonic() - self.began
        took = f" {seconds:.0f} s" if seconds >= 1 else ""
        _write(f"{_counted(self.done, self.total)}{took}\n")
        self.current, self.column, self.alike = "", 0, 0
        self.done, self.total = None, None

    def _begin(self, sentence: str, done: int | None, total: int | None) -> None:
        if self._goes_on(done, total):
            words = sentence.split()
            alike = _alike(self.current.split(), words)
            if alike >= max(self.alike, ALIKE_MIN):
                self.alike = self.alike or alike
                self._append(f"; {' '.join(words[self.alike :])}")
                return
        self.end()
        if done is None and sentence in self.told:
            return
        self.told.add(sentence)
        self.began = monotonic()
        self._append(f"  · {_short(sentence, self.room)}")

    def _goes_on(self, done: int | None, total: int | None) -> bool:
        counted = done is not None and self.done is not None and total is not None
        return bool(
            self.column and counted and total == self.total and done == (self.done or 0) + 1
        )

    def _append(self, words: str) -> None:
        if self.column and self.column + len(words) > self.room:
            words = f";\n    {words.removeprefix('; ')}"
            self.column = 0
        self.column += len(words)
        _write(words)


def _alike(one: Sequence[str], other: Sequence[str]) -> int:
    """How many words both begin with, so that one is left of each to tell them apart."""
    most = min(len(one), len(other)) - 1
    return next((place for place in range(most) if one[place] != other[place]), most)


def _write(words: str) -> None:
    sys.stderr.write(words)
    sys.stderr.flush()


def _short(sentence: str, room: int) -> str:
    words = " ".join(sentence.split())
    return words if len(words) <= room else words[: room - 1] + "…"


def _counted(done: int | None, total: int | None) -> str:
    if done is None:
        return ""
    return f" ({done:,} of {total:,})" if total else f" ({done:,})"
