"""What the lab says of findings: made to happen, or why not."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from made_programs import finding, scanned

from redhanded.actions.scanning import scan
from redhanded.case.evidence import Location
from redhanded.case.operation import Operation, OperationName, Touch, WireFailure
from redhanded.case.run import Failure, Run
from redhanded.case.scan import ScanRequest
from redhanded.case.schedule import Constraint, Schedule
from redhanded.hunt.scan.confirm import confirm
from redhanded.hunt.scan.lines import Ground, at_lines, concerns, failure_said, ground, ordered
from redhanded.lab import load_schedule

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
    schedule = Schedule(
        constraints=(Constraint(before=given.operations[1].name, after=given.operations[2].name),)
    )
    assert ordered(given, schedule, ground_of())
    elsewhere = Schedule(
        constraints=(Constraint(before=given.operations[2].name, after=given.operations[2].name),)
    )
    assert not ordered(given, elsewhere, ground_of())


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        ({"operation": 0}, True),
        ({"operation": 1}, False),
        ({"table": "seats"}, True),
        ({"table": "rows"}, False),
        ({"text": "as after none of 2 serial orders: seats has 2 rows instead of 1"}, True),
        ({"text": "as after none of 2 serial orders: rows has 2 rows instead of 1"}, False),
    ],
)
def test_the_failure_is_the_findings(failure: dict[str, object], expected: bool) -> None:
    given = run(operation(0, 6, "SELECT"), operation(1, 30, "INSERT", table="rows"), **failure)
    assert concerns(given, ground_of()) is expected


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
