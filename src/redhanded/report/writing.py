"""Case → one self-contained HTML page, and Markdown beside it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import jinja2
from markupsafe import Markup

from redhanded.case.case import Case
from redhanded.case.errors import InputError
from redhanded.case.hypothesis import RootLocation
from redhanded.case.run import Run
from redhanded.case.schedule import Schedule
from redhanded.report import order, sentences, sequence, sequence_svg, timeline_svg
from redhanded.report.snippets import Snippet, cut

HTML_NAME = "report.html"
MARKDOWN_NAME = "report.md"


def write(case: Case, folder: Path) -> Path:
    """Writes ``report.html`` and ``report.md`` into ``folder``; gives the path of the page.

    The page asks nothing of the network and holds no script. Source lines are read from the
    target as it stands now.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / MARKDOWN_NAME).write_text(as_markdown(case), encoding="utf-8")
        page = folder / HTML_NAME
        page.write_text(as_html(case), encoding="utf-8")
    except OSError as error:
        raise InputError(f"the report cannot be written to {folder}: {error.strerror}") from None
    return page


def as_html(case: Case) -> str:
    """The page; every value of the case is escaped."""
    environment = _environment(escape=True)
    style = environment.get_template("report.css").render()
    return environment.get_template("report.html.j2").render(
        **_content(case),
        style=Markup(style),
        timeline=timeline_svg.draw(case.symptom),
    )


def as_markdown(case: Case) -> str:
    """The same without pictures; the orders stand in columns."""
    return _environment(escape=False).get_template("report.md.j2").render(**_content(case))


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRun:
    """A run with its pictures."""

    title: str
    run: Run
    picture: Markup
    columns: tuple[str, ...]
    pairs: tuple[tuple[sequence.Step, sequence.Step], ...]
    hidden: int


def _environment(*, escape: bool) -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("redhanded.report", "templates"),
        autoescape=escape,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["percent"] = sentences.percent
    environment.filters["diff_lines"] = _diff_lines
    environment.filters["ticked"] = _ticked
    return environment


def _content(case: Case) -> dict[str, object]:
    return {
        "case": case,
        "say": sentences,
        "sequence": sequence,
        "failing": _shown(case, failing=True),
        "passing": _shown(case, failing=False),
        "snippets": _snippets(case),
        "total_s": sum(case.timings_s.values()),
    }


def _shown(case: Case, *, failing: bool) -> ShownRun | None:
    reproduction = case.reproduction
    run = None if reproduction is None else reproduction.run if failing else reproduction.passing
    if reproduction is None or run is None or not run.operations:
        return None
    title = "The order that fails" if failing else "The same work in the order that passes"
    schedule: Schedule | None = reproduction.schedule
    interleaving = sequence.lay_out(run, schedule)
    return ShownRun(
        title=title,
        run=run,
        picture=sequence_svg.draw(
            interleaving,
            title=title,
            caption=f"{len(run.operations)} operations in the order in which they were released",
        ),
        columns=order.in_columns(run, schedule, width=100),
        pairs=order.constraints_in_words(interleaving),
        hidden=interleaving.hidden,
    )


def _snippets(case: Case) -> tuple[Snippet, ...]:
    locations: tuple[RootLocation, ...] = case.root_cause.locations if case.root_cause else ()
    return cut(Path(case.target), locations)


def _diff_lines(diff: str) -> list[tuple[str, str]]:
    """Each line with its class: ``file``, ``hunk``, ``added``, ``removed`` or ``same``."""
    marked = []
    for line in diff.splitlines():
        kind = "same"
        if line.startswith(("+++", "---", "diff ", "index ", "new file", "deleted file")):
            kind = "file"
        elif line.startswith("@@"):
            kind = "hunk"
        elif line.startswith("+"):
            kind = "added"
        elif line.startswith("-"):
            kind = "removed"
        marked.append((kind, line))
    return marked


def _ticked(sentence: str) -> Markup:
    """Backquoted parts as code."""
    pieces = sentence.split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(piece) if position % 2 else Markup("{}").format(piece)
        for position, piece in enumerate(pieces)
    )
