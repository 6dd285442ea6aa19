"""What a log says can do nothing in the page nor in the Markdown."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import sample

from redhanded.report.writing import write

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>"


def test_html_in_a_log_stays_text(tmp_path: Path) -> None:
    sample.lay_out(tmp_path)
    case = sample.case(tmp_path)
    symptom = case.symptom
    hostile = [
        replace(one, text=HOSTILE, says=f"job {HOSTILE} failed") for one in symptom.statements
    ]
    case = replace(
        case,
        symptom=replace(
            symptom, text=HOSTILE, template=HOSTILE, constraint=HOSTILE, statements=tuple(hostile)
        ),
        summary=f"It says {HOSTILE}.",
        root_cause=None,
    )
    page = write(case, tmp_path)
    for path in (page, page.with_suffix(".md")):
        text = path.read_text(encoding="utf-8")
        assert "alert(1)" in text
        assert "<script>" not in text
        assert "<img src" not in text
