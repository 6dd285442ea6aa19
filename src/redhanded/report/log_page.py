"""What log files say → one self-contained HTML page."""

from __future__ import annotations

from pathlib import Path

from markupsafe import Markup

from redhanded.case.errors import InputError
from redhanded.case.log_analysis import LogAnalysis
from redhanded.report import log_sentences, timeline_svg
from redhanded.report.writing import environment

DIFFERENCES_SHOWN = 20
FILE_NAME = "logs.html"


def write(value: LogAnalysis, path: Path) -> Path:
    """Writes the page to ``path``, or into it where it is a folder; gives the path of the page.

    The page asks nothing of the network and holds no script. Raises ``InputError`` where it cannot
    be written.
    """
    page = path / FILE_NAME if path.is_dir() else path
    try:
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(as_html(value), encoding="utf-8")
    except OSError as error:
        raise InputError(
            f"the report cannot be written to {page}: {error.strerror}; name another file"
        ) from None
    return page


def as_html(value: LogAnalysis) -> str:
    """The page; every value is escaped."""
    templates = environment(escape=True)
    return templates.get_template("logs.html.j2").render(
        value=value,
        symptom=value.symptom,
        title=_title(value),
        say=log_sentences,
        differences=log_sentences.differences(value)[:DIFFERENCES_SHOWN],
        left=max(0, len(log_sentences.differences(value)) - DIFFERENCES_SHOWN),
        together=tuple(log_sentences.together(value.symptom)) if value.symptom else (),
        timeline=timeline_svg.draw(value.symptom) if value.symptom else Markup(""),
        style=Markup(templates.get_template("report.css").render()),
    )


def _title(value: LogAnalysis) -> str:
    if value.comparison is not None:
        return "The bad run against the good one"
    if value.symptom is None:
        return "Nothing looks like a failure"
    return value.symptom.template or value.symptom.text
