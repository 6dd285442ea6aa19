"""Paths as trees, and what touches a table, on the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text

from redhanded.case.inert import inert
from redhanded.cli.terminal import indented

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from redhanded.case.evidence import Location
    from redhanded.case.journey import Access, Hop, Journeys, TableUse

SIGNS = {"unresolved": "? ", "job": "⇒ ", "limit": "… "}
STYLES = {
    "entry": "bold",
    "job": "bold",
    "read": "green",
    "write": "red",
    "statement": "red",
    "constraint": "magenta",
    "lock": "yellow",
    "transaction": "yellow",
    "unresolved": "dim",
    "limit": "dim",
    "call": "",
}
ENTRIES_SHOWN = 3
LIMITS_SHOWN = 8


def show(console: Console, found: Journeys) -> None:
    """The trees or the table, then what was not read."""
    from redhanded.report.scan_sentences import told_once

    here = _Places(found)
    for journey in found.journeys:
        _drawn(console, journey, here)
        console.print()
    if found.table is not None:
        _table(console, found.table, here)
        console.print()
    if found.history is not None:
        from redhanded.cli import history_screen

        history_screen.show(console, found.history, here.path)
    indented(console, f"{found.files:,} files, {len(found.entries):,} entries", indent=0)
    limits = told_once(found.limits)
    for limit in limits[:LIMITS_SHOWN]:
        indented(console, f"limit: {here.said(limit)}", indent=0, hanging=2, style="dim")
    if len(limits) > LIMITS_SHOWN:
        more = f"{len(limits) - LIMITS_SHOWN} more limits (--format json has all)"
        indented(console, more, indent=0, style="dim")


def _drawn(console: Console, hop: Hop, here: _Places) -> None:
    """On a terminal no line is wider than it is, as far as places allow; elsewhere each hop is one
    line, to be searched."""
    width = console.width if console.is_terminal else None
    for line in lines(hop, here, width=width):
        console.print(line, no_wrap=True, overflow="ignore", crop=False)


def lines(
    hop: Hop, here: _Places, before: str = "", after: str = "", *, width: int | None = None
) -> list[Text]:
    """A tree: each hop on a line, what is in it below, set in. What is wider than ``width`` has its
    place, and what is around it, on a line of its own."""
    line = Text(before, "dim")
    line.append(SIGNS.get(hop.kind, ""), "dim")
    line.append(inert(hop.says), STYLES.get(hop.kind, "cyan"))
    place = Text(f"  {here.place(hop.location)}" if hop.location is not None else "", "dim")
    marks = Text(f"  ({here.said('; '.join(hop.marks))})" if hop.marks else "", "yellow")
    drawn = [line + place + marks]
    if width is not None and drawn[0].cell_len > width and hop.location is not None:
        guide = Text(f"{after}{'│  ' if hop.hops else '   '}", "dim")
        fits = (guide + place + marks).cell_len <= width
        drawn = [line, guide + place + marks] if fits else [line, guide + place, guide + marks]
    for number, inner in enumerate(hop.hops, 1):
        last = number == len(hop.hops)
        branch, below = ("└─ ", "   ") if last else ("├─ ", "│  ")
        drawn += lines(inner, here, f"{after}{branch}", f"{after}{below}", width=width)
    return drawn


def _table(console: Console, use: TableUse, here: _Places) -> None:
    title = Text(inert(use.table), "bold")
    if use.location is not None:
        title.append(f"  {here.place(use.location)}", "dim")
    console.print(title, no_wrap=True, overflow="ignore", crop=False)
    for one in use.constraints:
        _drawn(console, one, here)
    for kind, heading in (("write", "Written by"), ("read", "Read by")):
        _accesses(console, heading, [one for one in use.accesses if one.kind == kind], here)


def _accesses(console: Console, title: str, given: Sequence[Access], here: _Places) -> None:
    console.print(Text(title if given else f"{title} nothing that was read", "bold"))
    for one in given:
        line = Text(f"  {here.place(one.location)}  ")
        line.append(inert(one.says), STYLES[one.kind])
        console.print(line, no_wrap=True, overflow="ignore", crop=False)
        if one.marks:
            indented(console, here.said("; ".join(one.marks)), indent=6, style="yellow")
        shown = ", ".join(one.entries[:ENTRIES_SHOWN])
        more = len(one.entries) - ENTRIES_SHOWN
        from_ = f"from {shown}" + (f" and {more} more" if more > 0 else "")
        indented(console, inert(from_), indent=6, style="dim")


class _Places:
    """Locations as they can be opened from here."""

    def __init__(self, found: Journeys) -> None:
        self.root = found.root
        self.here = Path.cwd()

    def place(self, at: Location) -> str:
        return f"{self.path(at.path)}:{at.line}"

    def said(self, words: str) -> str:
        """A sentence whose places can be opened from here."""
        from redhanded.report.scan_sentences import opened_in

        return opened_in(inert(words), self.root, self.here)

    def path(self, path: str) -> str:
        from redhanded.report.scan_sentences import opened

        return inert(opened(self.root, path, self.here))
