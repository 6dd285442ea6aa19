"""The calls that lead to a finding's steps."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path as Folder

import pytest
from made_programs import MadeRule, Program, finding, scanned

from redhanded.case.evidence import Location
from redhanded.case.finding import Finding
from redhanded.hunt.scan.callers import met_by, shape_of, with_callers
from redhanded.hunt.scan.shapes import balanced, shape
from redhanded.report.scan_sentences import called_at, callers, steps
from redhanded.source.changes import Changes
from redhanded.source.flow.events import Entry, Event, Path
from redhanded.source.flow.values import Unknown


def at(line: int, path: str = "src/app.js") -> Location:
    return Location(path=path, line=line)


def path(entry: str, *events: tuple[int, tuple[Location, ...]]) -> Path:
    """Events at lines of ``src/seats.js``, each with the calls that lead to it."""
    return Path(
        entry=Entry(kind="route", name=entry, location=at(1)),
        events=tuple(
            Event(
                number=number,
                location=at(line, "src/seats.js"),
                end_line=line,
                effect=None,
                callee="query",
                result=Unknown(),
                stack=stack,
            )
            for number, (line, stack) in enumerate(events)
        ),
    )


def via(*paths: Path) -> list[tuple[Location, ...]]:
    return [step.via for step in called(*paths).steps]


def called(*paths: Path) -> Finding:
    one = finding()
    return with_callers(one, met_by([one], paths))


def test_the_calls_are_those_from_the_findings_entry() -> None:
    other = path("GET /seats", (6, (at(30),)), (7, (at(31),)))
    own = path("POST /seats", (6, (at(10), at(3, "src/desk.js"))), (7, (at(11),)))
    assert via(other, own) == [(at(10), at(3, "src/desk.js")), (at(11),)]


def test_of_several_ways_the_one_after_the_step_before() -> None:
    own = path("POST /seats", (7, (at(9),)), (6, (at(10),)), (7, (at(11),)))
    assert via(own) == [(at(10),), (at(11),)]


def test_a_step_may_be_a_call_that_leads_further() -> None:
    inner = path("POST /seats", (90, (at(10), at(6, "src/seats.js"))), (7, (at(11),)))
    assert via(inner) == [(at(10),), (at(11),)]


def test_from_elsewhere_only_where_all_agree() -> None:
    one, other = path("job", (6, (at(5),))), path("job 2", (6, (at(5),)), (7, (at(8),)))
    assert via(one, other) == [(at(5),), (at(8),)]
    assert via(one, path("job 3", (6, (at(6),)))) == [(), ()]


def test_what_is_asked_for_may_be_a_caller() -> None:
    own = path("POST /seats", (6, (at(10, "api/app.js"),)), (7, (at(11, "api/app.js"),)))

    class Calling(Program):
        def source(self):  # type: ignore[no-untyped-def]
            made = Program.source(self)
            return replace(made, reading=replace(made.reading, paths=(own,)))

    given = {"program": Calling(), "rules": (MadeRule(finds=(finding(),)),)}
    assert len(scanned(asked=("api",), **given).findings) == 1  # type: ignore[arg-type]
    assert len(scanned(asked=("worker",), **given).findings) == 0  # type: ignore[arg-type]
    changed = Changes(lines={"api/app.js": ((5, 5),)})
    assert len(scanned(changed=changed, **given).findings) == 1  # type: ignore[arg-type]
    assert len(scanned(changed=Changes(lines={"b.js": ((5, 5),)}), **given).findings) == 0  # type: ignore[arg-type]


def test_each_caller_is_told_once_and_up_to_another_file() -> None:
    inner, outer = at(3, "src/seats.js"), at(10)
    own = path("POST /seats", (6, (at(2), outer, inner)), (7, (at(2), outer, inner)))
    one = called(own)
    assert callers(one) == {0: (inner, outer)}
    assert called_at((inner, outer)) == "called at src/seats.js:3, from src/app.js:10"
    assert steps(one)[0].endswith("finds none (called at src/seats.js:3, from src/app.js:10)")
    assert "called at" not in steps(one)[1]


SPELLINGS = {
    "one line": ["if (!seat) await Seat.create({ number, row: 'A' })"],
    "a block": ["await Seat.create({", "  number,", '  row: "A",', "});"],
    "chained": ["await Seat", "  .create({ number, row: `A` })"],
    "more around it": ["return done(await Seat.create({ number, row: 'A' }), 2)"],
}


@pytest.mark.parametrize("lines", SPELLINGS.values(), ids=SPELLINGS)
def test_a_call_is_the_same_however_it_is_formatted(lines: list[str]) -> None:
    one = finding()
    own = path("POST /seats", (7, ()))
    (event,) = own.events
    last = 7 + len(lines) - 1
    named = replace(own, events=(replace(event, callee="Seat.create", end_line=last),))
    texts = dict(enumerate(lines, 7))
    found = shape_of(one, met_by([one], [named]), lambda at: texts.get(at.line, ""))
    assert found == 'Seat.create({number,row:"A"})'


def test_other_arguments_are_another_call_and_without_a_call_the_line_counts() -> None:
    one = finding()
    named = path("POST /seats", (7, ()))
    assert shape_of(one, met_by([one], [named]), lambda at: " x = 1; ") == "x=1"
    assert shape_of(one, {}, lambda at: " query(1) ") != shape_of(one, {}, lambda at: "query(2)")


def test_a_statement_is_read_until_what_it_opens_is_closed() -> None:
    whole = ["await setPrice(show, {", "cents,", "})", "next()"]
    assert shape(balanced(whole)) == shape("await setPrice(show, { cents })")
    assert balanced(["f(", "a"]) == "f("
    assert balanced([]) == ""


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("read at src/a.js:7, then", "read at api/src/a.js:7, then"),
        ("(src/a.js:7)", "(api/src/a.js:7)"),
        ("src/gone.js:7 and 10:30", "src/gone.js:7 and 10:30"),
        ("/src/a.js:7", "/src/a.js:7"),
    ],
)
def test_places_in_sentences_can_be_opened(tmp_path: Folder, words: str, expected: str) -> None:
    from redhanded.report.scan_sentences import opened_in

    (tmp_path / "api" / "src").mkdir(parents=True)
    (tmp_path / "api" / "src" / "a.js").touch()
    assert opened_in(words, str(tmp_path / "api"), tmp_path) == expected
