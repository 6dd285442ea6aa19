"""What a scan found, on one screen."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text

from redhanded.case.inert import inert
from redhanded.cli.terminal import indented

if TYPE_CHECKING:
    from rich.console import Console

    from redhanded.case.finding import Step
    from redhanded.case.scan import Reported, Scan, ScanRule

FULL_MAX = 10
"""Findings told with their steps; further ones get a line each, unless they are explained."""
STEPS_MAX = 8
LIMITS_MAX = 8
REMARKS_MAX = 8


def show(console: Console, scan: Scan, *, explained: bool = False) -> None:
    """Findings, ranked; totals; what was not read; how to accept one."""
    _Screen(console, scan, explained=explained).all()


class _Screen:
    def __init__(self, console: Console, scan: Scan, *, explained: bool) -> None:
        self.console = console
        self.scan = scan
        self.explained = explained
        self.here = Path.cwd()
        self.rules = {rule.name: rule for rule in scan.rules}

    def all(self) -> None:
        from redhanded.report.scan_sentences import limits

        findings = self.scan.findings
        full = findings if self.explained else findings[:FULL_MAX]
        for one in full:
            self.finding(one)
        if len(findings) > len(full):
            self.heading("More")
            for one in findings[len(full) :]:
                self.row(one)
        self.list("Comments that suppress nothing", self.remarks(), REMARKS_MAX)
        self.list("Limits", list(limits(self.scan)), LIMITS_MAX)
        self.ending()

    def finding(self, one: Reported) -> None:
        """Title, place, message, the order of events, what to do."""
        from redhanded.report.scan_sentences import called_at, callers

        finding = one.finding
        title = Text()
        title.append(f"{one.rank:>2}  ", "dim")
        title.append(f"{one.score:.2f}  ", "bold red" if one.fails else "bold yellow")
        title.append(inert(one.title), "bold")
        rule = f"[{finding.rule}]"
        if (state := self.state(one)) != "":
            rule = f"{rule}  {state}"
        # Where both do not fit on a line, the rule stands beside the place.
        fits = title.cell_len + 2 + len(rule) <= self.console.width
        place = Text(f"    {self.place(finding.location)}", "cyan")
        (title if fits else place).append(f"  {rule}", "dim")
        self.console.print(title, no_wrap=True, overflow="ignore", crop=False)
        self.console.print(place, no_wrap=True, overflow="ignore", crop=False)
        if finding.package:
            self.say(f"in the package {finding.package}")
        self.say(finding.message)
        called = callers(finding)
        for number, step in enumerate(finding.steps[:STEPS_MAX], 1):
            self.step(number, step)
            if (calls := called.get(number - 1)) is not None:
                self.say(called_at(calls, self.place), 9, hanging=2)
        if len(finding.steps) > STEPS_MAX:
            self.say(f"… {len(finding.steps) - STEPS_MAX} more steps (--format json has all)", 6)
        self.confirmation(one)
        self.also(one)
        if one.remedy:
            self.say(f"remedy: {one.remedy}")
        if self.explained and finding.rule in self.rules:
            self.explain(one, self.rules[finding.rule])
        self.console.print()

    def confirmation(self, one: Reported) -> None:
        """What the lab said, and the command that makes it happen again."""
        from redhanded.report.scan_sentences import confirmation, replay, untried

        if not untried(self.scan) and (said := confirmation(one)):
            self.say(said, hanging=2)
        if command := replay(self.scan, one, self.here):
            self.say("again:")
            self.console.out(f"      {inert(command)}", highlight=False)

    def step(self, number: int, step: Step) -> None:
        says = step.says.replace(f" ({step.location})", "")
        self.say(f"{number}. {says} [{self.place(step.location)}]", 6, hanging=3)

    def also(self, one: Reported) -> None:
        others = one.finding.also_from
        if others:
            more = f" and {len(others) - 3} more" if len(others) > 3 else ""
            self.say(f"also from: {', '.join(others[:3])}{more}")

    def explain(self, one: Reported, rule: ScanRule) -> None:
        from redhanded.report.scan_sentences import how_to_accept

        self.say(f"score {one.score:.2f}, because")
        for reason in one.finding.reasons:
            place = f" [{self.place(reason.location)}]" if reason.location else ""
            self.say(f"{reason.weight:+.2f} {reason.says}{place}", 6, hanging=6)
        self.say(f"wrong: {rule.wrong}", hanging=2)
        for sentence in rule.safe:
            self.say(f"safe: {sentence}", hanging=2)
        self.say(f"to decide it: {rule.experiment}", hanging=2)
        self.say(f"to accept it: {how_to_accept(one)}", hanging=2)

    def row(self, one: Reported) -> None:
        """A finding on one line."""
        head = f"{one.rank:>2}  {one.score:.2f}  {one.finding.rule}"
        subject = f" ({one.finding.subject})" if one.finding.subject else ""
        where = self.place(one.finding.location)
        if one.finding.package:
            where = f"{where}  in {one.finding.package}"
        self.console.print(
            Text(f"{inert(head)}{inert(subject)}  {where}"),
            no_wrap=True,
            overflow="ignore",
            crop=False,
        )

    def remarks(self) -> list[str]:
        return [f"{self.place(one.location)}: {one.says}" for one in self.scan.remarks]

    def list(self, title: str, sentences: list[str], most: int) -> None:
        if not sentences:
            return
        self.heading(title)
        for sentence in sentences[:most]:
            self.say(sentence, 2, hanging=2)
        if len(sentences) > most:
            self.say(f"{len(sentences) - most} more (--format json has all)", 2)

    def ending(self) -> None:
        from redhanded.report import scan_sentences as say

        scan = self.scan
        if scan.remarks or scan.limits:
            self.console.print()
        style = "bold red" if scan.fails else "bold green" if not scan.counts.new else "bold"
        told = "; ".join((say.totals(scan), *say.not_shown(scan, scan.findings)))
        if happened := say.confirmed(scan):
            told = f"{told}; {happened}"
        indented(self.console, told, indent=0, style=style)
        if why := say.untried(scan):
            indented(self.console, inert(why), indent=0)
        if scan.gone:
            self.list("In the baseline and no longer found", list(say.gone(scan)), LIMITS_MAX)
        if scan.written:
            indented(self.console, f"written: {scan.written}", indent=0)
        if scan.findings:
            first = scan.findings[0]
            if not self.explained:
                indented(self.console, "--explain says why each was found.", indent=0, style="dim")
                accept = f"To accept one, give the reason on its line: {say.how_to_accept(first)}"
                indented(self.console, accept, indent=0, style="dim")
        closing = f"{scan.seconds:.1f} s, {say.outcome(scan)}"
        indented(self.console, closing, indent=0, style="dim")

    def heading(self, words: str) -> None:
        self.console.print(Text(words, style="bold"))

    def say(self, sentence: str, indent: int = 4, *, hanging: int = 0) -> None:
        """A sentence of the scan, its places as they can be opened from here."""
        from redhanded.report.scan_sentences import opened_in

        words = opened_in(inert(sentence), self.scan.root, self.here)
        indented(self.console, words, indent=indent, hanging=hanging)

    def place(self, at: object) -> str:
        from redhanded.case.evidence import Location
        from redhanded.report.scan_sentences import place

        assert isinstance(at, Location)
        return inert(place(self.scan, at, self.here))

    def state(self, one: Reported) -> str:
        from redhanded.report.scan_sentences import STATES

        state = STATES.get(one.state, one.state)
        return f"{state}: {inert(one.because)}" if one.because else state
