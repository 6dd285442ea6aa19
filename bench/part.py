"""One page of a benchmark, so that it can be measured again alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from redhanded.case.document import encode

Row = Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What was measured, as a page."""

    title: str
    body: str
    """Markdown: how it was measured, tables, and one sentence with the figure and the bar."""
    raw: object
    """Everything that was counted, for the JSON file."""


def write(part: Part, facts: Sequence[Row], folder: Path, name: str) -> Path:
    """Writes ``name``.md and ``name``.json; gives the page."""
    folder.mkdir(parents=True, exist_ok=True)
    page = folder / f"{name}.md"
    blocks = (f"# {part.title}", table(("machine", ""), facts), part.body.strip())
    page.write_text("\n\n".join(blocks) + "\n", encoding="utf-8")
    document = {"machine": dict(facts), "raw": part.raw}
    (folder / f"{name}.json").write_bytes(encode(document) + b"\n")
    return page


def body(text: str, header: Row, rows: Sequence[Row], verdict: str) -> str:
    """How it was measured, one table, one sentence."""
    return "\n\n".join((text, table(header, rows), verdict))


def table(header: Row, rows: Sequence[Row]) -> str:
    lines = [f"| {' | '.join(header)} |", f"|{' --- |' * len(header)}"]
    for row in rows:
        cells = [cell.replace("|", "\\|") for cell in row]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)
