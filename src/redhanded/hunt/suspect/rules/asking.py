"""A rule asked about a program: what it finds, each place once."""

from __future__ import annotations

from dataclasses import replace

from redhanded.case.finding import Finding
from redhanded.hunt.suspect.rules.rule import Reading, Rule


def look(rule: Rule, reading: Reading) -> list[Finding]:
    """The findings of a rule, one for each place and subject: the most certain one.

    The same lines are often reached from several entries.
    """
    best: dict[tuple[str, int, str], Finding] = {}
    others: dict[tuple[str, int, str], dict[str, None]] = {}
    for one in rule.look(reading):
        key = (one.location.path, one.location.line, one.subject)
        others.setdefault(key, {}).update(dict.fromkeys((one.entry, *one.also_from)))
        if key not in best or one.score > best[key].score:
            best[key] = one
    return [
        replace(one, also_from=tuple(entry for entry in others[key] if entry != one.entry))
        for key, one in best.items()
    ]
