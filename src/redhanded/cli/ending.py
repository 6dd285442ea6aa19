"""What stands on the terminal when a hunt is over, and its exit code. All of it is the case's."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.text import Text

from redhanded.cli.terminal import indented

if TYPE_CHECKING:
    from rich.console import Console

    from redhanded.case.case import Case

EXIT_CODES = {"REFUTED": 0, "CONFIRMED": 1, "UNDECIDED": 4}
STYLES = {"REFUTED": "bold green", "CONFIRMED": "bold red", "UNDECIDED": "bold yellow"}


def exit_code(case: Case) -> int:
    """0 nothing within the bound, 1 a failure was caught, 4 undecided."""
    return EXIT_CODES[case.outcome]


def show(console: Console, case: Case, page: Path | None) -> None:
    """Root cause, failing order, fix, proof, limits, and where the report is."""
    from redhanded.report import order, sentences

    say = _Printer(console)
    console.print()
    console.print(Text(case.outcome, style=STYLES[case.outcome]))
    indented(console, sentences.headline(case), style="bold")
    if case.root_cause is not None:
        say.lines(f"{place.path}:{place.line}  {place.role}" for place in case.root_cause.locations)
    if case.reproduction is not None:
        if case.reproduction.run is not None:
            say.heading("The order that fails")
            say.block(
                order.in_columns(
                    case.reproduction.run,
                    case.reproduction.schedule,
                    width=min(console.width, 100) - 2,
                )
            )
        say.heading("What was measured")
        for natural in (case.natural, case.simultaneous):
            if natural is not None:
                say.lines([f"Left to itself ({natural.name}): {sentences.natural(natural)}."])
        say.lines(sentences.reproduction(case.reproduction))
        say.lines(f"{other.question} {other.answer}" for other in case.reproduction.alternatives)
    if case.fix is not None:
        say.heading(f"The change, on branch {case.fix.branch}")
        say.lines(sentences.fix(case.fix))
        say.table(case)
    if case.proof is not None:
        say.heading("The proof")
        say.lines(
            [
                f"The new test: on the old code {sentences.counted(case.proof.before)}, "
                f"on the fixed code {sentences.counted(case.proof.after)}.",
                case.proof.statement,
            ]
        )
    if case.limits:
        say.heading("Limits")
        say.lines(case.limits)
    say.heading("What to do")
    say.lines(step.replace("`", "") for step in sentences.what_to_do(case))
    if page is not None:
        say.lines([f"The report: {page}"])
    seconds = sum(case.timings_s.values())
    ended = f"Case {case.identifier}, {seconds:.0f} s, exit code {exit_code(case)}."
    console.print()
    console.print(Text(ended, style="dim"))


class _Printer:
    """Indented lines below headings, wrapped with a hanging indent."""

    def __init__(self, console: Console) -> None:
        self.console = console

    def heading(self, words: str) -> None:
        self.console.print()
        self.console.print(Text(words, style="bold"))

    def lines(self, sentences: Iterable[str]) -> None:
        for sentence in sentences:
            indented(self.console, sentence)

    def block(self, lines: Iterable[str]) -> None:
        """Lines whose columns must stay where they are."""
        for line in lines:
            style = "red" if line.startswith("FAILS") else "bold" if line[:1].isdigit() else ""
            self.console.print(Text("  " + line, style=style), no_wrap=True, overflow="ellipsis")

    def table(self, case: Case) -> None:
        """Every subset of the parts and what each did."""
        from rich.box import SIMPLE
        from rich.table import Table

        from redhanded.report import sentences

        if case.fix is None or not case.fix.subsets:
            return
        table = Table(box=SIMPLE, pad_edge=False, show_edge=False)
        for name in ("parts", "outcome", "forced", "same instant", "late", "explored"):
            table.add_column(name, justify="right" if name == "explored" else "left")
        for result in case.fix.subsets:
            table.add_row(
                Text(sentences.parts(result)),
                Text(result.outcome, style="green" if result.outcome == "holds" else "red"),
                Text(result.forced),
                Text(result.early),
                Text(result.late),
                f"{result.explored:,}",
            )
        self.console.print()
        with self.console.capture() as captured:
            self.console.print(Padding(table, (0, 0, 0, 2)))
        for line in captured.get().splitlines():
            self.console.out(line.rstrip(), highlight=False)
