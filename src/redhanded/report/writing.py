"""Case → one self-contained HTML page, and Markdown beside it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import jinja2
from markupsafe import Markup

from redhanded.case.case import Case
from redhanded.case.errors import InputError
from redhanded.case.hypothesis import RootLocation
from redhanded.case.run import Run
from redhanded.case.schedule import Schedule
from redhanded.case.wording import brief, happening
from redhanded.report import (
    history_sentences,
    order,
    overlay_sentences,
    sentences,
    sequence,
    sequence_svg,
    timeline_svg,
)
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
        (folder / MARKDOWN_NAME).write_text(as_markdown(case, folder.resolve()), encoding="utf-8")
        page = folder / HTML_NAME
        page.write_text(as_html(case, folder.resolve()), encoding="utf-8")
    except OSError as error:
        raise InputError(f"the report cannot be written to {folder}: {error.strerror}") from None
    return page


def as_html(case: Case, folder: Path | None = None) -> str:
    """The page; every value of the case is escaped. ``folder`` is where the page will lie."""
    templates = environment(escape=True)
    style = templates.get_template("report.css").render()
    return templates.get_template("report.html.j2").render(
        **_content(case, folder),
        style=Markup(style),
        timeline=timeline_svg.draw(case.symptom),
    )


def as_markdown(case: Case, folder: Path | None = None) -> str:
    """The same without pictures; the orders stand in columns."""
    template = environment(escape=False).get_template("report.md.j2")
    return template.render(**_content(case, folder))


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRun:
    """A run with its pictures."""

    title: str
    run: Run
    picture: Markup
    columns: tuple[str, ...]
    steps: tuple[sequence.Step, ...]
    tasks: tuple[str, ...]
    pairs: tuple[tuple[sequence.Step, sequence.Step], ...]
    events: tuple[str, ...]
    """What the environment was made to do, in words."""
    hidden: int
    exchanged: bool


def environment(*, escape: bool) -> jinja2.Environment:
    """The templates of this package, with the filters that they use."""
    made = jinja2.Environment(
        loader=jinja2.PackageLoader("redhanded.report", "templates"),
        autoescape=escape,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["unmarked"] = _unmarked
    made.filters["percent"] = sentences.percent
    made.filters["diff_lines"] = _diff_lines
    made.filters["coded"] = _coded
    made.filters["breakable"] = _breakable
    return made


def _unmarked(text: str) -> str:
    """Prose for Markdown in which what a log says is no HTML."""
    return text.replace("&", "&amp;").replace("<", "&lt;")


def _content(case: Case, folder: Path | None) -> dict[str, object]:
    fix = case.fix
    return {
        "case": case,
        "say": sentences,
        "history": history_sentences,
        "laid": overlay_sentences,
        "sequence": sequence,
        "task_class": sequence_svg.task_class,
        "brief": brief,
        "todo": sentences.what_to_do(case, folder),
        "home": sentences.home(case, folder),
        "laid_out": sentences.laid_out(case, folder),
        "own_diff": _without(fix.diff, fix.test_path) if fix else "",
        "tempting": [part.key for part in fix.parts if part.tempting] if fix else [],
        "statement": sentences.apart(case.proof.statement) if case.proof else (),
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
        steps=interleaving.steps,
        tasks=tuple(sorted({o.name.task for o in run.operations if o.name.task})),
        pairs=order.constraints_in_words(interleaving),
        events=tuple(
            happening(event, (run,))
            for event in (schedule.events if schedule is not None and failing else ())
        ),
        hidden=interleaving.hidden,
        exchanged=order.exchanged(interleaving),
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


def _without(diff: str, path: str) -> str:
    """``diff`` less the part about ``path``, which stands by itself."""
    pieces = re.split(r"^(?=diff --git )", diff, flags=re.MULTILINE)
    kept = [piece for piece in pieces if not path or f" b/{path}" not in piece.partition("\n")[0]]
    return "".join(kept)


def _coded(words: str) -> Markup:
    """Backquoted parts, places in files and absolute paths as code."""
    pieces = re.split(r"`([^`]*)`|((?:[\w.@*-]+/)+[\w.@-]+:\d+|(?<=\s)(?:/[\w.@-]+){2,})", words)
    return Markup("").join(
        Markup("<code>{}</code>").format(piece) if position % 3 else Markup("{}").format(piece)
        for position, piece in enumerate(pieces)
        if piece
    )


def _breakable(words: str) -> Markup:
    """Long names may break after an underscore."""
    return Markup("_<wbr>").join(words.split("_"))
