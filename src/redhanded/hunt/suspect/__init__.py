"""Suspect: ranked hypotheses, each with evidence, an experiment, and what would refute it.

A new mechanism is one module with the names of ``Mechanism`` and one line in
``ranking.MECHANISMS``. The mechanisms are loaded when they are asked: a scan asks rules alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from pathlib import Path

    from redhanded.case.codemap import CodeMap
    from redhanded.case.finding import Finding
    from redhanded.case.hypothesis import Hypothesis
    from redhanded.case.reproduction import NaturalRun, Reproduction, RootCause
    from redhanded.case.symptom import Symptom
    from redhanded.source.flow.charting import Chart


def findings(chart: Chart, root: Path, source: Sequence[str] = (".",)) -> tuple[Finding, ...]:
    """See `found.findings`."""
    from redhanded.hunt.suspect import found

    return found.findings(chart, root, source)


def rank(
    symptom: Symptom,
    code: CodeMap,
    found: Iterable[Finding] | None = None,
    *,
    tables: Collection[str] = (),
) -> tuple[Hypothesis, ...]:
    """See `ranking.rank`."""
    from redhanded.hunt.suspect import ranking

    return ranking.rank(symptom, code, found, tables=tables)


def judge(
    hypotheses: tuple[Hypothesis, ...],
    reproduction: Reproduction | None,
    natural: NaturalRun | None,
    code: CodeMap,
) -> tuple[Hypothesis, ...]:
    """See `ranking.judge`."""
    from redhanded.hunt.suspect import ranking

    return ranking.judge(hypotheses, reproduction, natural, code)


def blame(
    hypotheses: tuple[Hypothesis, ...], reproduction: Reproduction | None, code: CodeMap
) -> RootCause | None:
    """See `ranking.blame`."""
    from redhanded.hunt.suspect import ranking

    return ranking.blame(hypotheses, reproduction, code)
