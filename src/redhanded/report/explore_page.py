"""Paths through a program and their history → one self-contained HTML page."""

from __future__ import annotations

from pathlib import Path

from markupsafe import Markup

from redhanded.case.errors import InputError
from redhanded.case.journey import Journeys
from redhanded.report import history_sentences
from redhanded.report.writing import environment

FILE_NAME = "explore.html"
SIGNS = {"unresolved": "?", "job": "⇒", "limit": "…"}


def write(value: Journeys, path: Path) -> Path:
    """Writes the page to ``path``, or into it where it is a folder; gives the path of the page.

    The page asks nothing of the network and holds no script. Raises ``InputError`` where it cannot
    be written.
    """
    page = path / FILE_NAME if path.is_dir() else path
    try:
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(as_html(value), encoding="utf-8", errors="replace")
    except OSError as error:
        raise InputError(
            f"the report cannot be written to {page}: {error.strerror}; name another file"
        ) from None
    return page


def as_html(value: Journeys) -> str:
    """The page; every value is escaped."""
    templates = environment(escape=True)
    return templates.get_template("explore.html.j2").render(
        value=value,
        title=_title(value),
        signs=SIGNS,
        say=history_sentences,
        style=Markup(templates.get_template("report.css").render()),
    )


def _title(value: Journeys) -> str:
    if value.table is not None and not value.journeys:
        return f"What touches {value.table.table}"
    first = value.journeys[0].says if value.journeys else ""
    more = len(value.journeys) - 1
    return f"{first} and {more} more" if more > 0 else first
