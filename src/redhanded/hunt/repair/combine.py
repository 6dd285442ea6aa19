"""Several parts in one tree, and which parts can stand together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations
from pathlib import Path

from redhanded.case.fix import FixPart
from redhanded.source import edit, line_ends


def combine(root: Path, parts: Iterable[FixPart]) -> dict[str, str]:
    """Path to content with all ``parts`` applied to the tree at ``root`` together.

    Raises InputError where two of them change the same lines: those exclude each other.
    """
    versions: dict[str, list[str]] = {}
    for each in parts:
        for path, text in each.files.items():
            versions.setdefault(path, []).append(text)
    combined = {}
    for path, texts in versions.items():
        file = root / path
        base = line_ends.with_line_feeds(line_ends.contents(file)) if file.exists() else ""
        combined[path] = texts[0] if len(texts) == 1 else edit.merge(path, base, texts)
    return combined


def subsets(parts: Sequence[FixPart]) -> tuple[tuple[str, ...], ...]:
    """Every non-empty subset whose parts have what they need and do not exclude each other, small
    ones first."""
    found = []
    for size in range(1, len(parts) + 1):
        for chosen in combinations(parts, size):
            keys = {each.key for each in chosen}
            if all(not keys & set(each.excludes) and keys >= set(each.needs) for each in chosen):
                found.append(tuple(each.key for each in chosen))
    return tuple(found)
