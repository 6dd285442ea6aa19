"""What the lab says of findings: made to happen, or why not."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from made_programs import finding, scanned

from redhanded.actions.scanning import scan
from redhanded.case.errors import LabError
from redhanded.case.evidence import Location
from redhanded.case.operation import Operation, OperationName, Touch, WireFailure
from redhanded.case.run import Failure, Run
from redhanded.case.scan import ScanRequest
from redhanded.case.schedule import Constraint, Event
from redhanded.hunt.scan.confirm import bound, confirm, one_line
from redhanded.hunt.scan.lines import (
    Ground,
    about,
    at_lines,
    concerns,
    failure_said,
    ground,
    ordered,
)
from redhanded.lab import load_schedule
from redhanded.lab.explorers.systematic import Exploration
from redhanded.lab.search import Coverage, Search

SPECIMEN = Path(__file__).resolve().parents[3] / "specimens" / "miles-balance"


def operation(
    index: int,
    line: int,
    kind: str,
    *,
    path: str = "src/seats.js",
    table: str = "seats",
    failure: WireFailure | None = None,
) -> Operation:
    return Operation(
        index=index,
        name=OperationName(
            task=f"delivery {index % 2 + 1}",
            role="web",
            protocol="postgres",
            kind=kind,
            target=table,
            access="read" if kind == "SELECT" else "write",
        ),
        process="web",
        service="db",
        text="",
        fingerprint="",
        parent=None,
        touches=(Touch(service="db", resource=table, access="write"),),
        location=Location(path=path, line=line),
        stack=(Location(path=path, line=line), Location(path="src/app.js", line=3)),
        failure=failure,
    )


def ground_of() -> Ground:
    return ground(finding(), lambda at: (5, 9))


def run(*operations: Operation, **failure: object) -> Run:
    made = Failure(**({"kind": "symptom", "text": "refused"} | failure))  # type: ignore[arg-type]
    return Run(operations=operations, failures=(made,))


def test_operations_of_the_lines_and_of_the_functions_around_them() -> None:
    given = run(operation(0, 6, "SELECT"), operation(1, 8, "COMMIT"), operation(2, 30, "INSERT"))
    assert [one.index for one in at_lines(given, ground_of())] == [0]
    read, commit, other = (one.name for one in given.operations)
    in_function = Constraint(before=commit, after=other)
    assert ordered(given, in_function, ground_of(), "at")
    assert not ordered(given, in_function, ground_of(), "near")
    assert ordered(given, Constraint(before=read, after=other), ground_of(), "near")
    assert ordered(given, Event(kind="process killed", at=read), ground_of(), "near")
    assert not ordered(given, Constraint(before=other, after=other), ground_of(), "at")


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        ({"operation": 0}, True),
        ({"operation": 1}, False),
        ({"table": "seats"}, True),
        ({"table": "rows"}, False),
        ({"kind": "invariant", "text": "serial: seats has 2 rows instead of 1"}, True),
        ({"kind": "invariant", "text": "serial: rows has 2 rows instead of 1"}, False),
        ({"kind": "invariant", "text": "serial: seats_sold has 2 rows instead of 1"}, False),
    ],
)
def test_the_failure_is_the_findings(failure: dict[str, object], expected: bool) -> None:
    given = run(operation(0, 6, "SELECT"), operation(1, 30, "INSERT", table="rows"), **failure)
    assert concerns(given, ground_of()) is expected


def bearing(given: Run, of: Ground | None = None) -> str:
    found = about(given, of or ground_of())
    return found[1] if found is not None else ""


def test_a_failure_in_what_the_lines_led_to_is_near() -> None:
    read, later = operation(0, 6, "SELECT"), operation(1, 30, "INSERT", table="rows")
    led = run(read, replace(later, parent=0), operation=1, table="rows")
    assert bearing(led) == "near"
    assert bearing(run(read, later, operation=1, table="rows")) == ""


def test_a_failure_without_a_place_is_near_where_the_lines_ran_in_its_process() -> None:
    read = operation(0, 6, "SELECT")
    assert bearing(run(read, process="web")) == "near"
    assert bearing(run(read, process="worker")) == ""
    assert bearing(run(operation(0, 30, "SELECT"), process="web")) == ""


def test_an_invariant_is_about_the_tables_that_it_asks() -> None:
    broken = run(operation(0, 6, "SELECT"), kind="invariant", text="one_each: ('x',)")
    asked = replace(ground_of(), questions={"one_each": "SELECT number FROM seats GROUP BY 1"})
    assert bearing(broken, asked) == "at"
    other = replace(ground_of(), questions={"one_each": "SELECT number FROM seats_sold"})
    assert bearing(broken, other) == ""
    unreadable = replace(ground_of(), questions={"one_each": ""})
    assert bearing(broken, unreadable) == "near"


def test_what_a_queue_keeps_of_itself_is_not_what_a_table_is_about() -> None:
    queued = replace(
        operation(0, 6, "ZADD"),
        name=replace(operation(0, 6, "ZADD").name, protocol="redis"),
        touches=(Touch(service="queue", resource="bull:mails:events", access="write"),),
    )
    text = "as after none of 1 serial orders: bull:mails:events has (length) '9' instead of '10'"
    given = run(queued, operation(1, 7, "INSERT"), kind="invariant", text=text)
    assert bearing(given) == ""
    about_the_queue = replace(ground_of(), subject="bull:mails:{kind}")
    assert bearing(given, about_the_queue) == "at"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It ended. Its last lines:\n  a\n  Error: x\n", "It ended. Its last lines: Error: x"),
        ("Nothing came. Its last lines:\n  ", "Nothing came. Its last lines are empty."),
        ("One sentence.\nMore.", "One sentence."),
    ],
)  # fmt: skip
def test_a_reason_is_one_line(text: str, expected: str) -> None:
    assert one_line(LabError(text)) == expected


def test_how_far_a_search_went_is_told() -> None:
    seen = Coverage(predicted=5, forced=3, faults=2, random=4)
    seen.systematic.append(Exploration(explored=7, equivalent=0, exhausted=True, bound=1))
    found = Search(stopped="trials", trials=16, seconds=9.6, coverage=seen)
    assert bound(found) == (
        "16 trials in 10 s (3 of 5 predicted, 2 with a fault, 7 in order, 4 at random; "
        "all orders with at most 1 preemption)"
    )


def test_what_the_service_answered_is_told() -> None:
    refused = WireFailure(code="23505", message="duplicate key")
    given = run(operation(0, 7, "INSERT", failure=refused), operation=0, text="{...}")
    assert failure_said(given, ground_of()) == "23505 duplicate key"


def test_without_a_contract_nothing_is_confirmed_and_why(tmp_path: Path) -> None:
    found = confirm(scanned(finding(), root=tmp_path), lambda at: (5, 9), lambda sentence: None)
    (one,) = found.findings
    assert one.confirmation is not None
    assert one.confirmation.word == "UNDECIDED"
    assert "redhanded init" in one.confirmation.why
    assert not (tmp_path / ".redhanded").exists()


def test_a_contract_that_cannot_be_used_is_the_reason(tmp_path: Path) -> None:
    (tmp_path / "redhanded.toml").write_text("[system]\nname = 3\n")
    found = confirm(scanned(finding(), root=tmp_path), lambda at: (5, 9), lambda sentence: None)
    (one,) = found.findings
    assert one.confirmation is not None
    assert one.confirmation.why.startswith("the system could not be run: ")
    assert "\n" not in one.confirmation.why


def test_what_can_be_made_to_happen_is_kept_with_its_order(tmp_path: Path) -> None:
    app = tmp_path / "app"
    shutil.copytree(SPECIMEN / "app", app)
    request = ScanRequest(paths=(app,), confirms=True, keeps=False, rules=("read-modify-write",))
    found = scan(request, lambda sentence: None)
    (one,) = [each for each in found.findings if each.finding.subject == "members"]
    assert one.confirmation is not None
    assert one.confirmation.word == "CONFIRMED", one.confirmation.why
    assert "10 of 10 runs" in one.confirmation.why
    kept = load_schedule(app / one.confirmation.schedule)
    assert kept.parts
    assert (app / ".redhanded" / ".gitignore").read_text() == "*\n"
    left = [path.name for path in (app / ".redhanded" / "scan").iterdir()]
    assert left == [Path(one.confirmation.schedule).name]
