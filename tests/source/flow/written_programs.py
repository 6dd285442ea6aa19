"""Programs written in a test, read and followed as a whole with all frameworks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path as File
from textwrap import dedent

from redhanded.source.flow.charting import Chart, chart
from redhanded.source.flow.effects import Effect
from redhanded.source.flow.events import Event, Path

SILENT = frozenset(["respond", "clock", "identifier"])


def charted(root: File, files: Mapping[str, str]) -> Chart:
    """What is found in a tree of these files."""
    for name, text in files.items():
        place = root / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(dedent(text).lstrip("\n"))
    return chart(root)


def path_of(found: Chart, name: str) -> Path:
    """The path from the entry of that name."""
    paths = [one for one in found.paths if one.entry.name == name]
    assert len(paths) == 1, [one.entry.name for one in found.paths]
    return paths[0]


def events(path: Path, *, without: Iterable[str] = SILENT) -> list[tuple[Event, Effect]]:
    """Those with an effect, without answers and sources of values."""
    left_out = frozenset(without)
    return [
        (one, one.effect)
        for one in path.events
        if one.effect is not None and one.effect.kind not in left_out
    ]


def kinds(path: Path) -> list[str]:
    """``read seats``, ``begin``, in order."""
    return [f"{effect.kind} {effect.subject or ''}".strip() for _, effect in events(path)]
