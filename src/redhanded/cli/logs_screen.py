"""What logs say, on one screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from redhanded.case.inert import inert
from redhanded.case.times import clock, span
from redhanded.case.wording import brief
from redhanded.cli.terminal import WIDTH_MAX, indented

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console

    from redhanded.case.evidence import Evidence
    from redhanded.case.log_analysis import Candidate, LogAnalysis
    from redhanded.case.symptom import Series, Symptom

LIMITS_SHOWN = 4
CANDIDATES_SHOWN = 3
LABEL_WIDTH = 12


def show(console: Console, value: LogAnalysis, page: object = None) -> None:
    """Symptom, rate, onset, differences with their lines, company, limits, what to run next."""
    screen = _Screen(console)
    if value.comparison is not None:
        screen.comparison(value)
    elif value.symptom is None:
        screen.nothing(value)
    else:
        screen.symptom(value.symptom)
    screen.pair("read", [_read(value)])
    if value.comparison is not None or value.symptom is not None:
        screen.differences(value)
    screen.orders(value)
    screen.candidates(value.candidates)
    screen.limits(value.limits)
    screen.next(value.next_command, page)


def _read(value: LogAnalysis) -> str:
    from redhanded.report import log_sentences

    return log_sentences.read(value)


class _Screen:
    """Labels on the left, sentences on the right; lines of logs are cut to the width."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.width = min(console.width, WIDTH_MAX)

    def symptom(self, value: Symptom) -> None:
        from redhanded.report import log_sentences as say

        self.console.print(Text(inert(value.template or value.text), style="bold red"))
        if value.chosen:
            self.pair("chosen", [f"by itself: {value.chosen}"])
        if refused := say.refused(value):
            self.pair("refused", [refused])
        self.pair("how often", [say.how_often(value)])
        self.pair("since when", say.since_when(value))
        if value.series is not None:
            self.series(value.series)
        for position, said in enumerate(say.together(value)):
            self.pair("together" if not position else "", [said.words])
            self.lines(said.lines[:1] if position else ())

    def comparison(self, value: LogAnalysis) -> None:
        compared = value.comparison
        if compared is None:
            return
        self.console.print(Text("The bad run against the good one", style="bold"))
        for name, files, entries in (
            ("good", compared.good, compared.good_entries),
            ("bad", compared.bad, compared.bad_entries),
        ):
            self.pair(name, [f"{', '.join(files)}: {entries:,} entries"])
        self.pair("compared", [compared.unit])

    def nothing(self, value: LogAnalysis) -> None:
        from redhanded.report.log_sentences import NOTHING_FOUND

        self.console.print(Text("No symptom", style="bold green"))
        self.pair("", [NOTHING_FOUND])

    def series(self, value: Series) -> None:
        """Failing and all, one above the other, with the ends of the time below."""
        from redhanded.report.sparkline import sparkline

        room = max(self.width - 2 - LABEL_WIDTH - 20, 20)
        failing = sparkline(value.failing, width=room)
        everything = sparkline(value.all, width=room)
        most, all_most = max(value.failing, default=0), max(value.all, default=0)
        step = span(value.step_ms * -(-len(value.all) // room))
        self._row("", Text(f"{failing}  failing, at most {most:,}", style="red"))
        self._row("", Text(f"{everything}  all {value.unit}, at most {all_most:,}"))
        end = value.start_ms + value.step_ms * len(value.all)
        ends = f"{clock(value.start_ms)}{clock(end):>{max(len(failing) - 8, 9)}} UTC, {step} each"
        self._row("", Text(ends, style="dim"))

    def differences(self, value: LogAnalysis) -> None:
        from redhanded.report import log_sentences as say

        known = say.strongest(value)
        self.heading("What is different")
        if not known:
            self.pair("", [say.NOTHING_SIGNIFICANT], label_width=0)
        for position, one in enumerate(known, start=1):
            indented(self.console, inert(f"{position}. {say.difference(one)}"), hanging=3)
            self.lines(one.examples[:2], indent=5)
            if one.also:
                words = f"the same ones: {'; '.join(one.also[:3])}"
                self._cut(inert(words), indent=5, style="dim")
        left = len(say.differences(value)) - len(known)
        if left > 0:
            self._cut(f"and {left:,} more (--format json)", indent=2, style="dim")

    def orders(self, value: LogAnalysis) -> None:
        """The pair that came nearest to the order that was never seen."""
        from redhanded.report import log_sentences as say

        if not value.orders:
            return
        self.heading("Never seen the other way round")
        indented(self.console, inert(say.order(value.orders[0])), hanging=2)
        if len(value.orders) > 1:
            left = len(value.orders) - 1
            self._cut(f"and {left:,} more (--format json)", indent=2, style="dim")

    def candidates(self, known: Iterable[Candidate]) -> None:
        others = list(known)
        if not others:
            return
        self.heading("Or another symptom")
        for one in others[:CANDIDATES_SHOWN]:
            self._cut(inert(f"{one.entries:,} × {one.level}  {one.text}"), indent=2, style="")
        if len(others) > CANDIDATES_SHOWN:
            left = len(others) - CANDIDATES_SHOWN
            self._cut(f"and {left:,} more (--format json)", indent=2, style="dim")

    def limits(self, limits: tuple[str, ...]) -> None:
        if not limits:
            return
        self.heading("Limits")
        for limit in limits[:LIMITS_SHOWN]:
            indented(self.console, inert(f"- {limit}"), hanging=2, style="dim")
        if len(limits) > LIMITS_SHOWN:
            left = len(limits) - LIMITS_SHOWN
            indented(self.console, f"- and {left:,} more (--format json)", style="dim")

    def next(self, command: str, page: object) -> None:
        if page is not None:
            self.heading("Report")
            self.console.out(f"  {page}", highlight=False)
        if command:
            self.heading("Next")
            self.console.out(f"  {inert(command)}", highlight=False)

    def heading(self, words: str) -> None:
        self.console.print()
        self.console.print(Text(words, style="bold"))

    def pair(self, label: str, sentences: Iterable[str], *, label_width: int = LABEL_WIDTH) -> None:
        """A label, and sentences beside it, each beginning on a line of its own."""
        from redhanded.cli.terminal import set_in

        for sentence in sentences:
            room = self.width - 2 - label_width
            for line in set_in(self.console, inert(sentence), room):
                self._row(label, line, label_width=label_width)
                label = ""

    def lines(self, evidence: Iterable[Evidence], *, indent: int = 2 + LABEL_WIDTH) -> None:
        """Lines of logs with their places, each cut to one line of the screen."""
        for one in evidence:
            words = f"{one.path}:{one.line}  {brief(one.text, length=self.width)}"
            self._cut(inert(words), indent=indent, style="dim")

    def _row(self, label: str, line: Text, *, label_width: int = LABEL_WIDTH) -> None:
        begin = Text(f"  {label:<{label_width}}", style="dim")
        self.console.print(begin + line, no_wrap=True, overflow="ignore", crop=False)

    def _cut(self, words: str, *, indent: int, style: str) -> None:
        line = Text(" " * indent + " ".join(words.split()), style=style)
        line.truncate(self.width, overflow="ellipsis")
        self.console.print(line, no_wrap=True, overflow="ignore", crop=False)
