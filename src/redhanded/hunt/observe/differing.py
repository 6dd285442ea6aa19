"""What a comparison of stories found, as differences with the lines that show them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from redhanded.case.evidence import Evidence
from redhanded.case.symptom import Difference
from redhanded.logs.difference.result import Differences, Finding
from redhanded.logs.difference.wording import what
from redhanded.logs.fetch import shown

ALSO_MAX = 8
EXAMPLES_MAX = 2

Lines = Callable[[Finding], Sequence[Evidence]]


def differences_of(found: Differences, lines: Lines, *, redacted: bool) -> tuple[Difference, ...]:
    """One for each group, strongest first; its first finding stands for it, since a cause comes
    before its consequences. ``lines`` gives what shows a finding."""
    told = []
    for group in found.groups:
        first = group.first
        told.append(
            Difference(
                property=shown(what(first), redacted=redacted),
                failing_with=first.failing_with,
                failing=first.failing,
                others_with=first.passing_with,
                others=first.passing,
                p_value=first.p,
                q_value=first.q,
                kind=first.kind.value,
                also=tuple(
                    shown(what(other), redacted=redacted)
                    for other in group.findings[1 : ALSO_MAX + 1]
                ),
                examples=tuple(lines(first))[:EXAMPLES_MAX],
                after=first.after_symptom,
            )
        )
    return tuple(told)
