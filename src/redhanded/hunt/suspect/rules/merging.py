"""One finding for one fault: paths that share the line to change, the best-evidenced is kept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from redhanded.hunt.suspect.rules.rule import Finding


def one_each(findings: Iterable[Finding]) -> list[Finding]:
    """The best of those that share a rule, a line and a subject, in the order of their scores; the
    entries of the others are named in it."""
    alike: dict[tuple[str, str, int, str], list[Finding]] = {}
    for one in findings:
        if one.score > 0:
            key = (one.rule, one.location.path, one.location.line, one.subject)
            alike.setdefault(key, []).append(one)
    kept = [_best(group) for group in alike.values()]
    return sorted(kept, key=lambda one: (-one.score, one.location.path, one.location.line))


def _best(group: list[Finding]) -> Finding:
    best = max(group, key=lambda one: (one.score, -len(one.steps)))
    entries = dict.fromkeys(one.entry for one in group if one.entry and one.entry != best.entry)
    return replace(best, also_from=tuple(entries))
