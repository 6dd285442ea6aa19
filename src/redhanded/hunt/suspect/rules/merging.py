"""One finding for one fault: paths that share the line to change, the best-evidenced is kept."""

from __future__ import annotations

from collections.abc import Iterable

from redhanded.hunt.suspect.rules.rule import Finding


def one_each(findings: Iterable[Finding]) -> list[Finding]:
    """The best of those that share a rule, a line and a subject, in the order of their scores."""
    best: dict[tuple[str, str, int, str], Finding] = {}
    for one in findings:
        key = (one.rule, one.location.path, one.location.line, one.subject)
        held = best.get(key)
        if held is None or _worth(one) > _worth(held):
            best[key] = one
    kept = [one for one in best.values() if one.score > 0]
    return sorted(kept, key=lambda one: (-one.score, one.location.path, one.location.line))


def _worth(one: Finding) -> tuple[float, int]:
    return one.score, -len(one.steps)
