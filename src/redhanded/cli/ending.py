"""What stands on the terminal when a hunt is over, and its exit code. All of it is the case's."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.text import Text

from redhanded.cli.terminal import WIDTH_MAX, indented

if TYPE_CHECKING:
    from rich.console import Console

    from redhanded.case.case import Case
    from redhanded.case.fix import Fix, SubsetResult

EXIT_CODES = {"REFUTED": 0, "CONFIRMED": 1, "UNDECIDED": 4}
STYLES = {"REFUTED": "bold green", "CONFIRMED": "bold red", "UNDECIDED": "bold yellow"}
OUTCOMES = {"holds": "green", "fails": "red"}


def exit_code(case: Case) -> int:
    """0 nothing within the bound, 1 a failure was caught, 4 undecided."""
    return EXIT_CODES[case.outcome]


def show(console: Console, case: Case, page: Path | None) -> None:
    """Root cause, failing order, fix, proof, limits, and where the report is."""
    from redhanded.report import sentences

    say = _Printer(console)
    console.print()
    console.print(Text(case.outcome, style=STYLES[case.outcome]))
    indented(console, sentences.headline(case), style="bold")
    say.lines([each for each in [sentences.sentence(case)] if each])
    say.lines(sentences.details(case), hanging=4)
    if case.root_cause is not None:
        console.print()
        say.pairs((place.role, f"{place.path}:{place.line}") for place in case.root_cause.locations)
    _order(say, case)
    _measured(say, case)
    if case.fix is not None:
        say.heading(f"The change, on branch {case.fix.branch}")
        say.parts(case.fix)
        say.table(case, case.fix)
    if case.proof is not None:
        say.heading("The proof")
        say.lines(sentences.apart(case.proof.statement))
    limits = sentences.limits(case)
    if limits:
        say.heading("Limits")
        say.lines(f"- {limit}" for limit in limits)
    _next(say, case, page)


def _order(say: _Printer, case: Case) -> None:
    from redhanded.report import order, sentences

    found = case.reproduction
    if found is None or found.run is None or not found.run.operations:
        return
    say.heading("The order that fails")
    say.lines(sentences.failures(case)[:3], style="red")
    say.console.print()
    width = min(say.console.width, WIDTH_MAX) - 2
    say.block(order.in_columns(found.run, found.schedule, width=width, essential=True))


def _measured(say: _Printer, case: Case) -> None:
    from redhanded.report import sentences

    if case.reproduction is None:
        return
    say.heading("What was measured")
    say.lines(
        (
            f"{row.failures:,} of {row.trials:,} failed {row.name} ({row.how})."
            for row in sentences.baselines(case)
        ),
        hanging=2,
    )
    said = sentences.reproduction(case.reproduction)
    say.lines(each for each in said if not each.startswith(sentences.IN_BASELINES))
    say.lines(f"{other.question} {other.answer}" for other in case.reproduction.alternatives)


def _next(say: _Printer, case: Case, page: Path | None) -> None:
    from redhanded.report import sentences

    folder = page.parent.resolve() if page is not None else None
    say.heading("What to do")
    for step in sentences.what_to_do(case, folder):
        say.lines([step.words])
        if step.command:
            say.command(step.command)
    if laid_out := sentences.laid_out(case, folder):
        say.lines([f"({laid_out})"])
    if page is not None:
        say.lines(["Open the report:"])
        say.command(str(page))
    if case.gates:
        passed = ", ".join(f"{gate.number} {gate.name} {gate.decision}" for gate in case.gates)
        by = ", ".join(dict.fromkeys(gate.by for gate in case.gates))
        say.console.print()
        indented(say.console, f"Gates: {passed}, by {by}.", indent=0, style="dim")
    spent = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in case.timings_s.items())
    total = sum(case.timings_s.values())
    ended = f"Case {case.identifier}, {total:.0f} s, exit code {exit_code(case)}."
    if spent:
        ended += f" Time: {spent}."
    say.console.print()
    indented(say.console, ended, indent=0, style="dim")


class _Printer:
    """Indented lines below headings, wrapped with a hanging indent."""

    def __init__(self, console: Console) -> None:
        self.console = console

    def heading(self, words: str) -> None:
        self.console.print()
        self.console.print(Text(words, style="bold"))

    def lines(self, sentences: Iterable[str], *, hanging: int = 0, style: str = "") -> None:
        for sentence in sentences:
            indented(self.console, sentence, hanging=hanging, style=style)

    def pairs(self, rows: Iterable[tuple[str, str]]) -> None:
        """Names and values in two columns."""
        known = list(rows)
        width = max((len(name) for name, _ in known), default=0)
        for name, value in known:
            self.console.out(f"  {name:<{width}}  {value}", highlight=False)

    def command(self, line: str) -> None:
        """Something to copy: never wrapped, whatever the width."""
        self.console.out(f"    {line}", highlight=False)

    def block(self, lines: Iterable[str]) -> None:
        """Lines whose columns must stay where they are."""
        for line in lines:
            style = "red" if line.startswith("FAILS") else "bold" if line[:1].isdigit() else ""
            self.console.print(Text("  " + line, style=style), no_wrap=True, overflow="ellipsis")

    def parts(self, fix: Fix) -> None:
        """What each part is called, and why the chosen ones are right."""
        from redhanded.report.sentences import full_stop

        for part in fix.parts:
            said = f"{full_stop(part.title)} {full_stop(part.why)}"
            if part.tempting:
                said = f"{part.title} (tempting; measured, never proposed)"
            indented(self.console, f"{part.key:<3} {said}", hanging=4)

    def table(self, case: Case, fix: Fix) -> None:
        """Every subset of the parts and what each did, and why where it does not hold."""
        from rich.box import SIMPLE
        from rich.table import Table

        from redhanded.report import sentences

        if not fix.subsets:
            return
        table = Table(box=SIMPLE, pad_edge=False, show_edge=False)
        for name in ("parts", "outcome", "forced", "same instant", "late", "more"):
            table.add_column(name, justify="right" if name == "more" else "left", no_wrap=True)
        for result in fix.subsets:
            table.add_row(
                Text(sentences.parts(result) + (" *" if result.parts == fix.chosen else "")),
                Text(result.outcome, style=OUTCOMES.get(result.outcome, "yellow")),
                Text(result.forced or "-"),
                Text(result.early or "-"),
                Text(result.late or "-"),
                f"{result.explored:,}",
            )
        self.console.print()
        with self.console.capture() as captured:
            self.console.print(Padding(table, (0, 0, 0, 2)))
        for line in captured.get().splitlines():
            self.console.out(line.rstrip(), highlight=False)
        self.lines(["* proposed; more: further orders explored"])
        self._reasons(case, fix.subsets)

    def _reasons(self, case: Case, results: Iterable[SubsetResult]) -> None:
        from redhanded.report import sentences

        for result in results:
            reasons = sentences.not_met(result, case.reproduction), sentences.error(result)
            if said := "; ".join(filter(None, reasons)):
                indented(self.console, f"{sentences.parts(result)}: {said}", hanging=4)
